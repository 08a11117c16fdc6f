import type { Identity } from './texts.ts';

/** One address as a server knows it, or as the store has kept it. */
export interface KnownLease {
  /** IPv4 or IPv6. */
  readonly address: string;
  /** As leases name it; of an address that is set aside, who uses it or said that somebody does. */
  readonly machine?: string;
  /** What else is known of that machine, as `keysOf` writes it. */
  readonly keys: readonly string[];
  readonly hostName?: string;
  /** `free`: nobody has it any more; the machine that had it last would get it again. */
  readonly state: 'bound' | 'offered' | 'set-aside' | 'free';
  /** Milliseconds since 1970; of a free one, since when. */
  readonly untilMs: number;
  /** The network's name. */
  readonly network: string;
}

/** An address that is kept for one machine, of IPv4 or IPv6. */
export interface Reserved extends Identity {
  readonly address: string;
  readonly hostName?: string;
}

/** One that no command made. */
export interface Configured extends Reserved {
  /** The network's name. */
  readonly network: string;
  /** Where it stands, to end a line with: `bootwright.yaml`. */
  readonly where: string;
}

/** Reservations that commands made. */
export interface KeptReservations {
  load(): Promise<readonly Reserved[]>;
  /** Over the earlier one of the same address. */
  save(reservation: Reserved): Promise<void>;
  remove(address: string): Promise<boolean>;
}

/** A network of machines, as far as reservations depend on it. */
export interface ControlledNetwork {
  readonly name: string;
  /** `10.0.0.0/24`, for texts. */
  readonly subnet: string;
  /** Only a server gives addresses, a proxy does not. */
  readonly mode: 'server' | 'proxy';
  has(address: string): boolean;
  /** Why no machine can have that address, though it is in the subnet. */
  whyNot(address: string): string | undefined;
}

/** What `createControl` works on: servers that run, or what they have left on the disk. */
export interface ControlParts {
  readonly nowMs: () => number;
  readonly networks: readonly ControlledNetwork[];
  readonly configured: readonly Configured[];
  readonly kept: KeptReservations;
  readonly leases: () => Promise<readonly KnownLease[]>;
  /** Ends what holds an address, safely; false where nothing does. */
  readonly release: (address: string) => Promise<boolean>;
  /** Tell those who answer machines. */
  readonly reserved: (reservation: Reserved) => void;
  readonly unreserved: (address: string) => void;
}
