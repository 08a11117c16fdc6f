/** What a file system has entries of. `link` is another name of an entry that came before (a hard link). */
type EntryKind = 'file' | 'directory' | 'symlink' | 'link' | 'character-device' | 'block-device' | 'fifo';

/** An attribute of a file beyond its mode, such as a capability or a label. */
export interface ExtendedAttribute {
  /** With its namespace, each byte one character. */
  readonly name: string;
  readonly value: Uint8Array;
}

/**
 * One entry of a whole system. Paths and targets have one character for each of their bytes (latin1): whatever encoding
 * they are in, they are written as they were read.
 */
export interface SystemEntry {
  /** From the root, without a leading slash; empty for the root itself. As `entryPath` allows. */
  readonly path: string;
  readonly kind: EntryKind;
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970, whole. */
  readonly modifiedSeconds: number;
  /** 0 for all but files. */
  readonly sizeBytes: number;
  /** Where a symbolic link points, as it is written; for a `link` the path of that other entry. */
  readonly target?: string;
  readonly device?: { readonly major: number; readonly minor: number };
  readonly attributes?: readonly ExtendedAttribute[];
}

/** The bytes of a file, `sizeBytes` of them; they can be read once, and only until the call that gave them ends. */
export type Content = AsyncIterable<Uint8Array>;

/** Takes the entries of a system one by one, directories before what is in them. */
export interface SystemSink {
  add(entry: SystemEntry, content: Content): Promise<void>;
}

/** A whole system somewhere in an image. */
export interface System {
  /** Shows all entries to `sink`, with bounded memory; each time in the same order. */
  walk(sink: SystemSink): Promise<void>;
}

/** The content of what has none. */
export const noContent: Content = {
  async *[Symbol.asyncIterator]() {},
};
