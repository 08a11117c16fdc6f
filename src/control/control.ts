import type { Reservation } from '../dhcp/network.ts';
import { describeSubnet } from '../dhcp/subnet.ts';
import { BootwrightError } from '../errors.ts';
import { parseIpv4 } from '../wire/addresses.ts';
import { isCurrent, type LeaseEntry, type ReservationEntry, type ReservationWish, type Reserved } from './entries.ts';
import { listLeases, sameMachine } from './list.ts';
import { networkOf, refuseUnusable } from './networks.ts';
import type { ConfiguredReservation, ControlParts } from './parts.ts';
import { readAddress, readHostName, readMachine, writeMachine } from './texts.ts';

/** What commands can ask of a server, or of the state that it left. Every refusal is a BootwrightError. */
export interface Control {
  /** Every address that was ever leased, or that is reserved, in their order. */
  leases(): Promise<readonly LeaseEntry[]>;
  reservations(): Promise<readonly ReservationEntry[]>;
  /**
   * Keeps an address for one machine. Throws ADDRESS_INVALID, MACHINE_INVALID, HOST_NAME_INVALID, DHCP_RESERVATION_INVALID
   * or one of RESERVATION_….
   */
  reserve(wish: ReservationWish): Promise<Reserved>;
  /** Throws ADDRESS_INVALID, RESERVATION_NOT_FOUND or RESERVATION_CONFIGURED. */
  unreserve(address: string): Promise<ReservationEntry>;
  /** Takes an address from its machine, which is not told. What it was. Throws ADDRESS_INVALID or LEASE_NOT_FOUND. */
  release(address: string): Promise<LeaseEntry>;
}

type AnyReservation = Reservation & Partial<ConfiguredReservation>;

export function createControl(parts: ControlParts): Control {
  const inTurn = oneByOne();

  const entryOf = (reservation: AnyReservation): ReservationEntry => ({
    machine: writeMachine(reservation),
    address: reservation.address,
    ...(reservation.hostName === undefined ? {} : { hostName: reservation.hostName }),
    network: reservation.network ?? networkOf(reservation.address, parts.networks())?.name ?? '',
    ...(reservation.where === undefined ? {} : { where: reservation.where }),
  });

  // Where both have an address, what commands did is found first, and can be undone.
  const allReservations = async (): Promise<AnyReservation[]> => [...(await parts.kept.load()), ...parts.configured()];

  async function leases(): Promise<readonly LeaseEntry[]> {
    const reservations = (await allReservations()).map((reservation) => ({
      reservation,
      network: entryOf(reservation).network,
      where: reservation.where,
    }));
    return listLeases(await parts.leases(), reservations, parts.nowMs());
  }

  async function reserve(wish: ReservationWish): Promise<Reserved> {
    const address = readAddress(wish.address);
    const hostName = readHostName(wish.hostName);
    const reservation = {
      ...readMachine(wish.machine),
      address,
      ...(hostName === undefined ? {} : { hostName }),
    };
    if (parseIpv4(address) === undefined) throw new BootwrightError('RESERVATION_ONLY_IPV4', { address });
    const networks = parts.networks();
    const network = networkOf(address, networks);
    if (network === undefined || network.mode !== 'server') {
      const giving = networks.filter(({ mode }) => mode === 'server').map(({ subnet }) => describeSubnet(subnet));
      if (giving.length === 0) throw new BootwrightError('RESERVATION_NETWORK_UNKNOWN', { address });
      throw new BootwrightError('RESERVATION_OUTSIDE', { address, networks: giving.join(', ') });
    }
    const there = (await allReservations()).filter((other) => networkOf(other.address, networks) === network);
    refuseUnusable(reservation, network, there);
    const former = (await parts.kept.load()).find((other) => other.address === address);
    if (former !== undefined) await parts.unreserved(address, network.name);
    await parts.reserved(reservation, network.name);
    try {
      await parts.kept.save(reservation);
    } catch (error) {
      await parts.unreserved(address, network.name);
      if (former !== undefined) await parts.reserved(former, network.name);
      throw error;
    }
    const known = await parts.leases();
    const holder = listLeases(
      known.filter((lease) => lease.address === address && !sameMachine(reservation, lease)),
      [],
      parts.nowMs(),
    ).find(isCurrent);
    return { reservation: entryOf(reservation), ...(holder === undefined ? {} : { holder }) };
  }

  async function unreserve(text: string): Promise<ReservationEntry> {
    const address = readAddress(text);
    const found = (await allReservations()).find((reservation) => reservation.address === address);
    if (found === undefined) throw new BootwrightError('RESERVATION_NOT_FOUND', { address });
    const entry = entryOf(found);
    if (found.where !== undefined) {
      throw new BootwrightError('RESERVATION_CONFIGURED', { address, machine: entry.machine, where: found.where });
    }
    await parts.kept.remove(address);
    await parts.unreserved(address, entry.network);
    return entry;
  }

  async function release(text: string): Promise<LeaseEntry> {
    const address = readAddress(text);
    const known = (await parts.leases()).filter((lease) => lease.address === address);
    const [lease] = listLeases(known, [], parts.nowMs()).filter(isCurrent);
    if (lease === undefined || !(await parts.release(address))) {
      throw new BootwrightError('LEASE_NOT_FOUND', { address });
    }
    return lease;
  }

  return {
    leases,
    reservations: async () => (await allReservations()).map(entryOf),
    reserve: (wish) => inTurn(() => reserve(wish)),
    unreserve: (address) => inTurn(() => unreserve(address)),
    release: (address) => inTurn(() => release(address)),
  };
}

/** What is checked must still be so when it is written: one change after the other. */
function oneByOne(): <Value>(work: () => Promise<Value>) => Promise<Value> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work);
    last = next.catch(() => {});
    return next;
  };
}
