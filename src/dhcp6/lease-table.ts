import type { Client } from './client.ts';
import { macOfDuid } from './duid.ts';
import type { Lease6 } from './lease.ts';
import type { Network6, Reservation6 } from './network.ts';
import { AddressRow, describePrefix, describeRanges, firstAddress, isOnLink, spread } from './range.ts';
import { Reservations6 } from './reservations.ts';

/** Whoever uses a declined address unasked may be gone by then. */
const declinedMs = 600_000;
/**
 * Where a loader takes the network card over, EDK2 gives the address back that the loader goes on with (tried: OVMF
 * 2022.11, and iPXE). Nobody else gets it until the boot has come to its system.
 */
const releasedMs = 600_000;
/** Beyond, only addresses that were in use before are given again: invented machines cost no more memory than that. */
const mostAddresses = 262_144;
/** How often an address is drawn before they are tried one by one. */
const mostDraws = 64;

/** One address that a machine asks for. */
export interface Wanted {
  readonly client: Client;
  readonly iaid: number;
  /** What it would like to have, best first. */
  readonly wishes: readonly string[];
  /** What the same message got already. */
  readonly taken: ReadonlySet<string>;
}

/** What changed since the last call of `takeChanges`. */
export interface LeaseChanges6 {
  /** The changed leases as they are now, one for an address. */
  readonly leases: readonly Lease6[];
  /** Puts the table back. Only while nothing else has been asked of it since. */
  undo(): void;
}

/**
 * Who has which address of one network. A machine is its network card, where that is known, since its firmware and its
 * operating system call themselves otherwise. It gets the address that is reserved for it; else the one it had before;
 * else the one that follows from its name, which is the same again even when the leases are lost; else any other.
 *
 * Nothing is held for a machine that only asks (SOLICIT): the REPLY may bring another address than the ADVERTISE did.
 */
export class LeaseTable6 {
  readonly #row: AddressRow;
  readonly #network: Network6;
  readonly #capacity: number;
  /** In the order of their last use. An address stays here once it was in use. */
  readonly #leases = new Map<string, Lease6>();
  readonly #byAssociation = new Map<string, string>();
  readonly #byMac = new Map<string, string>();
  readonly #anyRouter: string;
  #reservations: Reservations6;
  /** All before are known here, or not to be given. */
  #next = 0n;
  /** No address comes free before: spares a search through all of them for each message of a storm. */
  #fullUntilMs = 0;
  /** Each takes back one write. */
  #undos: (() => void)[] = [];
  #changed = new Map<string, Lease6>();

  /** Throws DHCP6_RANGE_INVALID. */
  constructor(network: Network6, { capacity = mostAddresses }: { capacity?: number } = {}) {
    this.#network = network;
    this.#row = new AddressRow(network.ranges, network.prefix);
    this.#capacity = this.#row.size < BigInt(capacity) ? Number(this.#row.size) : capacity;
    this.#anyRouter = firstAddress(network.prefix);
    this.#reservations = new Reservations6(network.reservations);
  }

  /** For texts. */
  get name(): string {
    return describeRanges(this.#network.ranges) || describePrefix(this.#network.prefix);
  }

  /**
   * Takes over what a store has kept; addresses of other networks are left out. Those of this one that are not ours to
   * give may be so again, once they are reserved.
   */
  restore(leases: readonly Lease6[]): void {
    const ours = leases
      .filter(({ address }) => isOnLink(address, this.#network.prefix))
      .toSorted((a, b) => Number(a.state === 'bound') - Number(b.state === 'bound') || a.expiresMs - b.expiresMs);
    for (const lease of ours) this.#write(lease);
    this.#undos = [];
  }

  leases(): readonly Lease6[] {
    return [...this.#leases.values()];
  }

  reservations(): readonly Reservation6[] {
    return this.#reservations.all;
  }

  /** Replaces all that is reserved. Whoever has such an address keeps it until its lease ends. */
  reserve(reservations: readonly Reservation6[]): void {
    this.#reservations = new Reservations6(reservations);
    this.#searchAll();
  }

  isOurs(address: string): boolean {
    return this.#reservations.has(address) || this.#row.has(address);
  }

  /** The address to give, which is not yet given: `bind` does that. `undefined`: there is none. */
  choose(wanted: Wanted, nowMs: number): string | undefined {
    return this.#own(wanted, nowMs) ?? this.#first(wanted.wishes, wanted, nowMs) ?? this.#any(wanted, nowMs);
  }

  /** The address to go on with: its own, or a wish that nobody else has. `undefined`: neither. */
  keep(wanted: Wanted, nowMs: number): string | undefined {
    return this.#own(wanted, nowMs) ?? this.#first(wanted.wishes, wanted, nowMs);
  }

  /** Only what `choose` or `keep` said just now. */
  bind({ client, iaid }: Wanted, address: string, expiresMs: number): void {
    const mac = client.mac === undefined ? {} : { mac: client.mac };
    this.#keep({ address, duid: client.duid, iaid, ...mac, state: 'bound', expiresMs });
  }

  /** True where the client had that address. */
  release(client: Client, iaid: number, address: string, nowMs: number): boolean {
    const lease = this.#leaseOf(client, iaid, address);
    if (lease === undefined) return false;
    this.#keep({ ...lease, state: 'released', expiresMs: nowMs + releasedMs });
    return true;
  }

  /** Sets the address aside for ten minutes. True where the client had it. */
  decline(client: Client, iaid: number, address: string, nowMs: number): boolean {
    const lease = this.#leaseOf(client, iaid, address);
    if (lease === undefined) return false;
    this.#keep({ ...lease, state: 'declined', expiresMs: nowMs + declinedMs });
    return true;
  }

  /** Takes an address back from whoever has it, or that it was set aside. `undefined`: nothing held it. */
  free(address: string, nowMs: number): Lease6 | undefined {
    const lease = this.#leases.get(address);
    if (lease === undefined || lease.expiresMs <= nowMs) return undefined;
    this.#keep({ ...lease, state: 'released', expiresMs: nowMs });
    return lease;
  }

  takeChanges(): LeaseChanges6 {
    const leases = [...this.#changed.values()];
    const undos = this.#undos;
    this.#changed = new Map();
    this.#undos = [];
    return {
      leases,
      undo: () => {
        for (const undo of undos.toReversed()) undo();
        this.#searchAll();
      },
    };
  }

  /** What belongs to the machine already: by a reservation, by its DUID and IAID, or by its network card. */
  #own(wanted: Wanted, nowMs: number): string | undefined {
    const { client, iaid } = wanted;
    const before = client.mac === undefined ? undefined : this.#byMac.get(client.mac);
    const known = [
      ...this.#reservations.of(client),
      this.#byAssociation.get(associationKey(client.duid, iaid)),
      before !== undefined && this.#isSameMachine(before, client) ? before : undefined,
    ];
    return this.#first(
      known.filter((address) => address !== undefined),
      wanted,
      nowMs,
    );
  }

  #first(addresses: readonly string[], wanted: Wanted, nowMs: number): string | undefined {
    return addresses.find((address) => this.#mayHave(wanted, address, nowMs));
  }

  #mayHave({ client, iaid, taken }: Wanted, address: string, nowMs: number): boolean {
    const lease = this.#leases.get(address);
    if (lease !== undefined && lease.expiresMs > nowMs) {
      if (lease.state === 'declined') return false;
      if (!isOf(lease, client, iaid) && !this.#isSameMachine(address, client)) return false;
    }
    if (taken.has(address) || !this.#isGivable(address)) return false;
    return !this.#reservations.has(address) || this.#reservations.of(client).includes(address);
  }

  /**
   * Whether the client is the machine that has the address: it asks by the same card. Two DUIDs with different hardware
   * addresses are two machines, even where the card seems to be one: so behind a bridge that rewrites what it forwards.
   * And where the card is known from the DUID alone, another IAID may be the second card of the same machine.
   */
  #isSameMachine(address: string, client: Client): boolean {
    const lease = this.#leases.get(address);
    if (lease === undefined || client.mac === undefined || lease.mac !== client.mac) return false;
    if (lease.duid === client.duid) return client.isCardKnown;
    const duidMac = macOfDuid(Buffer.from(lease.duid, 'hex'));
    return duidMac === undefined || client.duidMac === undefined || duidMac === client.duidMac;
  }

  /** Not the server's own nor a name server's, nor the one that means every router of the network (RFC 4291 §2.6.1). */
  #isGivable(address: string): boolean {
    const { serverAddress, dns = [] } = this.#network;
    return this.isOurs(address) && ![serverAddress, this.#anyRouter, ...dns].includes(address);
  }

  #any(wanted: Wanted, nowMs: number): string | undefined {
    if (this.#row.size === 0n) return undefined;
    const isNew = (address: string): boolean => !this.#leases.has(address) && this.#mayHave(wanted, address, nowMs);
    if (this.#leases.size < this.#capacity) {
      const { client, iaid } = wanted;
      const isOneCard = client.duidMac === undefined || client.duidMac === client.mac;
      const seed = isOneCard && client.mac !== undefined ? client.mac : associationKey(client.duid, iaid);
      for (let draw = 0; draw < mostDraws; draw += 1) {
        const address = this.#row.at(spread(`${seed} ${draw}`) % this.#row.size);
        if (isNew(address)) return address;
      }
      for (let place = this.#next; place < this.#row.size; place += 1n) {
        const address = this.#row.at(place);
        if (isNew(address)) return address;
        // What only this message has already stays there for others.
        if (place === this.#next && !wanted.taken.has(address)) this.#next += 1n;
      }
    }
    return this.#longestFree(wanted, nowMs);
  }

  /** An address that was known, or not to be given, is not so any more. */
  #searchAll(): void {
    this.#next = 0n;
    this.#fullUntilMs = 0;
  }

  #longestFree(wanted: Wanted, nowMs: number): string | undefined {
    if (nowMs < this.#fullUntilMs) return undefined;
    let soonestMs = Number.POSITIVE_INFINITY;
    for (const [address, lease] of this.#leases) {
      if (this.#mayHave(wanted, address, nowMs)) return address;
      soonestMs = Math.min(soonestMs, Math.max(lease.expiresMs, nowMs + 1000));
    }
    this.#fullUntilMs = soonestMs;
    return undefined;
  }

  #leaseOf(client: Client, iaid: number, address: string): Lease6 | undefined {
    const lease = this.#leases.get(address);
    return lease?.state === 'bound' && isOf(lease, client, iaid) ? lease : undefined;
  }

  #keep(lease: Lease6): void {
    this.#changed.set(lease.address, lease);
    this.#fullUntilMs = Math.min(this.#fullUntilMs, lease.expiresMs);
    this.#write(lease);
  }

  #write(lease: Lease6): void {
    const { address, mac } = lease;
    const key = associationKey(lease.duid, lease.iaid);
    const [before, ofAssociation] = [this.#leases.get(address), this.#byAssociation.get(key)];
    const ofMac = mac === undefined ? undefined : this.#byMac.get(mac);
    this.#undos.push(() => {
      this.#unlink(address);
      if (before !== undefined) this.#link(before);
      if (ofAssociation !== undefined) this.#byAssociation.set(key, ofAssociation);
      if (mac !== undefined && ofMac !== undefined) this.#byMac.set(mac, ofMac);
    });
    this.#unlink(address);
    this.#link(lease);
  }

  #link(lease: Lease6): void {
    this.#leases.set(lease.address, lease);
    if (lease.state === 'declined') return;
    this.#byAssociation.set(associationKey(lease.duid, lease.iaid), lease.address);
    if (lease.mac !== undefined) this.#byMac.set(lease.mac, lease.address);
  }

  /** Forgets the address, so that it moves to the end where it is written again: the Map's order is the order of use. */
  #unlink(address: string): void {
    const lease = this.#leases.get(address);
    if (lease === undefined) return;
    const key = associationKey(lease.duid, lease.iaid);
    if (this.#byAssociation.get(key) === address) this.#byAssociation.delete(key);
    if (lease.mac !== undefined && this.#byMac.get(lease.mac) === address) this.#byMac.delete(lease.mac);
    this.#leases.delete(address);
  }
}

function associationKey(duid: string, iaid: number): string {
  return `${duid}/${iaid}`;
}

/** Copies of one virtual machine have one DUID, and may have one IAID; their cards tell them apart. */
function isOf({ duid, iaid, mac }: Lease6, client: Client, wanted: number): boolean {
  const isOtherCard = client.isCardKnown && mac !== undefined && mac !== client.mac;
  return duid === client.duid && iaid === wanted && !isOtherCard;
}
