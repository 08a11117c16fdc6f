/**
 * What one turn of the event loop begins to write: a millisecond of copying. DHCP lives in the same loop, and a socket
 * whose reader is quick would take bytes for ever without letting it turn. Two whole blocks, for small slices of many
 * files cost half as much again, and no answer came sooner for it.
 */
const turnBytes = 2 * 1024 * 1024;

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
