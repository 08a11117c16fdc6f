import { type BlockCache, blockBytes, type Loan, type OpenFile, readPart } from './block-cache.ts';
import type { Grant } from './passage.ts';

/** Blocks of a file that are read while the one before them is sent: as many as Node has threads that read. */
const ahead = 4;

/** What a reader gets where all blocks are in use: so little that a thousand of them are no burden. */
const ownBytes = 64 * 1024;

/** A file, as it is sent: a slice at a time, never beyond a block. */
export class Slices {
  readonly #file: OpenFile;
  readonly #cache: BlockCache;
  readonly #last: number;
  #held: { readonly index: number; readonly loan: Loan; readonly bytes: Buffer } | undefined;
  readonly #preparing = new Set<Promise<void>>();

  /** Nothing is read ahead beyond `lastByte`. */
  constructor(file: OpenFile, cache: BlockCache, lastByte: number) {
    this.#file = file;
    this.#last = Math.floor(lastByte / blockBytes);
    this.#cache = cache;
  }

  /**
   * Up to `mostBytes` from `position` on, all of one block, good until the next call. Lent from the cache to those who take
   * them fast; others, who would keep a whole block for themselves, get a copy. Rejects where the file can't be read.
   */
  async take(position: number, { mostBytes, isFast }: Grant): Promise<Buffer> {
    const index = Math.floor(position / blockBytes);
    const start = position - index * blockBytes;
    if (this.#held?.index !== index || !isFast) this.#giveBack();
    if (isFast) {
      const bytes = this.#held?.bytes ?? (await this.#hold(index));
      if (bytes !== undefined) return bytes.subarray(start, start + mostBytes);
    }
    const count = Math.min(mostBytes, ownBytes);
    const loan = this.#cache.lendKept(this.#file, index);
    if (loan === undefined) return await readPart(this.#file, position, position + count);
    try {
      return Buffer.copyBytesFrom(await loan.bytes, start, count);
    } finally {
      loan.giveBack();
    }
  }

  async #hold(index: number): Promise<Buffer | undefined> {
    const loan = this.#cache.lend(this.#file, index);
    if (loan === undefined) return undefined;
    try {
      const bytes = await loan.bytes;
      this.#held = { index, loan, bytes };
      const last = Math.min(index + ahead, this.#last);
      for (let next = index + 1; next <= last; next += 1) this.#prepare(next);
      return bytes;
    } catch (error) {
      loan.giveBack();
      throw error;
    }
  }

  #prepare(index: number): void {
    const preparing = this.#cache.prepare(this.#file, index, ahead);
    this.#preparing.add(preparing);
    void preparing.then(() => this.#preparing.delete(preparing));
  }

  #giveBack(): void {
    this.#held?.loan.giveBack();
    this.#held = undefined;
  }

  /** Once: nothing of it is being sent any more. Closes the file, when nobody waits for a block of it. */
  async close(): Promise<void> {
    this.#giveBack();
    await Promise.all(this.#preparing);
    await this.#file.source.close().catch(() => {});
  }
}
