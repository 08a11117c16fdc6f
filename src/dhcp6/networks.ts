import { LeaseTable6 } from './lease-table.ts';
import type { Network6 } from './network.ts';
import { isOnLink } from './range.ts';
import type { Served } from './reply.ts';

/** An interface, and the network that is on it. */
export interface Listener6 {
  /** Such as `eth0`. */
  readonly interface: string;
  /** Without one, only relays are heard there. */
  readonly network?: Network6;
}

/** All networks that are served, each with its leases. */
export class Networks6 {
  readonly all: readonly Served[];
  readonly #byInterface: ReadonlyMap<string, Served>;

  /** Throws DHCP6_RANGE_INVALID. */
  constructor(listeners: readonly Listener6[], relayed: readonly Network6[]) {
    const serve = (network: Network6): Served => ({ network, leases: new LeaseTable6(network) });
    const near = listeners.flatMap(({ interface: name, network }) =>
      network === undefined ? [] : [[name, serve(network)] as const],
    );
    this.#byInterface = new Map(near);
    this.all = [...near.map(([, served]) => served), ...relayed.map(serve)];
  }

  on(name: string): Served | undefined {
    return this.#byInterface.get(name);
  }

  /** The one whose leases have that address. */
  serving(address: string): Served | undefined {
    const served = this.at(address);
    return served?.network.mode === 'server' ? served : undefined;
  }

  /** The network that has the address. */
  at(address: string): Served | undefined {
    return this.all.find(({ network }) => isOnLink(address, network.prefix));
  }
}
