import { statfs } from 'node:fs/promises';
import { BootwrightError } from '../errors.ts';

/**
 * What one image may take in the scratch folder, all of its layers together, if nobody says otherwise. The largest live
 * systems have some 10 GiB, and a layer more where an ISO is packed in an archive.
 */
export const defaultUnpackedBytes = 64 * 1024 ** 3;

/** Stays free on the file system, for others: this much, or a twentieth of a small one. */
const reserveBytes = 256 * 1024 ** 2;
/** So much is written before the file system is asked again. */
const strideBytes = 64 * 1024 ** 2;

/** How much may still be written into a scratch folder. Throws INPUT_TOO_LARGE or INPUT_NO_ROOM before it is too much. */
export class Room {
  readonly #path: string;
  readonly #scratch: () => Promise<string>;
  readonly #limitBytes: number;
  #leftBytes: number;
  /** Known to be free, above the reserve. */
  #freeBytes = 0;

  /** `path` is the image, for errors. */
  constructor(path: string, scratch: () => Promise<string>, limitBytes: number) {
    this.#path = path;
    this.#scratch = scratch;
    this.#limitBytes = limitBytes;
    this.#leftBytes = limitBytes;
  }

  /** Announces that so many bytes are about to be written. */
  async take(count: number): Promise<void> {
    this.#leftBytes -= count;
    if (this.#leftBytes < 0) {
      throw new BootwrightError('INPUT_TOO_LARGE', { path: this.#path, limitBytes: this.#limitBytes });
    }
    this.#freeBytes -= count;
    if (this.#freeBytes < 0) await this.#ask(count);
  }

  /** Gives back what was taken for files that are removed again. */
  giveBack(count: number): void {
    this.#leftBytes += count;
  }

  /** Throws INPUT_NO_ROOM where the reserve is touched by now, by whomever. */
  async requireReserve(): Promise<void> {
    await this.#ask(0);
  }

  async #ask(count: number): Promise<void> {
    const folder = await this.#scratch();
    const { bsize, bavail, blocks } = await statfs(folder);
    const freeBytes = bavail * bsize;
    const reserve = Math.min(reserveBytes, Math.floor((blocks * bsize) / 20));
    if (freeBytes - reserve < count) {
      const data = { path: this.#path, folder, freeBytes, reserveBytes: reserve };
      throw new BootwrightError('INPUT_NO_ROOM', data);
    }
    this.#freeBytes = Math.min(strideBytes, freeBytes - reserve - count);
  }
}
