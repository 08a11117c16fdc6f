import type { Options } from './options.ts';
import type { AddressPool } from './pool.ts';
import type { Subnet } from './subnet.ts';

/** An address that is kept for one machine, known by what is given of the three. */
export interface Reservation {
  /** Lower case, with colons. */
  readonly mac?: string;
  /** Option 61, all its bytes as lower-case hexadecimal digits: `ff00c0ffee…`. */
  readonly clientId?: string;
  /** Option 97 without its type byte: `4c4c4544-0042-3510-8052-b4c04f4e4d32`, in the order of RFC 4578 §2.3. */
  readonly uuid?: string;
  /** Dotted decimal, in the subnet of its network, inside or outside of the pools. */
  readonly address: string;
  /** Option 12 of the replies. */
  readonly hostName?: string;
}

/** A way to other networks. RFC 3442. */
export interface Route {
  /** `10.1.0.0/16`. */
  readonly destination: string;
  /** Dotted decimal. */
  readonly via: string;
}

/** One network of machines, and what they are told. Addresses are dotted decimal. */
export interface Network {
  /** For the log: `eth0`, or `10.2.0.0/24`. */
  readonly name: string;
  /** `server`: gives addresses, authoritatively. `proxy`: another server does; we name the boot file only. */
  readonly mode: 'server' | 'proxy';
  /** Ours: option 54, `siaddr`, and the address of TFTP and HTTP. */
  readonly serverAddress: string;
  readonly httpPort: number;
  /** The machines' own network; of a relayed one, `serverAddress` stands in another. */
  readonly subnet: Subnet;
  /** Without overlaps. None of a proxy. */
  readonly pools: readonly AddressPool[];
  readonly leaseSeconds: number;
  readonly router?: string;
  readonly dns?: readonly string[];
  readonly ntp?: readonly string[];
  readonly domain?: string;
  readonly routes?: readonly Route[];
  /** What `parseExtraOptions` made of the configuration. */
  readonly extraOptions?: Options;
  /** Those that the network starts with; `DhcpServer.reserve` adds others while it runs. */
  readonly reservations: readonly Reservation[];
}
