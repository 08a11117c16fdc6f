import type { ByteSource } from '../platform/files.ts';

/** A run of bytes of the image. */
export interface Extent {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** One thing in an image. Devices, pipes and sockets are left out: nothing in them could be served. */
export interface ImageEntry {
  /** From the root, without a leading slash; `/` between names. No name is empty, `.` or `..`, or holds a NUL. */
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'symlink';
  /** 0 for directories and symbolic links. */
  readonly sizeBytes: number;
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  readonly modifiedMs: number;
  /** Where a symbolic link points, as it is written in the image: it may well lead out of it. */
  readonly target?: string;
  /** Where the bytes of a file are, in their order. */
  readonly extents: readonly Extent[];
}

/** The files of an image. It reads from the source that it was opened with, which stays the caller's to close. */
export interface ImageTree {
  /** The whole tree without its root, depth first, each directory before what is in it, sorted by name. */
  readonly entries: readonly ImageEntry[];
  /**
   * What is at a path, symbolic links followed inside the image (an absolute one starts at its root, and `..` never
   * leads above it). Where no name is written exactly so, upper and lower case count as the same.
   */
  find(path: string): ImageEntry | undefined;
  /** The bytes of a file, read straight from its extents. Throws IMAGE_NOT_A_FILE for anything else. */
  open(entry: ImageEntry): ByteSource;
}
