import { formatMac } from '../wire/addresses.ts';
import { Reader } from '../wire/reader.ts';
import { linkTypes } from './packet.ts';

/** What one frame carries, and between whom; a link without Ethernet's addresses does not say. */
export interface Frame {
  /** Lower case with colons. */
  readonly sourceMac?: string;
  readonly destinationMac?: string;
  /** Numbers of VLANs, the outermost first. IEEE 802.1Q. */
  readonly vlans: readonly number[];
  readonly etherType: number;
  readonly payload: Uint8Array;
}

export const etherTypes = { ipv4: 0x0800, arp: 0x0806, ipv6: 0x86dd } as const;
const vlanTypes: readonly number[] = [0x8100, 0x88a8, 0x9100];
const mostVlans = 4;

/** BSDs' numbers for raw IP, which files of theirs hold. */
const rawIpTypes: readonly number[] = [linkTypes.rawIp, linkTypes.ipv4, linkTypes.ipv6, 12, 14];

/** `undefined` where the link type is not understood, or the frame names no protocol. Throws WIRE_TRUNCATED. */
export function decodeFrame(linkType: number, bytes: Uint8Array): Frame | undefined {
  const reader = new Reader(bytes);
  if (rawIpTypes.includes(linkType)) {
    const version = bytes[0] === undefined ? 0 : bytes[0] >> 4;
    if (version !== 4 && version !== 6) return undefined;
    return { vlans: [], etherType: version === 4 ? etherTypes.ipv4 : etherTypes.ipv6, payload: bytes };
  }
  switch (linkType) {
    case linkTypes.ethernet: {
      const destinationMac = formatMac(reader.take(6));
      const sourceMac = formatMac(reader.take(6));
      return { sourceMac, destinationMac, ...withoutTags(reader.u16(), reader) };
    }
    case linkTypes.linuxCooked: {
      reader.skip(4);
      const length = reader.u16();
      const address = reader.take(8);
      return { ...from(length, address), ...withoutTags(reader.u16(), reader) };
    }
    case linkTypes.linuxCooked2: {
      const etherType = reader.u16();
      reader.skip(9);
      const length = reader.u8();
      const address = reader.take(8);
      return { ...from(length, address), ...withoutTags(etherType, reader) };
    }
    default:
      return undefined;
  }
}

function from(length: number, address: Uint8Array): { sourceMac?: string } {
  return length === 6 ? { sourceMac: formatMac(address.subarray(0, 6)) } : {};
}

function withoutTags(first: number, reader: Reader): Pick<Frame, 'vlans' | 'etherType' | 'payload'> {
  const vlans: number[] = [];
  let etherType = first;
  while (vlanTypes.includes(etherType) && vlans.length < mostVlans) {
    vlans.push(reader.u16() & 0x0fff);
    etherType = reader.u16();
  }
  return { vlans, etherType, payload: reader.rest() };
}
