import type { ByteSource } from '../platform/files.ts';

/** Who asks for a file: by which protocol, from which IPv4 address, and under which address it reached us. */
export interface Asker {
  readonly protocol: 'tftp' | 'http';
  readonly address: string;
}

/** One file of one release, or one that was made for the asker (grub.cfg). */
export interface BootFile {
  readonly releaseId: string;
  /** Its path in the release, such as `boot/vmlinuz`. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Hexadecimal, lower case. */
  readonly sha256: string;
  open(): Promise<ByteSource>;
}

/** The one resolver of TFTP and HTTP: a path and who asks, to bytes. `undefined`: there is no such file. */
export type ResolveBootFile = (path: string, asker: Asker) => Promise<BootFile | undefined>;
