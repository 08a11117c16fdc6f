import { type Freed, FreeOrder } from './free-order.ts';
import type { Lease } from './lease.ts';

/** One address that was in use at least once. One object for its whole life: leases change 10,000 times a second. */
export interface Slot extends Freed {
  /** Whom it belongs to, or whom it belonged to last; nobody, where it was declined. */
  mac: string | undefined;
  lease: Lease | undefined;
  offeredUntilMs: number;
  /** What its machine had before: its again, where this one turns out to be in use by somebody else. */
  earlier: Slot | undefined;
  /** Until then it need not be probed. */
  probedUntilMs: number;
  freeFromMs: number;
}

/** The addresses of one network that were in use, by themselves, by their machines, and by when they come free. */
export class LeaseSlots {
  /** An address stays here once it was in use. */
  readonly #slots = new Map<number, Slot>();
  readonly #byMac = new Map<string, Slot>();
  /** Slots of addresses that anybody may get. */
  readonly #order = new FreeOrder<Slot>();
  readonly #isForAnybody: (address: number) => boolean;

  constructor(isForAnybody: (address: number) => boolean) {
    this.#isForAnybody = isForAnybody;
  }

  get size(): number {
    return this.#slots.size;
  }

  has(address: number): boolean {
    return this.#slots.has(address);
  }

  at(address: number): Slot | undefined {
    return this.#slots.get(address);
  }

  of(mac: string): Slot | undefined {
    return this.#byMac.get(mac);
  }

  all(): Iterable<Slot> {
    return this.#slots.values();
  }

  /** The one that anybody may get and that is free for the longest time. */
  longestFree(nowMs: number): number | undefined {
    const first = this.#order.first();
    return first !== undefined && first.freeFromMs <= nowMs ? first.address : undefined;
  }

  make(address: number): Slot {
    const known = this.#slots.get(address);
    if (known !== undefined) return known;
    const slot: Slot = {
      address,
      mac: undefined,
      lease: undefined,
      offeredUntilMs: 0,
      earlier: undefined,
      probedUntilMs: 0,
      freeFromMs: 0,
      place: -1,
    };
    this.#slots.set(address, slot);
    this.sort(slot);
    return slot;
  }

  write(slot: Slot, mac: string | undefined, lease: Lease | undefined, offeredUntilMs: number): void {
    const machineHad = mac === undefined ? undefined : this.#byMac.get(mac);
    if (slot.mac !== mac) {
      if (slot.mac !== undefined && this.#byMac.get(slot.mac) === slot) this.#leave(slot, slot.mac);
      slot.mac = mac;
    }
    if (mac !== undefined && machineHad !== slot) {
      slot.earlier = machineHad;
      this.#byMac.set(mac, slot);
    }
    slot.lease = lease;
    slot.offeredUntilMs = offeredUntilMs;
    slot.freeFromMs = Math.max(lease?.expiresMs ?? 0, offeredUntilMs);
    this.sort(slot);
  }

  #leave(slot: Slot, mac: string): void {
    if (slot.earlier?.mac === mac) this.#byMac.set(mac, slot.earlier);
    else this.#byMac.delete(mac);
    slot.earlier = undefined;
  }

  /** Keeps the slot in the order where anybody may get its address, and out of it where not. */
  sort(slot: Slot): void {
    if (this.#isForAnybody(slot.address)) {
      if (this.#order.has(slot)) this.#order.moved(slot);
      else this.#order.add(slot);
    } else if (this.#order.has(slot)) {
      this.#order.remove(slot);
    }
  }
}
