import { BootwrightError } from '../errors.ts';
import type { ByteSource } from '../platform/files.ts';

const chunkBytes = 256 * 1024;

/** Reads a file from its beginning to its end, with memory for one record of it. */
export class CaptureInput {
  readonly path: string;
  readonly #source: ByteSource;
  #buffer = new Uint8Array(0);
  /** Where in the file `#buffer` begins, and where the next byte to be read is. */
  #start = 0;
  #offset = 0;

  constructor(source: ByteSource, path: string) {
    this.#source = source;
    this.path = path;
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#source.sizeBytes - this.#offset;
  }

  /** The next `count` bytes, valid until the next call; `undefined` where the file ends before. They stay unread. */
  async peek(count: number): Promise<Uint8Array | undefined> {
    if (count > this.remaining) return undefined;
    const from = this.#offset - this.#start;
    if (from < 0 || from + count > this.#buffer.length) await this.#fill(count);
    const at = this.#offset - this.#start;
    const bytes = this.#buffer.subarray(at, at + count);
    return bytes.length < count ? undefined : bytes;
  }

  /** Like `peek`, and goes on behind them. */
  async take(count: number): Promise<Uint8Array | undefined> {
    const bytes = await this.peek(count);
    if (bytes !== undefined) this.#offset += count;
    return bytes;
  }

  skip(count: number): void {
    this.#offset += count;
  }

  malformed(what: string, offset = this.#offset): BootwrightError<'CAPTURE_MALFORMED'> {
    return new BootwrightError('CAPTURE_MALFORMED', { path: this.path, offset, what });
  }

  async #fill(count: number): Promise<void> {
    const bytes = new Uint8Array(Math.min(Math.max(count, chunkBytes), this.remaining));
    const read = await this.#source.read(bytes, this.#offset);
    this.#buffer = bytes.subarray(0, read);
    this.#start = this.#offset;
  }
}
