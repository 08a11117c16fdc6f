import type { BootQuestion } from '../dhcp/ask-boot-server.ts';
import type { BootWord } from '../dhcp/boot-word.ts';
import type { GrantedAddress } from '../dhcp/client.ts';

/** Takes a file piece by piece. What it throws ends the transfer. */
export type Sink = (piece: Uint8Array) => void;

/** What a TFTP client asks for; absent options are not sent. */
export interface TftpParameters {
  readonly blksize: number;
  readonly windowsize?: number;
  readonly tsize: boolean;
}

/** Part of a file, in bytes; `last` belongs to it, as in HTTP. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** What can be had from the network. Each call throws a BootwrightError where a machine would fail. */
export interface Clients {
  /** Option 93 of firmware; `undefined`: the Linux of the same machine. */
  askForAddress(architecture: number | undefined): Promise<GrantedAddress>;
  /** Asks on port 4011, by a machine at `address`. */
  askBootServer(architecture: number, address: string, question: BootQuestion): Promise<BootWord>;
  releaseAddress(lease: GrantedAddress): Promise<void>;
  /** The size in bytes, by an exchange that ends after the answer, as firmware asks. */
  sizeByTftp(server: string, path: string, parameters: TftpParameters): Promise<number>;
  getByTftp(server: string, path: string, parameters: TftpParameters, sink: Sink): Promise<void>;
  /** Content-Length, and the URL at the end of the redirects. */
  headByHttp(url: string): Promise<{ readonly sizeBytes: number; readonly url: string }>;
  /** Without a range the whole file, as GRUB gets it: without redirects, and with its own reading of the headers. */
  getByHttp(url: string, range: ByteRange | undefined, sink: Sink): Promise<void>;
}

/** The options that each part of a boot sends: captured from OVMF 2022.11, shim 16.1 and GRUB 2.06 of Debian 12. */
export const tftpParameters = {
  firmwareSize: { tsize: true, blksize: 1468, windowsize: 4 },
  firmware: { tsize: false, blksize: 1468, windowsize: 4 },
  shim: { tsize: false, blksize: 512, windowsize: 4 },
  grub: { tsize: true, blksize: 1024 },
  /** lib/tftp.c; dracut calls curl. */
  curl: { tsize: true, blksize: 512 },
} as const satisfies Record<string, TftpParameters>;
