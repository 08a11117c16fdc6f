import type { Cancel, Clock } from '../platform/clock.ts';
import type { Endpoint } from '../platform/udp.ts';
import { WaitingLine } from './waiting-line.ts';

/** One place among the transfers that run at the same time, or in the line for one. */
export interface Place {
  readonly client: Endpoint;
  /** The client has acknowledged something. */
  heard: boolean;
  /** Called once, when its turn has come: within `admit` where a place is free, else when another leaves. */
  readonly begin: () => void;
  /**
   * Called when the place is taken away, or the turn. `quietly`: the client is not told, since it may be busy with
   * another.
   */
  readonly drop: (reason: string, quietly: boolean) => void;
}

interface RosterOptions {
  readonly maxTransfers: number;
  /** Transfers at once of one address. */
  readonly maxPerMachine: number;
  /** Requests that may wait. */
  readonly queue: number;
  readonly clock: Clock;
}

/** A repeated RRQ and the transfer that it may replace. */
const placesPerClient = 2;
/** Firmware asks again after 4 or 5 seconds and keeps its turn by that; who has not, has gone. */
const clientWaitsMs = 6000;
/** Within this time an answer may still be on its way, also in a storm. */
const answerMs = 500;

/**
 * Who is being served, and who is next. Places are given by turns among addresses: who asks for much waits behind one
 * that asks for little. A client that asks again from the same port gets a second transfer beside the first, and keeps
 * the one that it answers: whether it began anew or the network doubled its request, only its answer can tell.
 */
export class Roster {
  readonly #options: RosterOptions;
  /** In the order they began, with the time at which the client was answered. */
  readonly #places = new Map<Place, number>();
  readonly #byClient = new Map<string, readonly Place[]>();
  readonly #served = new Map<string, number>();
  readonly #line = new WaitingLine<Place>();
  #advancing = false;
  /** While somebody waits, overdue places and requests are looked for. */
  #cancelLook: Cancel = () => {};
  #onIdle: (() => void) | undefined;

  constructor(options: RosterOptions) {
    this.#options = options;
  }

  /** Places that are taken. */
  get size(): number {
    return this.#places.size;
  }

  /** `refused`: the line is full, and nobody in it stands for an address that has more in it than this one. */
  admit(place: Place): 'begins' | 'waits' | 'refused' {
    const own = this.#of(place.client);
    if (own.length >= placesPerClient) this.#dropUnheard(own);
    this.#line.join(place, this.#options.clock.elapsedMs())?.drop('the client asked again', true);
    // It shows which of the two it listens to at once, and then gives one back.
    if (own.length > 0 && this.#places.size < this.#options.maxTransfers) this.#begin(place);
    this.#advance();
    if (this.#line.size > this.#options.queue) {
      const shed = this.#line.shed(place.client.address);
      if (shed === place) return 'refused';
      shed?.drop('too many requests of this machine wait', false);
    }
    return this.#line.has(place) ? 'waits' : 'begins';
  }

  /** The client has been sent its first packet: from now on an answer can be expected. */
  offered(place: Place): void {
    if (this.#places.has(place)) this.#places.set(place, this.#options.clock.elapsedMs());
  }

  /** The client has answered in this place: any other of its transfers is over. */
  answered(place: Place): void {
    place.heard = true;
    const others = this.#of(place.client).filter((other) => other !== place);
    for (const other of [...others, ...this.#line.removeOf(place.client)]) {
      this.#drop(other, 'the client asked again');
    }
  }

  /** True where the client has another transfer beside this one. */
  hasOther(place: Place): boolean {
    return this.#of(place.client).some((other) => other !== place);
  }

  /** Lets the next one begin. */
  leave(place: Place): void {
    this.#line.remove(place);
    this.#remove(place);
    this.#advance();
    if (this.#places.size === 0 && this.#line.size === 0) this.#onIdle?.();
  }

  dropAll(reason: string): void {
    for (const place of this.#line.all()) this.#drop(place, reason, false);
    for (const place of [...this.#places.keys()]) this.#drop(place, reason, false);
  }

  /** Done when nobody is being served and nobody waits. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      if (this.#places.size === 0 && this.#line.size === 0) resolve();
    });
  }

  /** Gives places to those whose turn it is, as long as there are any. */
  #advance(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    try {
      this.#giveTurns();
    } finally {
      this.#advancing = false;
    }
  }

  #giveTurns(): void {
    const { maxTransfers, maxPerMachine, clock } = this.#options;
    this.#cancelLook();
    this.#cancelLook = () => {};
    for (const stale of this.#line.removeOlder(clock.elapsedMs() - clientWaitsMs)) {
      stale.drop('its turn never came', true);
    }
    while (this.#line.size > 0) {
      this.#makeRoomWithinMachines();
      const next = this.#line.next((address) => this.#servedOf(address), maxPerMachine);
      if (next !== undefined && this.#places.size >= maxTransfers) this.#makeRoomFor(next);
      if (next === undefined || this.#places.size >= maxTransfers) {
        this.#cancelLook = clock.after(answerMs, () => this.#advance());
        return;
      }
      this.#begin(next);
    }
  }

  #begin(place: Place): void {
    const { address } = place.client;
    this.#line.take(place);
    this.#places.set(place, Number.POSITIVE_INFINITY);
    this.#byClient.set(key(place.client), [...this.#of(place.client), place]);
    this.#served.set(address, this.#servedOf(address) + 1);
    place.begin();
  }

  #remove(place: Place): void {
    if (!this.#places.delete(place)) return;
    const { address } = place.client;
    const others = this.#of(place.client).filter((other) => other !== place);
    if (others.length > 0) this.#byClient.set(key(place.client), others);
    else this.#byClient.delete(key(place.client));
    const served = this.#servedOf(address) - 1;
    if (served > 0) this.#served.set(address, served);
    else this.#served.delete(address);
  }

  /** Forged requests never answer: they hold no place that another could use, and least of all many. */
  #makeRoomFor({ client }: Place): void {
    const fairShare = this.#servedOf(client.address) + 1;
    for (const [place, offeredMs] of this.#places) {
      const tooMany = this.#servedOf(place.client.address) > fairShare;
      if (place.heard || !(tooMany || this.#isOverdue(offeredMs))) continue;
      this.#drop(place, 'another client needed the place');
      return;
    }
  }

  #makeRoomWithinMachines(): void {
    for (const [place, offeredMs] of this.#places) {
      if (place.heard || !this.#isOverdue(offeredMs)) continue;
      const { address } = place.client;
      const full = this.#servedOf(address) >= this.#options.maxPerMachine && this.#line.hasSome(address);
      if (full) this.#drop(place, 'another request of this machine needed the place');
    }
  }

  #isOverdue(offeredMs: number): boolean {
    return this.#options.clock.elapsedMs() - offeredMs >= answerMs;
  }

  #dropUnheard(places: readonly Place[]): void {
    const unheard = places.find(({ heard }) => !heard);
    if (unheard !== undefined) this.#drop(unheard, 'the client asked again');
  }

  #of(client: Endpoint): readonly Place[] {
    return this.#byClient.get(key(client)) ?? [];
  }

  #servedOf(address: string): number {
    return this.#served.get(address) ?? 0;
  }

  #drop(place: Place, reason: string, quietly = true): void {
    this.leave(place);
    place.drop(reason, quietly);
  }
}

function key({ address, port }: Endpoint): string {
  return `${address}:${port}`;
}
