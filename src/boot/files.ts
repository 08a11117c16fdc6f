import type { ByteSource } from '../platform/files.ts';

/** Who asks for a file, and by which protocol. */
export interface Asker {
  readonly protocol: 'tftp' | 'http';
  /** Its address, IPv4 or IPv6. */
  readonly address: string;
  /** The address under which it reached us: where it finds the rest, too. */
  readonly local: string;
}

/** A file of a release, one that was made for the asker (grub.cfg), or a loader that is in no release. */
export interface BootFile {
  readonly releaseId?: string;
  /** Its path in the release, such as `boot/vmlinuz`, or `loaders/…`. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Hexadecimal, lower case. */
  readonly sha256: string;
  open(): Promise<ByteSource>;
}

/** The one resolver of TFTP and HTTP: a path and who asks, to bytes. `undefined`: there is no such file. */
export type ResolveBootFile = (path: string, asker: Asker) => Promise<BootFile | undefined>;
