import { BootwrightError } from '../errors.ts';
import { formatIpv4, parseIpv4 } from '../wire/addresses.ts';
import { describeSubnet, rangeOf, type Subnet } from './subnet.ts';

/** The first and the last address that machines may get, dotted decimal. */
export interface PoolRange {
  readonly first: string;
  readonly last: string;
}

/** Addresses as numbers of 32 bits. */
export interface AddressPool {
  readonly first: number;
  readonly last: number;
  /** Inside the range, but somebody else's: the server, the router, name servers, the network and its broadcast address. */
  readonly reserved: ReadonlySet<number>;
}

/**
 * The pools of one network. `others` are addresses that no machine may get, such as the server's and the router's.
 * Throws DHCP_POOL_INVALID.
 */
export function readPools(
  ranges: readonly PoolRange[],
  subnet: Subnet,
  others: readonly string[] = [],
): readonly AddressPool[] {
  const pools: AddressPool[] = [];
  for (const range of ranges) {
    const pool = readPool(range, subnet, others);
    const earlier = pools.find(({ first, last }) => first <= pool.last && pool.first <= last);
    if (earlier !== undefined) throw refusal(range, subnet, `it overlaps with ${describePool(earlier)}`);
    pools.push(pool);
  }
  return pools;
}

/** Throws DHCP_POOL_INVALID. `others` are addresses that no machine may get, such as the server's and the router's. */
export function readPool(range: PoolRange, subnet: Subnet, others: readonly string[] = []): AddressPool {
  const refuse = (reason: string) => refusal(range, subnet, reason);
  const parse = (text: string): number => {
    const value = parseIpv4(text);
    if (value === undefined) throw refuse(`"${text}" is no IPv4 address`);
    return value;
  };
  const first = parse(range.first);
  const last = parse(range.last);
  parse(subnet.address);
  const holes = ~parse(subnet.netmask) >>> 0;
  if ((holes & (holes + 1)) !== 0) throw refuse('the netmask has gaps');
  if (first > last) throw refuse('its first address comes after its last');
  const whole = rangeOf(subnet);
  if (first < whole.first || last > whole.last) throw refuse('it leaves that network');
  // EDK2 takes an offer of 0.x.x.x for one of a proxy (PxeBcDhcp4.c).
  if (first >>> 24 === 0) throw refuse('machines take an address that starts with 0 for none');
  const reserved = new Set([whole.first, whole.last, ...others.map(parse)]);
  const inside = [...reserved].filter((address) => address >= first && address <= last).length;
  if (inside === last - first + 1) throw refuse('every address of it is reserved');
  return { first, last, reserved };
}

function refusal({ first, last }: PoolRange, subnet: Subnet, reason: string): BootwrightError {
  const isSubnet = parseIpv4(subnet.address) !== undefined && parseIpv4(subnet.netmask) !== undefined;
  const network = isSubnet ? describeSubnet(subnet) : `${subnet.address} with netmask ${subnet.netmask}`;
  return new BootwrightError('DHCP_POOL_INVALID', { first, last, network, reason });
}

/** `10.0.0.10 to 10.0.0.99`, as it stands in texts. */
export function describePool({ first, last }: AddressPool): string {
  return `${formatIpv4(first)} to ${formatIpv4(last)}`;
}
