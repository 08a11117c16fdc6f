import type { Network } from '../dhcp/network.ts';
import { describeSubnet, hasHost, rangeOf } from '../dhcp/subnet.ts';
import type { Network6 } from '../dhcp6/network.ts';
import { describePrefix, firstAddress, isOnLink } from '../dhcp6/range.ts';
import { parseIpv4 } from '../wire/addresses.ts';
import type { Configured, ControlledNetwork } from './parts.ts';

/** What is served where, as `planNetworks` tells it. */
interface Plan {
  readonly interfaces: readonly { readonly dhcp: Network | undefined; readonly dhcp6: Network6 | undefined }[];
  readonly relayed: readonly Network[];
  readonly relayed6: readonly Network6[];
}

/** The networks of a plan, and what is reserved in them by the configuration, of which `where` is the name. */
export function controlledNetworks(
  { interfaces, relayed, relayed6 }: Plan,
  where: string,
): { networks: readonly ControlledNetwork[]; configured: readonly Configured[] } {
  const four = [...interfaces.flatMap(({ dhcp }) => dhcp ?? []), ...relayed];
  const six = [...interfaces.flatMap(({ dhcp6 }) => dhcp6 ?? []), ...relayed6];
  const configured = [...four, ...six].flatMap(({ name: network, reservations }) =>
    reservations.map((reservation) => ({ ...reservation, network, where })),
  );
  return { networks: [...four.map(network4), ...six.map(network6)], configured };
}

/** The network whose machines can have that address. */
export function networkOf(address: string, networks: readonly ControlledNetwork[]): ControlledNetwork | undefined {
  return networks.find((network) => network.has(address));
}

function network4({ name, mode, subnet, serverAddress, router, dns = [] }: Network): ControlledNetwork {
  const range = rangeOf(subnet);
  return {
    name,
    mode,
    subnet: describeSubnet(subnet),
    has(address) {
      const value = parseIpv4(address);
      return value !== undefined && value >= range.first && value <= range.last;
    },
    whyNot(address) {
      if (!hasHost(range, parseIpv4(address) ?? 0)) return 'it is the first or the last one of its network';
      return whose(address, { serverAddress, router, dns });
    },
  };
}

function network6({ name, mode, prefix, serverAddress, dns = [] }: Network6): ControlledNetwork {
  return {
    name,
    mode,
    subnet: describePrefix(prefix),
    has: (address) => isOnLink(address, prefix),
    whyNot(address) {
      if (address === firstAddress(prefix)) return 'it is the first one of its network';
      return whose(address, { serverAddress, router: undefined, dns });
    },
  };
}

interface Others {
  readonly serverAddress: string;
  readonly router: string | undefined;
  readonly dns: readonly string[];
}

function whose(address: string, { serverAddress, router, dns }: Others): string | undefined {
  if (address === serverAddress) return "it is this server's own";
  if (address === router) return "it is the router's";
  return dns.includes(address) ? "it is a name server's" : undefined;
}
