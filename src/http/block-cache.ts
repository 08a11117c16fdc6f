import type { ByteSource } from '../platform/files.ts';

/** Large blocks: a read costs as much for 64 KiB as for 1 MiB, and leaves half of the speed unused. */
export const blockBytes = 1024 * 1024;

/** A file that is open, as it should be: its whole size in bytes, and the SHA-256 that it is known by. */
export interface OpenFile {
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly source: ByteSource;
}

/** A block that somebody uses. */
export interface Loan {
  /** Must not be written to. Rejects where the file can't be read, or is shorter than it should be. */
  readonly bytes: Promise<Buffer>;
  /** Once: the reader has no more use for the bytes. */
  giveBack(): void;
}

interface Block {
  readonly bytes: Promise<Buffer>;
  loans: number;
}

/**
 * Blocks of files, shared by all who read them: when a hundred machines fetch one ISO at the same time, the disk is
 * read once. Bounded, with those that slow readers hold on to; of the others, the one that nobody wanted for longest
 * goes first. A block is known by the hash of its file, so it can never be an old one.
 */
export class BlockCache {
  readonly #most: number;
  /** In the order of their last use. What is being read is there already, so that nobody reads it a second time. */
  readonly #blocks = new Map<string, Block>();

  constructor(limitBytes: number) {
    this.#most = Math.max(1, Math.floor(limitBytes / blockBytes));
  }

  /**
   * Block `index` of a file, read from its source where it is not here: that must stay open until then. The last one of
   * a file is shorter. `undefined`: it is not here, and all that are here are in use.
   */
  lend(file: OpenFile, index: number): Loan | undefined {
    const key = `${file.sha256}/${file.sizeBytes}/${index}`;
    const block = this.#blocks.get(key) ?? this.#load(key, file, index);
    if (block === undefined) return undefined;
    this.#blocks.delete(key);
    this.#blocks.set(key, block);
    block.loans += 1;
    return {
      bytes: block.bytes,
      giveBack: () => {
        block.loans -= 1;
      },
    };
  }

  #load(key: string, file: OpenFile, index: number): Block | undefined {
    if (this.#blocks.size >= this.#most && !this.#forgetOne()) return undefined;
    const position = index * blockBytes;
    const bytes = readPart(file, position, Math.min(position + blockBytes, file.sizeBytes));
    // What could not be read may be there the next time.
    bytes.catch(() => this.#blocks.delete(key));
    return { bytes, loans: 0 };
  }

  #forgetOne(): boolean {
    for (const [key, { loans }] of this.#blocks) {
      if (loans === 0) return this.#blocks.delete(key);
    }
    return false;
  }
}

/** The bytes of a file from `start` up to `end`, which is not among them. Rejects where the file is shorter. */
export async function readPart({ source }: OpenFile, start: number, end: number): Promise<Buffer> {
  const part = Buffer.allocUnsafeSlow(end - start);
  const count = await source.read(part, start);
  if (count < part.length) throw new Error(`the file ended at byte ${start + count}`);
  return part;
}
