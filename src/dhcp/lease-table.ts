import { formatIpv4, parseIpv4 } from '../wire/addresses.ts';
import type { Lease } from './lease.ts';
import type { AddressPool } from './pool.ts';

/** EDK2 waits up to 32 s for more offers before it takes one (PxeBcDhcp4.c, mPxeDhcpTimeout). */
const offerHoldMs = 60_000;
/** Whoever uses a declined address unasked may be gone by then. */
const declinedMs = 600_000;

/** One address of the pool that was in use at least once. */
interface Slot {
  /** Whom it belongs to, or whom it belonged to last; nobody, where it was declined. */
  readonly mac: string | undefined;
  readonly lease: Lease | undefined;
  readonly offeredUntilMs: number;
}

const unused: Slot = { mac: undefined, lease: undefined, offeredUntilMs: 0 };

interface Write {
  readonly address: number;
  readonly before: Slot | undefined;
}

/** Why a machine can't have an address: not ours to give, held for another machine, or not the one it has already. */
export type Refusal = 'outside' | 'taken' | 'other-address';

/** What changed since the last call of `takeChanges`. */
export interface LeaseChanges {
  /** The changed leases as they are now, one for an address. */
  readonly leases: readonly Lease[];
  /** Puts the table back. Only while nothing else has been asked of it since. */
  undo(): void;
}

/**
 * Who has which address of one pool. A machine is its MAC address: its firmware and its operating system are one
 * machine, though they send different client identifiers. It gets the address it had before; otherwise one that nobody
 * had yet; otherwise the one that was free for the longest time.
 */
export class LeaseTable {
  readonly pool: AddressPool;
  /** In the order of their last use. An address stays here once it was in use. */
  readonly #slots = new Map<number, Slot>();
  readonly #byMac = new Map<string, number>();
  #fresh: number;
  /** No address comes free before: spares a search through the whole pool for each DISCOVER of a storm. */
  #fullUntilMs = 0;
  #writes: Write[] = [];
  #changed = new Map<number, Lease>();

  constructor(pool: AddressPool) {
    this.pool = pool;
    this.#fresh = pool.first;
  }

  /** Takes over what a store has kept; addresses that the pool does not have any more are left out. */
  restore(leases: readonly Lease[]): void {
    const boundLast = (lease: Lease): number => (lease.state === 'bound' ? 1 : 0);
    const ours = leases
      .filter(({ address }) => this.#isOurs(parseIpv4(address) ?? 0))
      .toSorted((a, b) => boundLast(a) - boundLast(b) || a.expiresMs - b.expiresMs);
    // A machine that had several addresses over the time gets the last of them.
    const current = new Map(ours.filter(({ state }) => state !== 'declined').map((lease) => [lease.mac, lease]));
    for (const lease of ours) {
      const mac = current.get(lease.mac) === lease ? lease.mac : undefined;
      this.#write(parseIpv4(lease.address) ?? 0, { mac, lease, offeredUntilMs: 0 });
    }
    this.#writes = [];
  }

  /** The address that belongs to a machine, also after its lease ended, until another machine gets it. */
  addressOf(mac: string): string | undefined {
    const address = this.#byMac.get(mac);
    return address === undefined ? undefined : formatIpv4(address);
  }

  /** Holds an address for a machine for a minute: its own, else the one it wishes, else any. `undefined`: pool full. */
  offer(mac: string, wish: string | undefined, nowMs: number): string | undefined {
    const wished = wish === undefined ? undefined : parseIpv4(wish);
    const address =
      this.#byMac.get(mac) ??
      (wished !== undefined && this.#isOurs(wished) && !this.#isHeld(wished, nowMs) ? wished : this.#findFree(nowMs));
    if (address === undefined) return undefined;
    const slot = this.#slots.get(address);
    const lease = slot?.mac === mac ? slot.lease : undefined;
    this.#write(address, { mac, lease, offeredUntilMs: nowMs + offerHoldMs });
    return formatIpv4(address);
  }

  /** The machine took another server's offer. */
  withdrawOffer(mac: string): void {
    const address = this.#byMac.get(mac);
    const slot = address === undefined ? undefined : this.#slots.get(address);
    if (address === undefined || slot === undefined || slot.offeredUntilMs === 0) return;
    this.#write(address, { ...slot, offeredUntilMs: 0 });
    this.#fullUntilMs = 0;
  }

  /** `undefined`: `bind` may be called. */
  refusal(mac: string, address: string, nowMs: number): Refusal | undefined {
    const wanted = parseIpv4(address);
    if (wanted === undefined || !this.#isOurs(wanted)) return 'outside';
    const own = this.#byMac.get(mac);
    if (own === wanted) return undefined;
    if (this.#isHeld(wanted, nowMs)) return 'taken';
    return own === undefined ? undefined : 'other-address';
  }

  /** Gives the machine the address until `expiresMs`. Only where `refusal` has nothing against it. */
  bind(lease: Omit<Lease, 'state'>): void {
    this.#keep({ ...lease, state: 'bound' }, lease.mac);
  }

  /** True where the machine had that address. */
  release(mac: string, address: string, nowMs: number): boolean {
    const lease = this.#slots.get(this.#byMac.get(mac) ?? 0)?.lease;
    if (lease?.address !== address || lease.state !== 'bound') return false;
    this.#keep({ ...lease, state: 'released', expiresMs: nowMs }, mac);
    this.#fullUntilMs = 0;
    return true;
  }

  /** Sets the address aside for ten minutes. True where the machine had that address. */
  decline(mac: string, address: string, nowMs: number): boolean {
    if (this.addressOf(mac) !== address) return false;
    this.#keep({ address, mac, state: 'declined', expiresMs: nowMs + declinedMs }, undefined);
    return true;
  }

  takeChanges(): LeaseChanges {
    const leases = [...this.#changed.values()];
    const writes = this.#writes;
    this.#changed = new Map();
    this.#writes = [];
    return {
      leases,
      undo: () => {
        for (const { address, before } of writes.toReversed()) this.#write(address, before ?? unused);
        this.#writes = [];
        this.#fullUntilMs = 0;
      },
    };
  }

  #isOurs(address: number): boolean {
    return address >= this.pool.first && address <= this.pool.last && !this.pool.reserved.has(address);
  }

  #isHeld(address: number, nowMs: number): boolean {
    const slot = this.#slots.get(address);
    return slot !== undefined && heldUntilMs(slot) > nowMs;
  }

  #findFree(nowMs: number): number | undefined {
    for (; this.#fresh <= this.pool.last; this.#fresh += 1) {
      if (this.#isOurs(this.#fresh) && !this.#slots.has(this.#fresh)) return this.#fresh;
    }
    if (nowMs < this.#fullUntilMs) return undefined;
    let soonestMs = Number.POSITIVE_INFINITY;
    for (const [address, slot] of this.#slots) {
      const untilMs = heldUntilMs(slot);
      if (untilMs <= nowMs) return address;
      soonestMs = Math.min(soonestMs, untilMs);
    }
    this.#fullUntilMs = soonestMs;
    return undefined;
  }

  #keep(lease: Lease, owner: string | undefined): void {
    const address = parseIpv4(lease.address) ?? 0;
    this.#changed.set(address, lease);
    this.#write(address, { mac: owner, lease, offeredUntilMs: 0 });
  }

  #write(address: number, slot: Slot): void {
    const before = this.#slots.get(address);
    this.#writes.push({ address, before });
    if (before?.mac !== undefined && this.#byMac.get(before.mac) === address) this.#byMac.delete(before.mac);
    if (slot.mac !== undefined) this.#byMac.set(slot.mac, address);
    // Deleted first, so that it moves to the end: the Map's order is the order of use.
    this.#slots.delete(address);
    this.#slots.set(address, slot);
  }
}

function heldUntilMs({ lease, offeredUntilMs }: Slot): number {
  const leasedUntilMs = lease === undefined || lease.state === 'released' ? 0 : lease.expiresMs;
  return Math.max(leasedUntilMs, offeredUntilMs);
}
