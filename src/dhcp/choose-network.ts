import { parseIpv4 } from '../wire/addresses.ts';
import type { Network } from './network.ts';
import { readOption } from './options.ts';
import { type DhcpPacket, noAddress } from './packet.ts';
import type { RelayOptions } from './relay-options.ts';
import { ServedNetwork } from './served-network.ts';
import { describeSubnet } from './subnet.ts';

/** RFC 1542 §4.1.1 lets no message through more relays. What arrives with more goes round in a circle. */
const mostRelays = 16;

/** An interface, and the network that is on it; without one, only relays are heard there. */
export interface Listener {
  /** Such as `eth0`. */
  readonly interface: string;
  readonly network?: Network | undefined;
}

/** Every network that one server knows: those of its interfaces, and those behind relays. */
export class Networks {
  /** The smallest first: it counts where two hold an address. */
  readonly all: readonly ServedNetwork[];
  /** Under all of these we are meant. */
  readonly ownAddresses: ReadonlySet<string>;
  readonly #byInterface: ReadonlyMap<string, ServedNetwork>;
  readonly #relayed: readonly ServedNetwork[];

  /** Throws DHCP_RESERVATION_INVALID. */
  constructor(listeners: readonly Listener[], relayed: readonly Network[]) {
    const smallestFirst = (one: ServedNetwork, other: ServedNetwork) => other.range.mask - one.range.mask;
    this.#byInterface = new Map(
      listeners.flatMap(({ interface: name, network }) =>
        network === undefined ? [] : [[name, new ServedNetwork(network)] as const],
      ),
    );
    this.#relayed = relayed.map((network) => new ServedNetwork(network)).toSorted(smallestFirst);
    this.all = [...this.#byInterface.values(), ...this.#relayed].toSorted(smallestFirst);
    this.ownAddresses = new Set(this.all.map(({ network }) => network.serverAddress));
  }

  on(name: string): ServedNetwork | undefined {
    return this.#byInterface.get(name);
  }

  containing(address: string): ServedNetwork | undefined {
    return holding(this.all, address);
  }

  behindRelays(address: string): ServedNetwork | undefined {
    return holding(this.#relayed, address);
  }

  /** The one whose leases have that address. */
  serving(address: string): ServedNetwork | undefined {
    const servers = this.all.filter(({ network }) => network.mode === 'server');
    return holding(servers, address);
  }
}

/** A server has few networks; a look through them costs less than an index of prefixes. */
function holding(networks: readonly ServedNetwork[], address: string): ServedNetwork | undefined {
  const number = parseIpv4(address);
  return number === undefined ? undefined : networks.find((served) => served.holds(number));
}

/**
 * The network of the machine that asks: the link that a relay names (RFC 3527), the subnet that is asked for (RFC 3011),
 * the relay's own (RFC 2131 §4.3.1), that of the machine's address where it renews a lease past its relay, or that of
 * the interface. A text says why there is none; `undefined`: on that interface we are not there for machines.
 */
export function chooseNetwork(
  request: DhcpPacket,
  relay: RelayOptions,
  networks: Networks,
  on: string,
): ServedNetwork | string | undefined {
  const { giaddr, ciaddr, hops, options } = request;
  if (hops > mostRelays) return `it came through ${hops} relays, which is a circle`;
  const known = (address: string, what: string) =>
    networks.containing(address) ??
    `${what} ${address}, which is in none of the networks that are served: ${list(networks)}`;
  if (giaddr !== noAddress) {
    if (networks.ownAddresses.has(giaddr)) return `its relay ${giaddr} has the address of this server`;
    if (relay.linkSelection !== undefined) return known(relay.linkSelection, `its relay ${giaddr} asks for`);
  }
  const subnet = readOption(options, 'subnetSelection');
  if (subnet !== undefined) return known(subnet, 'it asks for an address of');
  if (giaddr !== noAddress) return known(giaddr, 'it asks through the relay');
  const local = networks.on(on);
  if (ciaddr === noAddress || local?.holds(parseIpv4(ciaddr) ?? 0)) return local;
  return networks.behindRelays(ciaddr) ?? local;
}

function list({ all }: Networks): string {
  const texts = all.map(({ network }) => describeSubnet(network.subnet));
  return texts.length <= 8 ? texts.join(', ') : `${texts.slice(0, 8).join(', ')} and ${texts.length - 8} more`;
}
