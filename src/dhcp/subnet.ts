import { formatIpv4, parseIpv4 } from '../wire/addresses.ts';

/** One network of machines: any address of it, and its netmask. Dotted decimal. */
export interface Subnet {
  readonly address: string;
  readonly netmask: string;
}

/** A subnet as numbers of 32 bits, for questions that every message asks. */
export interface SubnetRange {
  /** The network's own address. */
  readonly first: number;
  /** The broadcast address. */
  readonly last: number;
  readonly mask: number;
}

/** Both texts must be IPv4 addresses; `readPool` sees to that, and the configuration. */
export function rangeOf({ address, netmask }: Subnet): SubnetRange {
  const own = parseIpv4(address) ?? 0;
  const mask = parseIpv4(netmask) ?? 0;
  return { first: (own & mask) >>> 0, last: (own | ~mask) >>> 0, mask };
}

/** True where a machine can have that address: in the subnet, and neither its own nor its broadcast address. */
export function hasHost({ first, last }: SubnetRange, address: number): boolean {
  return address > first && address < last;
}

/** True where that is the address of a machine in the subnet, and not the server's. */
export function isMachineOf(range: SubnetRange, address: string, serverAddress: string): boolean {
  return address !== serverAddress && hasHost(range, parseIpv4(address) ?? 0);
}

/** `10.2.0.0/24`, as it stands in texts. */
export function describeSubnet(subnet: Subnet): string {
  const { first, mask } = rangeOf(subnet);
  return `${formatIpv4(first)}/${Math.clz32(~mask)}`;
}
