/** Something that is free from a moment on. */
export interface Freed {
  readonly address: number;
  /** Milliseconds since 1970. */
  readonly freeFromMs: number;
  /** Where the order keeps it; -1: nowhere. The order's own. */
  place: number;
}

/**
 * Addresses in the order in which they came free or will: the one that is free for the longest time first. A binary
 * heap that knows the place of each, so that a renewal among 65,000 leases costs a few swaps, and the next free address
 * none.
 */
export class FreeOrder<Item extends Freed> {
  readonly #heap: Item[] = [];

  first(): Item | undefined {
    return this.#heap[0];
  }

  has(item: Item): boolean {
    return item.place >= 0;
  }

  add(item: Item): void {
    item.place = this.#heap.push(item) - 1;
    this.#rise(item.place);
  }

  remove(item: Item): void {
    const { place } = item;
    const last = this.#heap.pop();
    item.place = -1;
    if (last === undefined || last === item) return;
    this.#put(last, place);
    this.moved(last);
  }

  /** To be called whenever `freeFromMs` of an item has changed. */
  moved(item: Item): void {
    this.#rise(item.place);
    this.#sink(item.place);
  }

  #rise(from: number): void {
    for (let place = from; place > 0; ) {
      const above = (place - 1) >> 1;
      if (!this.#swapped(above, place)) return;
      place = above;
    }
  }

  #sink(from: number): void {
    for (let place = from; ; ) {
      const left = 2 * place + 1;
      const child = this.#isBefore(left + 1, left) ? left + 1 : left;
      if (!this.#swapped(place, child)) return;
      place = child;
    }
  }

  /** Puts the two into order; true where they were not. */
  #swapped(above: number, below: number): boolean {
    if (!this.#isBefore(below, above)) return false;
    const upper = this.#heap[above] as Item;
    this.#put(this.#heap[below] as Item, above);
    this.#put(upper, below);
    return true;
  }

  #isBefore(one: number, other: number): boolean {
    const a = this.#heap[one];
    const b = this.#heap[other];
    if (a === undefined || b === undefined) return false;
    return a.freeFromMs < b.freeFromMs || (a.freeFromMs === b.freeFromMs && a.address < b.address);
  }

  #put(item: Item, place: number): void {
    this.#heap[place] = item;
    item.place = place;
  }
}
