import { BootwrightError } from '../errors.ts';
import { formatIpv4, formatMac, parseIpv4, parseMac } from './addresses.ts';
import type { Codec } from './codec.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

/** ARP for IPv4 on Ethernet. RFC 826. Addresses as everywhere: dotted decimal, six bytes with colons. */
export interface ArpPacket {
  readonly operation: 'request' | 'reply';
  readonly senderMac: string;
  readonly senderAddress: string;
  readonly targetMac: string;
  readonly targetAddress: string;
}

const ethernet = { type: 1, bytes: 6 } as const;
const ipv4 = { type: 0x0800, bytes: 4 } as const;

function encode(packet: ArpPacket): Uint8Array {
  const writer = new Writer(28).u16(ethernet.type).u16(ipv4.type).u8(ethernet.bytes).u8(ipv4.bytes);
  writer.u16(packet.operation === 'request' ? 1 : 2);
  const put = (mac: string, address: string) =>
    writer.put(parseMac(mac) ?? new Uint8Array(ethernet.bytes)).u32(parseIpv4(address) ?? 0);
  put(packet.senderMac, packet.senderAddress);
  put(packet.targetMac, packet.targetAddress);
  return writer.finish();
}

function decode(bytes: Uint8Array): ArpPacket {
  const reader = new Reader(bytes);
  const kinds = [reader.u16(), reader.u16(), reader.u8(), reader.u8()];
  const operation = reader.u16();
  const isKnown = kinds.join() === [ethernet.type, ipv4.type, ethernet.bytes, ipv4.bytes].join();
  if (!isKnown || (operation !== 1 && operation !== 2)) throw new BootwrightError('ARP_UNKNOWN', { operation });
  const mac = () => formatMac(reader.take(ethernet.bytes));
  const address = () => formatIpv4(reader.u32());
  return {
    operation: operation === 1 ? 'request' : 'reply',
    senderMac: mac(),
    senderAddress: address(),
    targetMac: mac(),
    targetAddress: address(),
  };
}

/** `decode` throws WIRE_TRUNCATED, or ARP_UNKNOWN where it is about anything else. */
export const arpCodec: Codec<ArpPacket> = { encode, decode };
