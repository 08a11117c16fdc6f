import { formatIpv4, parseIpv4 } from '../wire/addresses.ts';
import type { Lease } from './lease.ts';
import { LeaseSlots } from './lease-slots.ts';
import type { Reservation } from './network.ts';
import type { AddressPool } from './pool.ts';
import { ownerKey, Reservations } from './reservations.ts';

/** EDK2 waits up to 32 s for more offers before it takes one (PxeBcDhcp4.c, mPxeDhcpTimeout). */
const offerHoldMs = 60_000;
/** Whoever uses a declined address unasked may be gone by then. */
const declinedMs = 600_000;
/** What was found to be in nobody's use is so for a while: a machine asks several times before it takes an offer. */
const probedMs = 60_000;
/**
 * With so many addresses in the table, those that came free are given before those that nobody had yet: in a pool like
 * 10.0.0.0/8, forged DISCOVERs would fill the memory otherwise.
 */
const manyAddresses = 200_000;

/**
 * Why a machine can't have an address: not ours to give, reserved for another machine, held for one, or not the one that
 * it has already.
 */
export type Refusal = 'outside' | 'reserved' | 'taken' | 'other-address';

/** One address as it is now. */
export interface AddressState {
  readonly address: string;
  /** Whose it is, or was last. */
  readonly mac: string | undefined;
  readonly lease: Lease | undefined;
  /** It was offered, and may be taken until then. */
  readonly offeredUntilMs: number;
  readonly reservation: Reservation | undefined;
}

/**
 * Who has which address of one network. A machine is its MAC address: its firmware and its operating system are one
 * machine, though they send different client identifiers. It gets the address that is reserved for it, or else the one
 * it had before; otherwise one that nobody had yet; otherwise the one that was free for the longest time.
 *
 * Nothing here searches: every question costs a look into a Map, and a change the depth of a heap.
 */
export class LeaseTable {
  readonly pools: readonly AddressPool[];
  /** Addresses of it belong to one machine each. To be changed by `reserve` and `unreserve`. */
  readonly reservations: Reservations;
  readonly #slots = new LeaseSlots((address) => this.#isForAnybody(address));
  /** Where the search for an address that nobody had yet goes on. */
  #freshPool = 0;
  #fresh: number;
  #changed = new Map<number, Lease>();

  /** `reservations`, if given, is this table's from now on. */
  constructor(pools: readonly AddressPool[], reservations: Reservations = new Reservations()) {
    this.pools = pools;
    this.reservations = reservations;
    this.#fresh = pools[0]?.first ?? 0;
  }

  /** Takes over what a store has kept; addresses that are neither in a pool nor reserved any more are left out. */
  restore(leases: readonly Lease[]): void {
    const boundLast = (lease: Lease): number => (lease.state === 'bound' ? 1 : 0);
    const ours = leases
      .filter(({ address }) => this.isOurs(parseIpv4(address) ?? 0))
      .toSorted((a, b) => boundLast(a) - boundLast(b) || a.expiresMs - b.expiresMs);
    // A machine that had several addresses over the time gets the last of them.
    const current = new Map(ours.filter(({ state }) => state !== 'declined').map((lease) => [lease.mac, lease]));
    for (const lease of ours) {
      const mac = current.get(lease.mac) === lease ? lease.mac : undefined;
      this.#slots.write(this.#slots.make(parseIpv4(lease.address) ?? 0), mac, lease, 0);
    }
  }

  /** The address that belongs to a machine, also after its lease ended, until another machine gets it. */
  addressOf(mac: string): string | undefined {
    const slot = this.#slots.of(mac);
    return slot === undefined ? undefined : formatIpv4(slot.address);
  }

  /**
   * Holds an address for a machine for a minute: the one `reserved` for it, else its own, else the one it wishes, else
   * any. `undefined`: there is none.
   */
  offer(mac: string, wish: string | undefined, nowMs: number, reserved?: Reservation): string | undefined {
    const address = this.#choose(mac, wish, nowMs, reserved);
    if (address === undefined) return undefined;
    const slot = this.#slots.make(address);
    this.#slots.write(slot, mac, slot.mac === mac ? slot.lease : undefined, nowMs + offerHoldMs);
    return formatIpv4(address);
  }

  #choose(mac: string, wish: string | undefined, nowMs: number, reserved?: Reservation): number | undefined {
    const kept = reserved === undefined ? undefined : parseIpv4(reserved.address);
    if (kept !== undefined && this.#isFreeFor(mac, kept, nowMs)) return kept;
    const own = this.#slots.of(mac);
    if (own !== undefined && this.#mayHave(mac, own.address, reserved)) return own.address;
    const wished = wish === undefined ? undefined : parseIpv4(wish);
    if (wished !== undefined && this.#isForAnybody(wished) && this.#isFreeFor(mac, wished, nowMs)) return wished;
    return this.#findFree(nowMs);
  }

  /** Whether somebody else may have that address unasked: the machine is not known to use it, nor was it looked at. */
  isUncertain(mac: string, address: string, nowMs: number): boolean {
    const slot = this.#slots.at(parseIpv4(address) ?? 0);
    if (slot === undefined) return true;
    const isHolder = slot.mac === mac && slot.lease?.state === 'bound' && slot.lease.expiresMs > nowMs;
    return !isHolder && slot.probedUntilMs <= nowMs;
  }

  /** Nobody answered for that address, or who did may have it. */
  found(address: string, nowMs: number): void {
    this.#slots.make(parseIpv4(address) ?? 0).probedUntilMs = nowMs + probedMs;
  }

  /** The machine took another server's offer. */
  withdrawOffer(mac: string): void {
    const slot = this.#slots.of(mac);
    if (slot !== undefined && slot.offeredUntilMs > 0) this.#slots.write(slot, mac, slot.lease, 0);
  }

  /** `undefined`: `bind` may be called. */
  refusal(mac: string, address: string, nowMs: number, reserved?: Reservation): Refusal | undefined {
    const wanted = parseIpv4(address);
    if (wanted === undefined || !this.isOurs(wanted)) return 'outside';
    if (!this.#mayHave(mac, wanted, reserved)) return 'reserved';
    if (!this.#isFreeFor(mac, wanted, nowMs)) return 'taken';
    if (reserved !== undefined && reserved.address !== address) {
      const kept = parseIpv4(reserved.address) ?? 0;
      // Somebody used it unasked: the machine keeps what it got instead until it boots again.
      const wasInUse = this.#slots.at(kept)?.lease?.state === 'declined';
      if (!wasInUse && this.#isFreeFor(mac, kept, nowMs)) return 'other-address';
    }
    const own = this.#slots.of(mac);
    if (own === undefined || own.address === wanted || reserved?.address === address) return undefined;
    return this.#mayHave(mac, own.address, reserved) ? 'other-address' : undefined;
  }

  /** Gives the machine the address until `expiresMs`. Only where `refusal` has nothing against it. */
  bind(lease: Omit<Lease, 'state' | 'reservation'>): void {
    const owner = this.reservations.at(parseIpv4(lease.address) ?? 0);
    const reservation = owner === undefined ? undefined : ownerKey(owner);
    const bound: Lease = { ...lease, state: 'bound' };
    this.#keep(reservation === undefined ? bound : { ...bound, reservation }, lease.mac);
  }

  /** True where the machine had that address. */
  release(mac: string, address: string, nowMs: number): boolean {
    const lease = this.#slots.of(mac)?.lease;
    if (lease?.address !== address || lease.state !== 'bound') return false;
    this.#keep({ ...lease, state: 'released', expiresMs: nowMs }, mac);
    return true;
  }

  /** Ends whatever holds that address, a lease or that it was set aside. What it was; `undefined`: nothing did. */
  end(address: string, nowMs: number): Lease | undefined {
    const slot = this.#slots.at(parseIpv4(address) ?? 0);
    const lease = slot?.lease;
    if (slot === undefined || lease === undefined || lease.state === 'released' || lease.expiresMs <= nowMs) {
      return undefined;
    }
    this.#keep({ ...lease, state: 'released', expiresMs: nowMs }, slot.mac);
    return lease;
  }

  /** That it was ended could not be saved: all is as it was, unless somebody else was given the address since. */
  resume(lease: Lease): void {
    const slot = this.#slots.at(parseIpv4(lease.address) ?? 0);
    const owner = lease.state === 'declined' ? undefined : lease.mac;
    if (slot?.lease?.state === 'released' && slot.mac === owner) this.#keep(lease, owner);
  }

  /** Sets the address aside for ten minutes. True where the machine had that address. */
  decline(mac: string, address: string, nowMs: number): boolean {
    if (this.addressOf(mac) !== address) return false;
    this.setAside(address, mac, nowMs);
    return true;
  }

  /** Nobody gets the address for ten minutes, since `holder` uses it unasked, or says that somebody does. */
  setAside(address: string, holder: string, nowMs: number): void {
    this.#keep({ address, mac: holder, state: 'declined', expiresMs: nowMs + declinedMs }, undefined);
  }

  /** Throws DHCP_RESERVATION_INVALID. Whoever has the address keeps it until its lease ends or is to be renewed. */
  reserve(reservation: Reservation): void {
    this.reservations.add(reservation);
    const slot = this.#slots.at(parseIpv4(reservation.address) ?? 0);
    if (slot !== undefined) this.#slots.sort(slot);
  }

  /** What was reserved; `undefined`: nothing was. */
  unreserve(address: string): Reservation | undefined {
    const number = parseIpv4(address) ?? 0;
    const reservation = this.reservations.remove(number);
    // The search for fresh addresses may have passed it.
    if (reservation !== undefined && this.isOurs(number)) this.#slots.sort(this.#slots.make(number));
    return reservation;
  }

  /** The reservation for an address. */
  reservedFor(address: string): Reservation | undefined {
    return this.reservations.size === 0 ? undefined : this.reservations.at(parseIpv4(address) ?? 0);
  }

  /** In a pool, or reserved. */
  isOurs(address: number): boolean {
    return this.reservations.at(address) !== undefined || this.#isInPool(address);
  }

  /** Every address that is known of, reserved ones that were never used included. */
  *states(): Generator<AddressState> {
    for (const { address, mac, lease, offeredUntilMs } of this.#slots.all()) {
      const reservation = this.reservations.at(address);
      if (lease === undefined && offeredUntilMs === 0 && reservation === undefined) continue;
      yield { address: formatIpv4(address), mac: mac ?? lease?.mac, lease, offeredUntilMs, reservation };
    }
    for (const reservation of this.reservations) {
      const { address } = reservation;
      if (this.#slots.has(parseIpv4(address) ?? 0)) continue;
      yield { address, mac: undefined, lease: undefined, offeredUntilMs: 0, reservation };
    }
  }

  /** The leases that changed since the last call, as they are now, one for an address. */
  takeChanges(): readonly Lease[] {
    const leases = [...this.#changed.values()];
    this.#changed = new Map();
    return leases;
  }

  /** These could not be saved. Those that have not changed again are among the next changes: here they count already. */
  putBack(leases: readonly Lease[]): void {
    for (const lease of leases) {
      const address = parseIpv4(lease.address) ?? 0;
      if (this.#slots.at(address)?.lease === lease && !this.#changed.has(address)) this.#changed.set(address, lease);
    }
  }

  #isInPool(address: number): boolean {
    for (const { first, last, reserved } of this.pools) {
      if (address >= first && address <= last) return !reserved.has(address);
    }
    return false;
  }

  #isForAnybody(address: number): boolean {
    return this.#isInPool(address) && this.reservations.at(address) === undefined;
  }

  /** Whether that address is one for this machine, taken or not. */
  #mayHave(mac: string, address: number, reserved: Reservation | undefined): boolean {
    const owner = this.reservations.at(address);
    if (owner === undefined) return this.#isInPool(address);
    if (owner === reserved) return true;
    const key = ownerKey(owner);
    const slot = this.#slots.at(address);
    return key !== undefined && slot?.mac === mac && slot.lease?.reservation === key;
  }

  #isFreeFor(mac: string, address: number, nowMs: number): boolean {
    const slot = this.#slots.at(address);
    return slot === undefined || slot.mac === mac || slot.freeFromMs <= nowMs;
  }

  #findFree(nowMs: number): number | undefined {
    const freed = this.#slots.longestFree(nowMs);
    if (freed !== undefined && this.#slots.size >= manyAddresses) return freed;
    return this.#findFresh() ?? freed;
  }

  #findFresh(): number | undefined {
    for (let pool = this.pools[this.#freshPool]; pool !== undefined; pool = this.pools[this.#freshPool]) {
      for (; this.#fresh <= pool.last; this.#fresh += 1) {
        if (this.#isForAnybody(this.#fresh) && !this.#slots.has(this.#fresh)) return this.#fresh;
      }
      this.#freshPool += 1;
      this.#fresh = this.pools[this.#freshPool]?.first ?? 0;
    }
    return undefined;
  }

  #keep(lease: Lease, owner: string | undefined): void {
    const address = parseIpv4(lease.address) ?? 0;
    this.#changed.set(address, lease);
    this.#slots.write(this.#slots.make(address), owner, lease, 0);
  }
}
