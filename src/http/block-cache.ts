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
  /** Once: nobody reads the bytes any more, the kernel neither. Others will be written over them. */
  giveBack(): void;
}

interface Memory {
  readonly memory: Buffer;
  /** One of them is the read itself. */
  loans: number;
}

interface Block extends Memory {
  readonly bytes: Promise<Buffer>;
}

/**
 * Blocks of files, shared by all who read them: when a hundred machines fetch one ISO at the same time, the disk is
 * read once. Bounded, with those that slow readers hold on to; of the others, the one that nobody wanted for longest
 * goes first, and its memory is used again: fresh memory costs a page fault for every 4 KiB, more than the read does.
 * A block is known by the hash of its file, so it can never be an old one.
 */
export class BlockCache {
  readonly #limitBytes: number;
  #usedBytes = 0;
  #lentBytes = 0;
  /** In the order of their last use. What is being read is there already, so that nobody reads it a second time. */
  readonly #blocks = new Map<string, Block>();

  constructor(limitBytes: number) {
    this.#limitBytes = Math.max(blockBytes, limitBytes);
  }

  /**
   * Block `index` of a file, read from its source where it is not here: that must stay open until then. The last one of
   * a file is shorter. `undefined`: it is not here, and all that are here are in use.
   */
  lend(file: OpenFile, index: number): Loan | undefined {
    const key = keyOf(file, index);
    const block = this.#blocks.get(key) ?? this.#load(key, file, index);
    return block && this.#lend(key, block);
  }

  /** The same, where it is here already. */
  lendKept(file: OpenFile, index: number): Loan | undefined {
    const key = keyOf(file, index);
    const block = this.#blocks.get(key);
    return block && this.#lend(key, block);
  }

  /**
   * Begins to read a block that will be asked for soon, where that takes no block away from somebody else who will be
   * as soon: if all who have one had as many more as they look `ahead`, there would be room. Resolves, whether it could
   * be read or not, once the source is not needed for it.
   */
  async prepare(file: OpenFile, index: number, ahead: number): Promise<void> {
    const key = keyOf(file, index);
    if (this.#blocks.has(key) || this.#lentBytes * (1 + ahead) > this.#limitBytes) return;
    await this.#load(key, file, index)?.bytes.catch(() => {});
  }

  #lend(key: string, block: Block): Loan {
    this.#blocks.delete(key);
    this.#blocks.set(key, block);
    this.#count(block, 1);
    return { bytes: block.bytes, giveBack: () => this.#count(block, -1) };
  }

  #count(block: Memory, change: 1 | -1): void {
    if (block.loans === 0) this.#lentBytes += block.memory.length;
    block.loans += change;
    if (block.loans === 0) this.#lentBytes -= block.memory.length;
  }

  #load(key: string, file: OpenFile, index: number): Block | undefined {
    const position = index * blockBytes;
    const memory = this.#memory(Math.min(blockBytes, file.sizeBytes - position));
    if (memory === undefined) return undefined;
    const reading = { memory, loans: 0 };
    this.#count(reading, 1);
    const block = Object.assign(reading, { bytes: this.#fill(key, reading, file, position) });
    // Whether it failed is asked when its turn comes, which it never may.
    block.bytes.catch(() => {});
    this.#blocks.set(key, block);
    return block;
  }

  async #fill(key: string, block: Memory, file: OpenFile, position: number): Promise<Buffer> {
    try {
      return await readInto(block.memory, file, position);
    } catch (error) {
      // What could not be read may be there the next time.
      this.#forget(key, block);
      throw error;
    } finally {
      this.#count(block, -1);
    }
  }

  /** Memory of so many bytes, within the limit; that of blocks that nobody uses goes first. */
  #memory(bytes: number): Buffer | undefined {
    while (this.#usedBytes + bytes > this.#limitBytes) {
      const freed = this.#forgetOne();
      if (freed === undefined) return undefined;
      if (freed.length !== bytes) continue;
      this.#usedBytes += bytes;
      return freed;
    }
    this.#usedBytes += bytes;
    return Buffer.allocUnsafeSlow(bytes);
  }

  #forgetOne(): Buffer | undefined {
    for (const [key, block] of this.#blocks) {
      if (block.loans === 0) return this.#forget(key, block);
    }
    return undefined;
  }

  #forget(key: string, block: Memory): Buffer {
    this.#blocks.delete(key);
    this.#usedBytes -= block.memory.length;
    return block.memory;
  }
}

function keyOf({ sha256, sizeBytes }: OpenFile, index: number): string {
  return `${sha256}/${sizeBytes}/${index}`;
}

/** The bytes of a file from `start` up to `end`, which is not among them. Rejects where the file is shorter. */
export function readPart(file: OpenFile, start: number, end: number): Promise<Buffer> {
  return readInto(Buffer.allocUnsafeSlow(end - start), file, start);
}

async function readInto(memory: Buffer, { source }: OpenFile, start: number): Promise<Buffer> {
  const count = await source.read(memory, start);
  if (count < memory.length) throw new Error(`the file ended at byte ${start + count}`);
  return memory;
}
