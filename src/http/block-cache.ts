import type { ByteSource } from '../platform/files.ts';

/** Large blocks: a read costs as much for 64 KiB as for 1 MiB, and leaves half of the speed unused. */
export const blockBytes = 1024 * 1024;

/** A file that is open, as it should be: its whole size in bytes, and the SHA-256 that it is known by. */
export interface OpenFile {
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly source: ByteSource;
}

/**
 * Blocks of files, shared by all who read them: when a hundred machines fetch one ISO at the same time, the disk is
 * read once. Bounded; the block that nobody wanted for longest goes first. A block is known by the hash of its file, so
 * it can never be an old one.
 */
export class BlockCache {
  readonly #most: number;
  /** In the order of their last use. What is being read is there already, so that nobody reads it a second time. */
  readonly #blocks = new Map<string, Promise<Buffer>>();

  constructor(limitBytes: number) {
    this.#most = Math.max(1, Math.floor(limitBytes / blockBytes));
  }

  /**
   * Block `index` of a file, read from its source where it is not here. The last one of a file is shorter. Must not be
   * written to. Rejects where the file can't be read, or is shorter than it should be.
   */
  read(file: OpenFile, index: number): Promise<Buffer> {
    const key = `${file.sha256}/${file.sizeBytes}/${index}`;
    const block = this.#blocks.get(key) ?? this.#load(key, file, index);
    this.#blocks.delete(key);
    this.#blocks.set(key, block);
    if (this.#blocks.size > this.#most) {
      for (const oldest of this.#blocks.keys()) {
        this.#blocks.delete(oldest);
        break;
      }
    }
    return block;
  }

  #load(key: string, file: OpenFile, index: number): Promise<Buffer> {
    const block = readBlock(file, index);
    // What could not be read may be there the next time.
    block.catch(() => this.#blocks.delete(key));
    return block;
  }
}

async function readBlock({ source, sizeBytes }: OpenFile, index: number): Promise<Buffer> {
  const position = index * blockBytes;
  const block = Buffer.allocUnsafeSlow(Math.min(blockBytes, sizeBytes - position));
  const count = await source.read(block, position);
  if (count < block.length) throw new Error(`the file ended at byte ${position + count}`);
  return block;
}
