import type { ImageConfig } from '../image-config/config.ts';
import type { Finding } from '../inspect/finding.ts';

/** What a build is doing; `path` is the file at hand, in bytes of the whole. */
export interface BuildProgress {
  readonly phase: 'read' | 'convert' | 'check' | 'remaster' | 'extract' | 'copy' | 'pack';
  readonly doneBytes: number;
  /** 0 where it is not known. */
  readonly totalBytes: number;
  readonly path: string;
}

export interface BuildRequest {
  /** The image as it comes: an ISO, packed or not, a folder, an output of ours, or `-` for standard input. */
  readonly image: string;
  /** What the image is called where its file has no name of its own (standard input). */
  readonly name?: string | undefined;
  /** What a configuration file asks for, and the folder at which its relative paths start. */
  readonly config?: ImageConfig | undefined;
  readonly configFolder?: string | undefined;
  /** The URL of the ISO, or the folder that it will be in. Neither: at the server that the machine boots from. */
  readonly isoUrl?: string | undefined;
  readonly baseUrl?: string | undefined;
  readonly kernelArguments: readonly string[];
  /** Take warnings of the preflight for errors. */
  readonly strict?: boolean | undefined;
  /** Ask the server of a given URL what it has there; not unless told. */
  readonly checkUrl?: boolean | undefined;
  /** What a packed image may unpack to. */
  readonly maxBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: BuildProgress) => void) | undefined;
  /** Hears of each warning of the preflight. */
  readonly onFinding?: ((finding: Finding) => void) | undefined;
}
