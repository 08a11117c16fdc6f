import type { Endpoint } from '../platform/udp.ts';

/** One place among the transfers that run at the same time. */
export interface Place {
  readonly client: Endpoint;
  /** The client has acknowledged something. */
  heard: boolean;
  /** Called when the place is taken away. `quietly`: the client is not told, since it may be busy with another. */
  readonly drop: (reason: string, quietly: boolean) => void;
}

/** A repeated RRQ and the transfer that it may replace. */
const placesPerClient = 2;

/**
 * Who is being served. A client that asks again from the same port gets a second transfer beside the first, and keeps
 * the one that it answers: whether it began anew or the network doubled its request, only its answer can tell.
 */
export class Roster {
  readonly #maxTransfers: number;
  readonly #places = new Set<Place>();
  readonly #byClient = new Map<string, readonly Place[]>();
  #onIdle: (() => void) | undefined;

  constructor(maxTransfers: number) {
    this.#maxTransfers = maxTransfers;
  }

  get size(): number {
    return this.#places.size;
  }

  /** Takes the place in; false where all are taken by clients that do answer. */
  admit(place: Place): boolean {
    const own = this.#of(place.client);
    if (own.length >= placesPerClient)
      this.#drop(
        own.find(({ heard }) => !heard),
        'the client asked again',
      );
    if (this.#places.size >= this.#maxTransfers) this.#drop(this.#oldestUnheard(), 'another client needed the place');
    if (this.#places.size >= this.#maxTransfers) return false;
    this.#places.add(place);
    this.#byClient.set(key(place.client), [...this.#of(place.client), place]);
    return true;
  }

  /** The client has answered in this place: any other of its transfers is over. */
  answered(place: Place): void {
    place.heard = true;
    for (const other of this.#of(place.client)) {
      if (other !== place) this.#drop(other, 'the client asked again');
    }
  }

  /** True where the client has another transfer beside this one. */
  hasOther(place: Place): boolean {
    return this.#of(place.client).some((other) => other !== place);
  }

  leave(place: Place): void {
    if (!this.#places.delete(place)) return;
    const others = this.#of(place.client).filter((other) => other !== place);
    if (others.length > 0) this.#byClient.set(key(place.client), others);
    else this.#byClient.delete(key(place.client));
    if (this.#places.size === 0) this.#onIdle?.();
  }

  dropAll(reason: string): void {
    for (const place of [...this.#places]) this.#drop(place, reason, false);
  }

  /** Done when nobody is being served. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      if (this.#places.size === 0) resolve();
    });
  }

  #of(client: Endpoint): readonly Place[] {
    return this.#byClient.get(key(client)) ?? [];
  }

  #oldestUnheard(): Place | undefined {
    for (const place of this.#places) {
      if (!place.heard) return place;
    }
    return undefined;
  }

  #drop(place: Place | undefined, reason: string, quietly = true): void {
    if (place === undefined) return;
    this.leave(place);
    place.drop(reason, quietly);
  }
}

function key({ address, port }: Endpoint): string {
  return `${address}:${port}`;
}
