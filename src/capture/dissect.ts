import { hasCode } from '../errors.ts';
import { type ArpPacket, arpCodec } from '../wire/arp.ts';
import { Reader } from '../wire/reader.ts';
import { Reassembly } from './fragments.ts';
import { decodeIpv4, decodeIpv6, type IpPacket, protocols } from './ip.ts';
import { decodeFrame, etherTypes, type Frame } from './link.ts';
import type { CapturedPacket } from './packet.ts';

/** An address of either version of IP, and a port. */
export interface End {
  readonly address: string;
  readonly port: number;
}

/** What one packet is, as far as booting is concerned. `payload` is shorter than it was where the recorder cut it. */
export type Content =
  | { readonly kind: 'arp'; readonly arp: ArpPacket }
  | {
      readonly kind: 'udp';
      readonly from: End;
      readonly to: End;
      readonly payload: Uint8Array;
      readonly cutBytes: number;
    }
  | {
      readonly kind: 'tcp';
      readonly from: End;
      readonly to: End;
      readonly payload: Uint8Array;
      readonly cutBytes: number;
      readonly flags: number;
    }
  | {
      readonly kind: 'icmp' | 'icmp6';
      readonly from: string;
      readonly to: string;
      readonly type: number;
      readonly code: number;
      readonly body: Uint8Array;
    }
  | { readonly kind: 'other' };

export type Dissected = Pick<Frame, 'sourceMac' | 'destinationMac' | 'vlans'> & Content;

const other: Dissected = { kind: 'other', vlans: [] };

/** Flags of TCP. RFC 9293 §3.1. */
export const tcpFlags = { fin: 1, syn: 2, reset: 4, acknowledge: 16 } as const;

/** Takes the headers off packets; one for a capture, since packets may come in several fragments. Never throws. */
export class Dissector {
  readonly #reassembly = new Reassembly();

  /** Views into `packet.bytes`, but for what came in fragments; those are `other`, and the last of them is the whole. */
  dissect({ linkType, bytes, timeNs }: Pick<CapturedPacket, 'linkType' | 'bytes' | 'timeNs'>): Dissected {
    try {
      const frame = decodeFrame(linkType, bytes);
      if (frame === undefined) return other;
      const { sourceMac, destinationMac, vlans } = frame;
      const link = {
        vlans,
        ...(sourceMac === undefined ? {} : { sourceMac }),
        ...(destinationMac === undefined ? {} : { destinationMac }),
      };
      return { ...link, ...this.#content(frame, timeNs) };
    } catch (error) {
      if (hasCode(error, 'WIRE_TRUNCATED') || hasCode(error, 'ARP_UNKNOWN')) return other;
      throw error;
    }
  }

  #content({ etherType, payload }: Frame, timeNs: bigint): Content {
    switch (etherType) {
      case etherTypes.arp:
        return { kind: 'arp', arp: arpCodec.decode(payload) };
      case etherTypes.ipv4:
        return this.#ip(decodeIpv4(payload), timeNs);
      case etherTypes.ipv6:
        return this.#ip(decodeIpv6(payload), timeNs);
      default:
        return { kind: 'other' };
    }
  }

  #ip(packet: IpPacket | undefined, timeNs: bigint): Content {
    const whole = packet === undefined ? undefined : this.#reassembly.add(packet, timeNs);
    if (whole === undefined) return { kind: 'other' };
    switch (whole.protocol) {
      case protocols.udp:
        return udp(whole);
      case protocols.tcp:
        return tcp(whole);
      case protocols.icmp:
      case protocols.icmp6:
        return icmp(whole, whole.protocol === protocols.icmp ? 'icmp' : 'icmp6');
      default:
        return { kind: 'other' };
    }
  }
}

/** RFC 768. */
function udp({ source, destination, payload, cutBytes }: IpPacket): Content {
  const reader = new Reader(payload);
  const from = { address: source, port: reader.u16() };
  const to = { address: destination, port: reader.u16() };
  const announcedBytes = reader.u16() - 8;
  reader.skip(2);
  // 0, and so less than the header, is what a packet above 64 KiB says (RFC 2675).
  const length = announcedBytes < 0 ? reader.remaining : Math.min(announcedBytes, reader.remaining);
  return {
    kind: 'udp',
    from,
    to,
    payload: reader.take(length),
    cutBytes: cutBytes === 0 ? 0 : Math.max(announcedBytes - length, 0),
  };
}

/** RFC 9293 §3.1. */
function tcp({ source, destination, payload, cutBytes }: IpPacket): Content {
  const reader = new Reader(payload);
  const from = { address: source, port: reader.u16() };
  const to = { address: destination, port: reader.u16() };
  reader.skip(8);
  const dataBytes = (reader.u8() >> 4) * 4;
  const flags = reader.u8();
  return { kind: 'tcp', from, to, flags, payload: reader.seek(Math.max(dataBytes, 20)).rest(), cutBytes };
}

function icmp({ source, destination, payload }: IpPacket, kind: 'icmp' | 'icmp6'): Content {
  const reader = new Reader(payload);
  return { kind, from: source, to: destination, type: reader.u8(), code: reader.u8(), body: reader.skip(2).rest() };
}
