import { existsSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { BootwrightError } from '../errors.ts';
import { formatIpv6, parseIpv6 } from '../wire/addresses.ts';

/** One IPv4 address of this machine, and where it is. Dotted decimal. */
export interface LocalNetwork {
  readonly interface: string;
  /** Of the interface, lower case with colons. */
  readonly mac: string;
  readonly address: string;
  readonly netmask: string;
  /** The largest packet that the interface carries, headers of IP included. */
  readonly mtuBytes: number;
}

function mtuOf(name: string): number {
  try {
    return Number(readFileSync(`/sys/class/net/${name}/mtu`, 'utf8'));
  } catch {
    return 1500;
  }
}

function allNetworks(): LocalNetwork[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses
      .filter(({ family }) => family === 'IPv4')
      .map(({ mac, address, netmask }) => ({ interface: name, mac, address, netmask, mtuBytes: mtuOf(name) })),
  );
}

/** Also where it is down or has no address, which Node does not list. */
function isInterface(name: string): boolean {
  return /^[^/]+$/.test(name) && existsSync(`/sys/class/net/${name}/mtu`);
}

/** Switched off, or without a cable. Its addresses can't be read then. Documentation/networking/operstates.rst of Linux. */
function isDown(name: string): boolean {
  return /down/.test(readFileSync(`/sys/class/net/${name}/operstate`, 'utf8'));
}

/**
 * The network that the machines are on: the one that was named by its interface or by our address there, or else the
 * only one that this machine has. Throws INTERFACE_NOT_FOUND, INTERFACE_DOWN, INTERFACE_WITHOUT_ADDRESS,
 * ADDRESS_NOT_HERE, NO_NETWORK or INTERFACE_NOT_NAMED.
 */
export function chooseNetwork(wanted: { interface?: string | undefined; address?: string | undefined }): LocalNetwork {
  const networks = allNetworks();
  const known = [...new Set(networks.map((network) => `${network.interface} (${network.address})`))].join(', ');
  if (wanted.interface !== undefined && !isInterface(wanted.interface)) {
    throw new BootwrightError('INTERFACE_NOT_FOUND', { interface: wanted.interface, known });
  }
  const there = networks.filter(({ interface: name }) => wanted.interface === undefined || name === wanted.interface);
  if (wanted.address !== undefined) {
    const found = there.find(({ address }) => address === wanted.address);
    if (found === undefined) throw new BootwrightError('ADDRESS_NOT_HERE', { address: wanted.address, known });
    return found;
  }
  if (wanted.interface !== undefined) {
    const [first] = there;
    if (first !== undefined) return first;
    const code = isDown(wanted.interface) ? 'INTERFACE_DOWN' : 'INTERFACE_WITHOUT_ADDRESS';
    throw new BootwrightError(code, { interface: wanted.interface });
  }
  const [only, ...others] = there.filter(({ address }) => !address.startsWith('127.'));
  if (only === undefined) throw new BootwrightError('NO_NETWORK', {});
  if (others.length > 0) throw new BootwrightError('INTERFACE_NOT_NAMED', { count: others.length + 1, known });
  return only;
}

/** An IPv6 address of this machine that others can be told, and the network that it is in. */
export interface LocalAddress6 {
  readonly address: string;
  readonly prefix: { readonly address: string; readonly prefixBits: number };
}

/**
 * The address of an interface that was named, or else its first one that is no link-local one: those mean nothing in a
 * URL. Throws INTERFACE_WITHOUT_ADDRESS6 or ADDRESS_NOT_HERE.
 */
export function chooseAddress6(wanted: { interface: string; address?: string | undefined }): LocalAddress6 {
  const there = (networkInterfaces()[wanted.interface] ?? []).flatMap(({ family, scopeid, address, cidr }) =>
    family === 'IPv6' && scopeid === 0 ? [{ address, prefixBits: Number(cidr?.split('/')[1] ?? 64) }] : [],
  );
  if (there.length === 0) throw new BootwrightError('INTERFACE_WITHOUT_ADDRESS6', { interface: wanted.interface });
  const canonical = (text: string) => formatIpv6(parseIpv6(text) ?? new Uint8Array(16));
  const found = there.find(
    ({ address }) => wanted.address === undefined || canonical(address) === canonical(wanted.address),
  );
  if (found === undefined) {
    const known = there.map(({ address }) => `${wanted.interface} (${address})`).join(', ');
    throw new BootwrightError('ADDRESS_NOT_HERE', { address: wanted.address ?? '', known });
  }
  return { address: found.address, prefix: found };
}
