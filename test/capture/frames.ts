import { formatIpv4, parseIpv4, parseIpv6, parseMac } from '../../src/wire/addresses.ts';
import { Writer } from '../../src/wire/writer.ts';

/** Frames as they are on the wire, for tests; checksums are 0, as network cards leave them to be filled in. */
export interface FrameEnds {
  readonly sourceMac?: string;
  readonly destinationMac?: string;
  readonly from: { readonly address: string; readonly port: number };
  readonly to: { readonly address: string; readonly port: number };
}

const machineMac = '52:54:00:00:00:01';
const serverMac = '52:54:00:00:00:fe';

export function ethernet(etherType: number, payload: Uint8Array, ends: Partial<FrameEnds> = {}): Uint8Array {
  return new Writer()
    .put(parseMac(ends.destinationMac ?? serverMac) ?? new Uint8Array(6))
    .put(parseMac(ends.sourceMac ?? machineMac) ?? new Uint8Array(6))
    .u16(etherType)
    .put(payload)
    .finish()
    .slice();
}

interface Ipv4Options {
  readonly identification?: number;
  readonly offsetBytes?: number;
  readonly more?: boolean;
}

export function ipv4(protocol: number, ends: FrameEnds, payload: Uint8Array, options: Ipv4Options = {}): Uint8Array {
  const { identification = 1, offsetBytes = 0, more = false } = options;
  return new Writer()
    .u8(0x45)
    .u8(0)
    .u16(20 + payload.length)
    .u16(identification)
    .u16((more ? 0x2000 : 0) | (offsetBytes / 8))
    .u8(64)
    .u8(protocol)
    .u16(0)
    .u32(parseIpv4(ends.from.address) ?? 0)
    .u32(parseIpv4(ends.to.address) ?? 0)
    .put(payload)
    .finish()
    .slice();
}

export function udpSegment({ from, to }: FrameEnds, payload: Uint8Array): Uint8Array {
  return new Writer()
    .u16(from.port)
    .u16(to.port)
    .u16(8 + payload.length)
    .u16(0)
    .put(payload)
    .finish()
    .slice();
}

/** A whole Ethernet frame of UDP, over the version of IP that the addresses are of. */
export function udpFrame(ends: FrameEnds, payload: Uint8Array): Uint8Array {
  const segment = udpSegment(ends, payload);
  const source = parseIpv6(ends.from.address);
  const destination = parseIpv6(ends.to.address);
  if (source === undefined || destination === undefined) return ethernet(0x0800, ipv4(17, ends, segment), ends);
  const packet = new Writer().u32(0x60000000).u16(segment.length).u8(17).u8(64).put(source).put(destination);
  return ethernet(0x86dd, packet.put(segment).finish().slice(), ends);
}

export function tcpFrame(ends: FrameEnds, text: string, flags = 0x18): Uint8Array {
  const segment = new Writer().u16(ends.from.port).u16(ends.to.port).u32(1).u32(1).u8(0x50).u8(flags).zeros(6);
  return ethernet(0x0800, ipv4(6, ends, segment.put(Buffer.from(text, 'latin1')).finish().slice()), ends);
}

/** `10.0.0.<last>`. */
export function lan(last: number): string {
  return formatIpv4((10 << 24) + last);
}
