import { BootwrightError } from '../errors.ts';
import { parseIpv4 } from '../wire/addresses.ts';
import {
  isCurrent,
  type LeaseEntry,
  type ReservationEntry,
  type ReservationMade,
  type ReservationWish,
} from './entries.ts';
import { isSameMachine, listLeases } from './list.ts';
import { networkOf } from './networks.ts';
import type { Configured, ControlParts, Reserved } from './parts.ts';
import { refuseUnusable } from './refuse.ts';
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
  reserve(wish: ReservationWish): Promise<ReservationMade>;
  /** Throws ADDRESS_INVALID, RESERVATION_NOT_FOUND or RESERVATION_CONFIGURED. */
  unreserve(address: string): Promise<ReservationEntry>;
  /** Takes an address from its machine, which is not told. What it was. Throws ADDRESS_INVALID or LEASE_NOT_FOUND. */
  release(address: string): Promise<LeaseEntry>;
}

export function createControl(parts: ControlParts): Control {
  const { networks, kept, nowMs } = parts;
  const inTurn = oneByOne();

  // Where both have an address, what commands did is found first, and can be undone.
  const allReservations = async (): Promise<(Reserved & Partial<Configured>)[]> => [
    ...(await kept.load()),
    ...parts.configured,
  ];

  function entryOf(reservation: Reserved & Partial<Configured>): ReservationEntry {
    const { address, hostName, where, network = networkOf(address, networks)?.name ?? '' } = reservation;
    return {
      machine: writeMachine(reservation),
      address,
      ...(hostName === undefined ? {} : { hostName }),
      network,
      ...(where === undefined ? {} : { where }),
    };
  }

  async function leases(): Promise<readonly LeaseEntry[]> {
    const reservations = await allReservations();
    const listed = reservations.map((reservation) => ({ ...reservation, network: entryOf(reservation).network }));
    return listLeases(await parts.leases(), listed, nowMs());
  }

  async function reserve(wish: ReservationWish): Promise<ReservationMade> {
    const address = readAddress(wish.address);
    const hostName = readHostName(wish.hostName);
    const machine = readMachine(wish.machine, parseIpv4(address) === undefined ? 'duid' : 'clientId');
    const reservation: Reserved = { ...machine, address, ...(hostName === undefined ? {} : { hostName }) };
    const others = await allReservations();
    refuseUnusable(reservation, networks, others);
    await change(
      reservation,
      (await kept.load()).find((other) => other.address === address),
    );
    const known = (await parts.leases()).filter(
      (lease) => lease.address === address && !isSameMachine(reservation, lease),
    );
    const holder = listLeases(known, [], nowMs()).find(isCurrent);
    return { reservation: entryOf(reservation), ...(holder === undefined ? {} : { holder }) };
  }

  /** Those who answer machines may refuse, and the disk may be full: then all is as before. */
  async function change(reservation: Reserved, former: Reserved | undefined): Promise<void> {
    if (former !== undefined) parts.unreserved(former.address);
    try {
      parts.reserved(reservation);
      await kept.save(reservation);
    } catch (error) {
      parts.unreserved(reservation.address);
      if (former !== undefined) parts.reserved(former);
      throw error;
    }
  }

  async function unreserve(text: string): Promise<ReservationEntry> {
    const address = readAddress(text);
    const found = (await allReservations()).find((reservation) => reservation.address === address);
    if (found === undefined) throw new BootwrightError('RESERVATION_NOT_FOUND', { address });
    const entry = entryOf(found);
    if (found.where !== undefined) {
      throw new BootwrightError('RESERVATION_CONFIGURED', { address, machine: entry.machine, where: found.where });
    }
    await kept.remove(address);
    parts.unreserved(address);
    return entry;
  }

  async function release(text: string): Promise<LeaseEntry> {
    const address = readAddress(text);
    const known = (await parts.leases()).filter((lease) => lease.address === address);
    const lease = listLeases(known, [], nowMs()).find(isCurrent);
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
