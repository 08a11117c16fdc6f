import type { Network, Reservation } from '../dhcp/network.ts';

/** One address as the server knows it, or as the store has kept it. */
export interface KnownLease {
  /** IPv4 or IPv6. */
  readonly address: string;
  /** `52:54:00:12:34:56`; or `id:` and a client identifier, `duid:` and a DHCPv6 identifier, in hexadecimal. */
  readonly machine?: string;
  readonly hostName?: string;
  /** `set-aside`: somebody who has no lease uses the address. */
  readonly state: 'bound' | 'offered' | 'released' | 'declined' | 'set-aside';
  /** Milliseconds since 1970; of a released one, when that was. */
  readonly untilMs: number;
  /** The network's name. */
  readonly network: string;
  /** `ownerKey` of the reservation that gave it, where that is for more than a MAC address. */
  readonly reservation?: string;
}

/** A reservation that no command made. */
export interface ConfiguredReservation extends Reservation {
  /** Where it stands: `bootwright.yaml, line 12`. */
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
  /** Tell those who answer machines; called once the reservation is kept, or gone. */
  readonly reserved: (reservation: Reservation, network: string) => void;
  readonly unreserved: (address: string, network: string) => void;
}

/** What a reservation depends on; of networks of IPv4 alone. */
export type ControlledNetwork = Pick<Network, 'name' | 'mode' | 'serverAddress' | 'subnet' | 'router' | 'dns'>;
