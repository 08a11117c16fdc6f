import { parseExtraOptions } from '../dhcp/extra-options.ts';
import type { Network } from '../dhcp/network.ts';
import { readPools } from '../dhcp/pool.ts';
import { describeSubnet, rangeOf, type Subnet } from '../dhcp/subnet.ts';
import type { Network6, Prefix } from '../dhcp6/network.ts';
import { describePrefix, overlaps } from '../dhcp6/range.ts';
import { BootwrightError } from '../errors.ts';
import { formatIpv4 } from '../wire/addresses.ts';
import { type Dhcp6Settings, planDhcp6, readPrefix } from './networks6.ts';
import { readRanges } from './ranges.ts';
import type { Settings } from './settings.ts';

/** An IPv4 network that this computer is in. */
interface Standpoint {
  readonly interface: string;
  /** Lower case, with colons. */
  readonly mac: string;
  readonly address: string;
  readonly netmask: string;
  readonly mtuBytes: number;
}

/** Where this computer stands; throws where it does not stand there. */
export interface Locals {
  network(wanted: { interface?: string | undefined; address?: string | undefined }): Standpoint;
  /** The interface's address that machines can be told: not a link-local one. */
  network6(wanted: { interface: string; address?: string | undefined }): { address: string; prefix: Prefix };
}

/** One network card or VLAN that we serve. */
export interface ServedInterface extends Standpoint {
  /** `undefined`: DHCP is off there. */
  readonly dhcp: Network | undefined;
  readonly dhcp6: Network6 | undefined;
}

export interface NetworkPlan {
  /** The first one is that of the settings' top. */
  readonly interfaces: readonly ServedInterface[];
  readonly relayed: readonly Network[];
  readonly relayed6: readonly Network6[];
}

type Dhcp = NonNullable<Settings['networks'][number]['dhcp']>;

/** `10.2.0.0/24` */
function readSubnet(text: string): Subnet {
  const [address = '', bits = ''] = text.split('/');
  const mask = Number(bits) === 0 ? 0 : (0xffffffff << (32 - Number(bits))) >>> 0;
  return { address, netmask: formatIpv4(mask) };
}

/** What a network does: what it says, or what it has to give. Throws DHCP_NOTHING_TO_GIVE or DHCP_PROXY_GIVES_NOTHING. */
function modeOf<Mode extends 'server' | 'proxy' | 'off'>(
  name: string,
  { mode, range, reservations = [] }: { mode?: Mode; range?: string; reservations?: readonly unknown[] },
): Mode | 'server' | 'off' {
  const gives = range !== undefined || reservations.length > 0;
  if (mode === undefined) return gives ? 'server' : 'off';
  if (mode === 'server' && !gives) throw new BootwrightError('DHCP_NOTHING_TO_GIVE', { network: name });
  if (mode === 'proxy' && gives) throw new BootwrightError('DHCP_PROXY_GIVES_NOTHING', { network: name });
  return mode;
}

interface Place {
  readonly name: string;
  readonly serverAddress: string;
  readonly subnet: Subnet;
}

function planDhcp(place: Place, own: Dhcp, settings: Settings): Network | undefined {
  const mode = modeOf(place.name, own);
  if (mode === 'off') return undefined;
  const { router, domain = settings.dhcp.domain, dns = settings.dhcp.dns, ntp = settings.dhcp.ntp } = own;
  const others = [place.serverAddress, ...(router === undefined ? [] : [router]), ...dns];
  return {
    ...place,
    mode,
    httpPort: settings.http.port,
    pools: readPools(readRanges(own.range), place.subnet, others),
    leaseSeconds: own.leaseSeconds ?? settings.dhcp.leaseSeconds,
    dns,
    ntp,
    routes: (own.routes ?? []).map((route) => {
      const [destination = '', via = ''] = route.split(/\s+via\s+/);
      return { destination, via };
    }),
    extraOptions: parseExtraOptions(own.options ?? {}),
    reservations: (own.reservations ?? []).map(({ mac, uuid, clientId, ...rest }) => ({
      ...rest,
      ...(mac === undefined ? {} : { mac: mac.toLowerCase().replaceAll('-', ':') }),
      ...(uuid === undefined ? {} : { uuid: uuid.toLowerCase() }),
      ...(clientId === undefined ? {} : { clientId: clientId.toLowerCase().replaceAll(/[:-]/g, '') }),
    })),
    ...(router === undefined ? {} : { router }),
    ...(domain === undefined ? {} : { domain }),
  };
}

interface Wanted {
  readonly interface?: string | undefined;
  readonly address?: string | undefined;
  readonly dhcp: Dhcp;
  readonly dhcp6: Dhcp6Settings;
}

function planInterface(wanted: Wanted, settings: Settings, locals: Locals): ServedInterface {
  const local = locals.network(wanted);
  const { interface: name, address, netmask } = local;
  const dhcp = planDhcp({ name, serverAddress: address, subnet: { address, netmask } }, wanted.dhcp, settings);
  const mode6 = modeOf(`${name} (IPv6)`, wanted.dhcp6);
  if (mode6 === 'off') return { ...local, dhcp, dhcp6: undefined };
  const local6 = locals.network6({ interface: name, address: wanted.dhcp6.address });
  const place6 = { name, serverAddress: local6.address, prefix: local6.prefix };
  return { ...local, dhcp, dhcp6: planDhcp6(place6, mode6, wanted.dhcp6, settings) };
}

/** Throws NETWORK_TWICE where a message could be of two networks. */
function refuseOverlaps(plan: NetworkPlan): void {
  const names = plan.interfaces.map(({ interface: name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new BootwrightError('NETWORK_TWICE', { one: twice, other: twice });
  const served = [...plan.interfaces.flatMap(({ dhcp }) => dhcp ?? []), ...plan.relayed];
  for (const [index, one] of served.entries()) {
    const { first, last } = rangeOf(one.subnet);
    const other = served.slice(index + 1).find(({ subnet }) => {
      const range = rangeOf(subnet);
      return range.first <= last && first <= range.last;
    });
    if (other !== undefined) throw new BootwrightError('NETWORK_TWICE', { one: one.name, other: other.name });
  }
  const served6 = [...plan.interfaces.flatMap(({ dhcp6 }) => dhcp6 ?? []), ...plan.relayed6];
  for (const [index, one] of served6.entries()) {
    const other = served6.slice(index + 1).find(({ prefix }) => overlaps(prefix, one.prefix));
    if (other !== undefined) throw new BootwrightError('NETWORK_TWICE', { one: one.name, other: other.name });
  }
}

/**
 * What is served where. Pure: this computer's networks come by `locals`. Throws what that throws, DHCP_NOTHING_TO_GIVE,
 * DHCP_PROXY_GIVES_NOTHING, DHCP_POOL_INVALID, NETWORK_WITHOUT_PLACE or NETWORK_TWICE, what `planDhcp6` throws, and for
 * options what `parseExtraOptions` throws.
 */
export function planNetworks(settings: Settings, locals: Locals): NetworkPlan {
  const first = planInterface(settings, settings, locals);
  const interfaces = [first];
  const relayed: Network[] = [];
  const relayed6: Network6[] = [];
  for (const [index, network] of settings.networks.entries()) {
    const { dhcp = {}, dhcp6 = {} } = network;
    if (network.relayed !== undefined) {
      const subnet = readSubnet(network.relayed);
      const place = { name: describeSubnet(subnet), serverAddress: network.address ?? first.address, subnet };
      const planned = planDhcp(place, dhcp, settings);
      if (planned !== undefined) relayed.push(planned);
    }
    const mode6 = network.relayed6 === undefined ? 'off' : modeOf(network.relayed6, dhcp6);
    if (network.relayed6 !== undefined && mode6 !== 'off') {
      const serverAddress = dhcp6.address ?? first.dhcp6?.serverAddress;
      if (serverAddress === undefined) throw new BootwrightError('NETWORK_WITHOUT_PLACE', { number: index + 1 });
      const prefix = readPrefix(network.relayed6);
      const place6 = { name: describePrefix(prefix), serverAddress, prefix };
      relayed6.push(planDhcp6(place6, mode6, dhcp6, settings));
    }
    if (network.relayed !== undefined || network.relayed6 !== undefined) continue;
    if (network.interface === undefined && network.address === undefined) {
      throw new BootwrightError('NETWORK_WITHOUT_PLACE', { number: index + 1 });
    }
    interfaces.push(planInterface({ ...network, dhcp, dhcp6 }, settings, locals));
  }
  const plan = { interfaces, relayed, relayed6 };
  refuseOverlaps(plan);
  return plan;
}
