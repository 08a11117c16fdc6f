import { formatMac, parseIpv4, parseIpv6 } from '../wire/addresses.ts';
import { isCurrent, type LeaseEntry } from './entries.ts';
import type { KnownLease, Reserved } from './parts.ts';
import { keysOf, writeMachine } from './texts.ts';

export interface ListedReservation extends Reserved {
  /** The network's name. */
  readonly network: string;
  readonly where?: string;
}

/** True where the machine that has the lease is the one of the reservation, as far as both say. */
export function isSameMachine(reservation: Reserved, { keys }: KnownLease): boolean {
  return keysOf(reservation).some((key) => keys.includes(key));
}

/**
 * Leases as a person looks at them, in the order of the addresses: what ended is `free`, an offer that ended is nothing,
 * and a reserved address that its machine does not have at the moment has an entry of its own.
 */
export function listLeases(
  leases: readonly KnownLease[],
  reservations: readonly ListedReservation[],
  nowMs: number,
): LeaseEntry[] {
  const reserved = new Map(reservations.map((reservation) => [reservation.address, reservation]));
  const entries: LeaseEntry[] = [];
  for (const lease of leases) {
    const { address, machine, untilMs, network } = lease;
    const hasEnded = untilMs <= nowMs;
    if (hasEnded && lease.state === 'offered') continue;
    const own = reserved.get(address);
    const isReserved = own !== undefined && isSameMachine(own, lease);
    const hostName = lease.hostName ?? (isReserved ? own.hostName : undefined);
    const entry: LeaseEntry = {
      address,
      ...(machine === undefined ? {} : { machine }),
      ...(hostName === undefined ? {} : { hostName }),
      state: hasEnded ? 'free' : lease.state,
      untilMs,
      network,
      isReserved,
      ...(isReserved && own.where !== undefined ? { where: own.where } : {}),
    };
    entries.push(entry);
    if (isReserved && isCurrent(entry)) reserved.delete(address);
  }
  for (const reservation of reserved.values()) entries.push(reservedEntry(reservation));
  return inOrder(entries);
}

function reservedEntry(reservation: ListedReservation): LeaseEntry {
  const { address, hostName, network, where } = reservation;
  return {
    address,
    machine: writeMachine(reservation),
    ...(hostName === undefined ? {} : { hostName }),
    state: 'reserved',
    network,
    isReserved: true,
    ...(where === undefined ? {} : { where }),
  };
}

/** IPv4 before IPv6, each by its number. There may be 65,000 of them, and machines wait meanwhile. */
function inOrder(entries: readonly LeaseEntry[]): LeaseEntry[] {
  const four: { readonly entry: LeaseEntry; readonly key: number }[] = [];
  const six: { readonly entry: LeaseEntry; readonly key: string }[] = [];
  for (const entry of entries) {
    const key = parseIpv4(entry.address);
    if (key === undefined) six.push({ entry, key: formatMac(parseIpv6(entry.address) ?? new Uint8Array()) });
    else four.push({ entry, key });
  }
  four.sort((one, other) => one.key - other.key);
  six.sort((one, other) => (one.key < other.key ? -1 : Number(one.key > other.key)));
  return [...four, ...six].map(({ entry }) => entry);
}
