import type { Endpoint } from '../platform/udp.ts';

interface Request {
  readonly client: Endpoint;
}

interface Waiting<Asked extends Request> {
  readonly request: Asked;
  readonly sinceMs: number;
}

/** Requests whose turn has not come, by the address that they came from. */
export class WaitingLine<Asked extends Request> {
  /** In the order of their turns: whoever has had one stands at the end again. */
  readonly #byAddress = new Map<string, readonly Waiting<Asked>[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(request: Asked): boolean {
    return this.#of(request.client.address).some((waiting) => waiting.request === request);
  }

  hasSome(address: string): boolean {
    return this.#byAddress.has(address);
  }

  /** At the end of its address, or where an older request of the same client stood, which is returned. */
  join(request: Asked, sinceMs: number): Asked | undefined {
    const { address, port } = request.client;
    const own = this.#of(address);
    const older = own.find((waiting) => waiting.request.client.port === port);
    const joined = { request, sinceMs };
    this.#set(
      address,
      older === undefined ? [...own, joined] : own.map((waiting) => (waiting === older ? joined : waiting)),
    );
    return older?.request;
  }

  remove(request: Asked): void {
    this.#keep(request.client.address, (waiting) => waiting.request !== request);
  }

  /** Takes out what the client has asked for, if it waits. */
  removeOf({ address, port }: Endpoint): readonly Asked[] {
    return this.#keep(address, ({ request }) => request.client.port !== port);
  }

  /** Takes out what has stood here since before `sinceMs`. */
  removeOlder(sinceMs: number): readonly Asked[] {
    const removed: Asked[] = [];
    for (const [address, own] of this.#byAddress) {
      if (own.every((waiting) => waiting.sinceMs >= sinceMs)) continue;
      removed.push(...this.#keep(address, (waiting) => waiting.sinceMs >= sinceMs));
    }
    return removed;
  }

  /** The first request of the address that is served least; only of addresses with fewer than `most` served. */
  next(served: (address: string) => number, most: number): Asked | undefined {
    let fewest = most;
    let first: Asked | undefined;
    for (const [address, [head]] of this.#byAddress) {
      const count = served(address);
      if (count >= fewest) continue;
      fewest = count;
      first = head?.request;
    }
    return first;
  }

  /** Takes the request out, and lets all other addresses go before its next one. */
  take(request: Asked): void {
    const { address } = request.client;
    this.remove(request);
    const rest = this.#of(address);
    this.#byAddress.delete(address);
    if (rest.length > 0) this.#byAddress.set(address, rest);
  }

  /** Takes out the newest request of the address with the most of them; `address` where others have no more. */
  shed(address: string): Asked | undefined {
    let longest = this.#of(address);
    for (const waiting of this.#byAddress.values()) if (waiting.length > longest.length) longest = waiting;
    const newest = longest.at(-1)?.request;
    if (newest !== undefined) this.remove(newest);
    return newest;
  }

  all(): readonly Asked[] {
    return [...this.#byAddress.values()].flatMap((own) => own.map(({ request }) => request));
  }

  #of(address: string): readonly Waiting<Asked>[] {
    return this.#byAddress.get(address) ?? [];
  }

  #set(address: string, own: readonly Waiting<Asked>[]): void {
    this.#size += own.length - this.#of(address).length;
    if (own.length > 0) this.#byAddress.set(address, own);
    else this.#byAddress.delete(address);
  }

  /** What is not kept. */
  #keep(address: string, keeps: (waiting: Waiting<Asked>) => boolean): readonly Asked[] {
    const own = this.#of(address);
    const kept = own.filter(keeps);
    if (kept.length === own.length) return [];
    this.#set(address, kept);
    return own.filter((waiting) => !kept.includes(waiting)).map(({ request }) => request);
  }
}
