import { BootwrightError } from '../errors.ts';
import { formatIpv4, parseIpv4 } from '../wire/addresses.ts';

/** The first and the last address that machines may get, dotted decimal. */
export interface PoolRange {
  readonly first: string;
  readonly last: string;
}

/** Where the server stands: its own address, and the netmask of its network. Dotted decimal. */
interface Standpoint {
  readonly address: string;
  readonly netmask: string;
}

/** Addresses as numbers of 32 bits. */
export interface AddressPool {
  readonly first: number;
  readonly last: number;
  /** Inside the range, but somebody else's: the server, the router, name servers, the network and its broadcast address. */
  readonly reserved: ReadonlySet<number>;
}

/** Throws DHCP_POOL_INVALID. `others` are addresses that no machine may get, such as the router's. */
export function readPool(range: PoolRange, standpoint: Standpoint, others: readonly string[] = []): AddressPool {
  const refuse = (reason: string) =>
    new BootwrightError('DHCP_POOL_INVALID', {
      first: range.first,
      last: range.last,
      address: standpoint.address,
      netmask: standpoint.netmask,
      reason,
    });
  const parse = (text: string): number => {
    const value = parseIpv4(text);
    if (value === undefined) throw refuse(`"${text}" is no IPv4 address`);
    return value;
  };
  const first = parse(range.first);
  const last = parse(range.last);
  const own = parse(standpoint.address);
  const mask = parse(standpoint.netmask);
  if (((~mask >>> 0) & ((~mask >>> 0) + 1)) !== 0) throw refuse('the netmask has gaps');
  if (first > last) throw refuse('its first address comes after its last');
  if (!sameNetwork(first, own, mask) || !sameNetwork(last, own, mask)) throw refuse('it leaves that network');
  // EDK2 takes an offer of 0.x.x.x for one of a proxy (PxeBcDhcp4.c).
  if (first >>> 24 === 0) throw refuse('machines take an address that starts with 0 for none');
  const reserved = new Set([own, (own & mask) >>> 0, broadcastOf(own, mask), ...others.map(parse)]);
  const inside = [...reserved].filter((address) => address >= first && address <= last).length;
  if (inside === last - first + 1) throw refuse('every address of it is reserved');
  return { first, last, reserved };
}

function sameNetwork(one: number, other: number, mask: number): boolean {
  return (one & mask) === (other & mask);
}

function broadcastOf(address: number, mask: number): number {
  return (address | ~mask) >>> 0;
}

export function broadcastAddress({ address, netmask }: Standpoint): string {
  return formatIpv4(broadcastOf(parseIpv4(address) ?? 0, parseIpv4(netmask) ?? 0));
}

/** True where a machine with that address stands in the network of the server and is not the server itself. */
export function isNeighbour(candidate: string, { address, netmask }: Standpoint): boolean {
  const value = parseIpv4(candidate) ?? 0;
  const own = parseIpv4(address) ?? 0;
  const mask = parseIpv4(netmask) ?? 0;
  const isHost = value !== (own & mask) >>> 0 && value !== broadcastOf(own, mask);
  return sameNetwork(value, own, mask) && isHost && value !== own;
}

/** `10.0.0.10 to 10.0.0.99`, as it stands in texts. */
export function describePool({ first, last }: AddressPool): string {
  return `${formatIpv4(first)} to ${formatIpv4(last)}`;
}
