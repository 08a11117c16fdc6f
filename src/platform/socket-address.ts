import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from '../wire/addresses.ts';
import { packetCalls } from './packet-calls.ts';
import type { Endpoint } from './udp.ts';

// Linux's numbers: bits/socket.h, net/if.h.
export const AF_INET = 2;
export const AF_INET6 = 10;
const IF_NAMESIZE = 16;
/** `struct sockaddr_in6`, the larger one of the two. */
export const socketAddressBytes = 28;

/**
 * `struct sockaddr_in`: the family in the machine's order, port and address in network order, eight zeros. `struct
 * sockaddr_in6`: the same, then flow information, the address, and the number of the interface of a link-local one.
 */
export function socketAddress({ address, port }: Endpoint): Uint8Array {
  const isIpv6 = address.includes(':');
  const bytes = new Uint8Array(isIpv6 ? 28 : 16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, isIpv6 ? AF_INET6 : AF_INET, true);
  view.setUint16(2, port);
  if (!isIpv6) {
    view.setUint32(4, parseIpv4(address) ?? 0);
    return bytes;
  }
  const [plain = '', zone] = address.split('%');
  bytes.set(parseIpv6(plain) ?? [], 8);
  if (zone !== undefined)
    view.setUint32(24, /^\d+$/.test(zone) ? Number(zone) : packetCalls().if_nametoindex(zone), true);
  return bytes;
}

/** What `socketAddress` wrote, or the kernel. */
export function endpointOf(bytes: Uint8Array): Endpoint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const port = view.getUint16(2);
  if (view.getUint16(0, true) === AF_INET) return { address: formatIpv4(view.getUint32(4)), port };
  const address = formatIpv6(bytes.subarray(8, 24));
  const scope = view.getUint32(24, true);
  return { address: scope === 0 ? address : `${address}%${interfaceName(scope)}`, port };
}

function interfaceName(index: number): string {
  const name = new Uint8Array(IF_NAMESIZE);
  packetCalls().if_indextoname(index, name);
  const end = name.indexOf(0);
  return end > 0 ? new TextDecoder('latin1').decode(name.subarray(0, end)) : String(index);
}
