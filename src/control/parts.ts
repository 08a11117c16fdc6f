import type { LeaseState } from '../dhcp/lease.ts';
import type { Network, Reservation } from '../dhcp/network.ts';

/** One address as the server knows it, or as the store has kept it. */
export interface KnownLease {
  /** IPv4 or IPv6. */
  readonly address: string;
  /**
   * `52:54:00:12:34:56`; or `id:` and a client identifier, `duid:` and a DHCPv6 identifier, in hexadecimal. Of a declined
   * address, who uses it or who said that somebody does.
   */
  readonly machine?: string;
  readonly hostName?: string;
  readonly state: LeaseState | 'offered';
  /** Milliseconds since 1970; of a released one, when that was. */
  readonly untilMs: number;
  /** The network's name. */
  readonly network: string;
  /** `ownerKey` of the reservation that gave it, where that is for more than a MAC address. */
  readonly reservation?: string;
}

/** A reservation that no command made, of IPv4 or IPv6. */
export interface ConfiguredReservation extends Reservation {
  /** Of DHCPv6: hexadecimal digits. */
  readonly duid?: string;
  /** The network's name. */
  readonly network: string;
  /** Where it stands, to end a line with: `bootwright.yaml`. */
  readonly where: string;
}

/** Reservations that commands made, as `storedReservations` keeps them. */
export interface KeptReservations {
  load(): Promise<Reservation[]>;
  save(reservation: Reservation): Promise<void>;
  remove(address: string): Promise<boolean>;
}

/** What `createControl` works on: a server that runs, or what one has left on the disk. */
export interface ControlParts {
  readonly nowMs: () => number;
  readonly networks: () => readonly ControlledNetwork[];
  readonly configured: () => readonly ConfiguredReservation[];
  readonly kept: KeptReservations;
  readonly leases: () => Promise<readonly KnownLease[]>;
  /** Frees an address of one of `leases`, safely; false where nobody has it any more. */
  readonly release: (address: string) => Promise<boolean>;
  /** Tell those who answer machines. The network is the one that `networks` calls so. */
  readonly reserved: (reservation: Reservation, network: string) => void | Promise<void>;
  readonly unreserved: (address: string, network: string) => void | Promise<void>;
}

/** What a reservation depends on; of networks of IPv4 alone. */
export type ControlledNetwork = Pick<Network, 'name' | 'mode' | 'serverAddress' | 'subnet' | 'router' | 'dns'>;
