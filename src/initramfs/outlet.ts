import type { Writable } from 'node:stream';

const batchBytes = 256 * 1024;

/** Writes many small pieces into a stream in few large ones, and waits for each: memory holds one of them. */
export class Outlet {
  readonly #stream: Writable;
  readonly #done: Promise<unknown>;
  #batch = Buffer.allocUnsafe(batchBytes);
  #held = 0;

  /** @param done settles when all was written; its failure is what `write` throws, rather than what the stream says */
  constructor(stream: Writable, done: Promise<unknown>) {
    this.#stream = stream;
    this.#done = done;
    // Whoever writes hears of it.
    done.catch(() => {});
    stream.on('error', () => {});
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.byteLength; ) {
      const part = bytes.subarray(at, at + batchBytes - this.#held);
      this.#batch.set(part, this.#held);
      this.#held += part.byteLength;
      at += part.byteLength;
      if (this.#held === batchBytes) await this.#flush();
    }
  }

  /** Writes what is left, and waits until all of it has arrived. */
  async end(): Promise<void> {
    await this.#flush();
    this.#stream.end();
    await this.#done;
  }

  async #flush(): Promise<void> {
    if (this.#held === 0) return;
    const bytes = this.#batch.subarray(0, this.#held);
    await new Promise<void>((resolve, reject) => {
      this.#stream.write(bytes, (error) => (error ? reject(error) : resolve()));
    }).catch(async (error: unknown) => {
      await this.#done;
      throw error;
    });
    this.#held = 0;
  }
}
