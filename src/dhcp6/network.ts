import type { Option } from './packet.ts';

/** `{ address: 'fd00::', prefixBits: 64 }`. */
export interface Prefix {
  readonly address: string;
  readonly prefixBits: number;
}

/** The first and the last address that machines may get; both in one prefix, and there may be many between them. */
export interface AddressRange {
  readonly first: string;
  readonly last: string;
}

/** An address that is kept for one machine, known by what is given of the three. */
export interface Reservation6 {
  /** Lower case, with colons. */
  readonly mac?: string;
  /** Lower-case hexadecimal digits. */
  readonly duid?: string;
  /** Of a DUID-UUID (RFC 6355), in the order of its bytes: `4c4c4544-0042-3510-8052-b4c04f4e4d32`. */
  readonly uuid?: string;
  /** In the prefix of its network, inside or outside of the ranges. */
  readonly address: string;
}

/** One network of machines, and what they are told by DHCPv6. Addresses are IPv6. */
export interface Network6 {
  /** For the log: `eth0`, or `fd00:2::/64`. */
  readonly name: string;
  /** `server`: gives addresses. `proxy`: another server does; we name the boot file only. */
  readonly mode: 'server' | 'proxy';
  /** Ours, and not a link-local one: it stands in the URL of the boot file. */
  readonly serverAddress: string;
  readonly httpPort: number;
  /** The machines' own network; of a relayed one, `serverAddress` stands in another. */
  readonly prefix: Prefix;
  /** None of a proxy. */
  readonly ranges: readonly AddressRange[];
  /** Valid and preferred lifetime of an address. */
  readonly leaseSeconds: number;
  readonly dns?: readonly string[];
  readonly ntp?: readonly string[];
  /** Where names are looked up. */
  readonly domains?: readonly string[];
  /** Sent to everybody, already encoded. */
  readonly extraOptions?: readonly Option[];
  readonly reservations: readonly Reservation6[];
}
