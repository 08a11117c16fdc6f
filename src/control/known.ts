import type { Lease } from '../dhcp/lease.ts';
import type { LeaseView } from '../dhcp/lease-view.ts';
import type { Reservation } from '../dhcp/network.ts';
import type { Lease6 } from '../dhcp6/lease.ts';
import type { Reservation6 } from '../dhcp6/network.ts';
import { parseIpv4 } from '../wire/addresses.ts';
import type { KeptReservations, KnownLease, Reserved } from './parts.ts';

const stored = { bound: 'bound', released: 'free', declined: 'set-aside' } as const;

/** A lease as the store has it. */
export function knownLease(lease: Lease, network: string): KnownLease {
  const { address, mac: machine, hostName, state, expiresMs: untilMs, reservation } = lease;
  return {
    address,
    machine,
    keys: [machine, ...(reservation === undefined ? [] : [reservation])],
    ...(hostName === undefined ? {} : { hostName }),
    state: stored[state],
    untilMs,
    network,
  };
}

/** DUID-UUID. RFC 6355 §4. */
const duidOfUuid = /^0004([0-9a-f]{32})$/;

/** The same of DHCPv6, in the store and in a server that runs. */
export function knownLease6({ address, duid, mac, state, expiresMs: untilMs }: Lease6, network: string): KnownLease {
  const uuid = duidOfUuid.exec(duid)?.[1];
  return {
    address,
    machine: mac ?? `duid:${duid}`,
    keys: [`duid:${duid}`, ...(mac === undefined ? [] : [mac]), ...(uuid === undefined ? [] : [`uuid:${uuid}`])],
    state: stored[state],
    untilMs,
    network,
  };
}

/** An address as a running server sees it; `undefined`: it is reserved, and was never used. */
export function knownView({
  address,
  mac,
  state,
  untilMs,
  hostName,
  network,
  owner,
}: LeaseView): KnownLease | undefined {
  if (state === 'reserved' || untilMs === undefined) return undefined;
  return {
    address,
    ...(mac === undefined ? {} : { machine: mac }),
    keys: [mac, owner].filter((key) => key !== undefined),
    ...(hostName === undefined ? {} : { hostName }),
    state,
    untilMs,
    network,
  };
}

/** Reservations in the store, as those of DHCP and of DHCPv6. */
export function splitReservations(all: readonly Reservation[]): { four: Reservation[]; six: Reservation6[] } {
  const four = all.filter(({ address }) => parseIpv4(address) !== undefined);
  const six = all
    .filter(({ address }) => parseIpv4(address) === undefined)
    .map(({ address, mac, uuid, clientId: duid }) => ({
      address,
      ...(mac === undefined ? {} : { mac }),
      ...(uuid === undefined ? {} : { uuid }),
      ...(duid === undefined ? {} : { duid }),
    }));
  return { four, six };
}

/** What `storedReservations` gives. */
interface Stored {
  load(): Promise<Reservation[]>;
  save(reservation: Reservation): Promise<void>;
  remove(address: string): Promise<boolean>;
}

/** The store has one column for client identifiers and DUIDs: the address says which it is. */
export function keptReservations(store: Stored): KeptReservations {
  return {
    async load() {
      const { four, six } = splitReservations(await store.load());
      return [...four, ...six];
    },
    save: ({ duid, ...reservation }: Reserved) =>
      store.save(duid === undefined ? reservation : { ...reservation, clientId: duid }),
    remove: (address) => store.remove(address),
  };
}
