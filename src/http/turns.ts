/**
 * What one turn of the event loop begins to write: a millisecond of copying. DHCP lives in the same loop, and a socket
 * whose reader is quick would take bytes for ever without letting it turn.
 */
const turnBytes = 2 * 1024 * 1024;

/**
 * What all together have begun to write and sockets have not taken. Should all readers make room at the same moment,
 * libuv writes as much in one turn: 15 ms of copying.
 */
const begunBytes = 32 * 1024 * 1024;

/** Slices of 64 KiB cost half as much again as those of 1 MiB, which are whole blocks. */
const sliceBytes = { least: 256 * 1024, most: 1024 * 1024 };

/** What one of so many writers may write at once, in bytes. */
export function sliceFor(writers: number): number {
  return Math.max(sliceBytes.least, Math.min(sliceBytes.most, Math.floor(begunBytes / Math.max(1, writers))));
}

/** Who writes in this turn of the event loop, and who in the next: in the order in which they asked. */
export class Turns {
  readonly #queue: { readonly bytes: number; readonly begin: () => void }[] = [];
  #leftBytes = turnBytes;
  #isNextDue = false;

  /** Resolves when so many bytes may be written: in this turn, or in a later one. */
  take(bytes: number): Promise<void> {
    this.#expectNext();
    if (this.#queue.length === 0 && this.#leftBytes > 0) {
      this.#leftBytes -= bytes;
      return Promise.resolve();
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#queue.push({ bytes, begin: resolve });
    return promise;
  }

  #expectNext(): void {
    if (this.#isNextDue) return;
    this.#isNextDue = true;
    setImmediate(() => this.#next());
  }

  #next(): void {
    this.#isNextDue = false;
    this.#leftBytes = turnBytes;
    let begun = 0;
    for (const { bytes, begin } of this.#queue) {
      if (this.#leftBytes <= 0) break;
      this.#leftBytes -= bytes;
      begun += 1;
      begin();
    }
    this.#queue.splice(0, begun);
    if (this.#queue.length > 0) this.#expectNext();
  }
}
