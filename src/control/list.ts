import type { Reservation } from '../dhcp/network.ts';
import { ownerKey } from '../dhcp/reservations.ts';
import { parseIpv4, parseIpv6 } from '../wire/addresses.ts';
import { isCurrent, type LeaseEntry } from './entries.ts';
import type { KnownLease } from './parts.ts';
import { writeMachine } from './texts.ts';

/** True where the machine that has the lease is the one of the reservation, as far as both say. */
export function sameMachine(reservation: Reservation, { machine, reservation: key }: KnownLease): boolean {
  if (machine !== undefined && (machine === reservation.mac || machine === `id:${reservation.clientId}`)) return true;
  return key !== undefined && key === ownerKey(reservation);
}

export interface ListedReservation {
  readonly reservation: Reservation;
  /** The network's name. */
  readonly network: string;
  readonly where?: string | undefined;
}

/**
 * Leases as a person looks at them, in the order of the addresses: what ended is `expired`, an offer that ended is
 * nothing, and a reserved address that its machine does not have at the moment has an entry of its own.
 */
export function listLeases(
  leases: readonly KnownLease[],
  reservations: readonly ListedReservation[],
  nowMs: number,
): LeaseEntry[] {
  const reserved = new Map(reservations.map((each) => [each.reservation.address, each]));
  const entries: LeaseEntry[] = [];
  for (const lease of leases) {
    const own = reserved.get(lease.address);
    const isReserved = own !== undefined && sameMachine(own.reservation, lease);
    const hasEnded = lease.state !== 'released' && lease.untilMs <= nowMs;
    if (hasEnded && lease.state === 'offered') continue;
    const entry: LeaseEntry = {
      address: lease.address,
      ...(lease.machine === undefined ? {} : { machine: lease.machine }),
      ...(lease.hostName === undefined ? {} : { hostName: lease.hostName }),
      state: hasEnded ? 'expired' : stateOf(lease),
      untilMs: lease.untilMs,
      network: lease.network,
      isReserved,
      ...(isReserved && own.where !== undefined ? { where: own.where } : {}),
    };
    entries.push(entry);
    if (isReserved && isCurrent(entry)) reserved.delete(lease.address);
  }
  for (const { reservation, network, where } of reserved.values()) {
    entries.push({
      address: reservation.address,
      machine: writeMachine(reservation),
      ...(reservation.hostName === undefined ? {} : { hostName: reservation.hostName }),
      state: 'reserved',
      network,
      isReserved: true,
      ...(where === undefined ? {} : { where }),
    });
  }
  return entries
    .map((entry) => ({ entry, key: sortKey(entry.address) }))
    .toSorted(byKey)
    .map(({ entry }) => entry);
}

function stateOf({ state }: KnownLease): LeaseEntry['state'] {
  return state === 'declined' ? 'set-aside' : state;
}

/** IPv4 before IPv6, each by its number. */
function sortKey(address: string): string {
  const four = parseIpv4(address);
  if (four !== undefined) return `4${four.toString(16).padStart(8, '0')}`;
  const six = parseIpv6(address) ?? [];
  return `6${Array.from(six, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

function byKey(one: { readonly key: string }, other: { readonly key: string }): number {
  return one.key < other.key ? -1 : Number(one.key > other.key);
}
