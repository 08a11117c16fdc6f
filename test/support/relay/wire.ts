import { Random } from '../../fuzz/random.ts';

/** Shares of all datagrams, 0 to 1, in each direction. */
export interface Troubles {
  readonly seed: number;
  readonly loss: number;
  readonly duplication: number;
  readonly reordering: number;
  /** Milliseconds that each datagram takes, one way. */
  readonly delayMs: number;
}

/** What has become of all datagrams. */
export interface Tally {
  carried: number;
  lost: number;
  doubled: number;
  reordered: number;
}

interface Travelling {
  readonly dueMs: number;
  readonly deliver: () => void;
}

/** What is late is overtaken by whatever comes within this time. */
const latestMs = 4;

/** A wire that loses, doubles, delays and reorders datagrams, by the same lots for the same seed. */
export class Wire {
  readonly tally: Tally = { carried: 0, lost: 0, doubled: 0, reordered: 0 };
  readonly #troubles: Troubles;
  readonly #random: Random;
  /** In the order of their time. */
  readonly #travelling: Travelling[] = [];
  #first = 0;

  constructor(troubles: Troubles) {
    this.#troubles = troubles;
    this.#random = new Random(troubles.seed);
  }

  /** When the next datagram is due; infinite where there is none. */
  get dueMs(): number {
    return this.#travelling[this.#first]?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  /** `bytes` are only good until it returns; `send` is called at once or later, or twice, or never. */
  carry(bytes: Uint8Array, nowMs: number, send: (bytes: Uint8Array) => void): void {
    const { loss, duplication, reordering, delayMs } = this.#troubles;
    this.tally.carried += 1;
    const isDoubled = this.#happens(duplication);
    if (isDoubled) {
      this.tally.doubled += 1;
      this.#later(bytes.slice(), nowMs + delayMs + this.#late(), send);
    }
    if (this.#happens(loss)) {
      this.tally.lost += 1;
    } else if (this.#happens(reordering)) {
      this.tally.reordered += 1;
      this.#later(bytes.slice(), nowMs + delayMs + this.#late(), send);
    } else if (delayMs === 0) {
      send(bytes);
    } else {
      this.#later(bytes.slice(), nowMs + delayMs, send);
    }
  }

  /** Delivers what is due. */
  deliver(nowMs: number): void {
    for (;;) {
      const next = this.#travelling[this.#first];
      if (next === undefined || next.dueMs > nowMs) break;
      this.#first += 1;
      next.deliver();
    }
    if (this.#first < 1024 && this.#first < this.#travelling.length) return;
    this.#travelling.splice(0, this.#first);
    this.#first = 0;
  }

  #happens(share: number): boolean {
    return share > 0 && this.#random.int(1_000_000) < share * 1_000_000;
  }

  #late(): number {
    return this.#random.int(latestMs * 1000) / 1000;
  }

  #later(bytes: Uint8Array, dueMs: number, send: (bytes: Uint8Array) => void): void {
    let at = this.#travelling.length;
    while (at > this.#first && (this.#travelling[at - 1]?.dueMs ?? 0) > dueMs) at -= 1;
    this.#travelling.splice(at, 0, { dueMs, deliver: () => send(bytes) });
  }
}
