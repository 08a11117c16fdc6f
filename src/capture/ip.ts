import { formatIpv4, formatIpv6 } from '../wire/addresses.ts';
import { Reader } from '../wire/reader.ts';

/** One IP packet, of either version. Checksums are not looked at: network cards write them after the recorder has seen it. */
export interface IpPacket {
  readonly source: string;
  readonly destination: string;
  /** IANA's number of what `payload` is. */
  readonly protocol: number;
  /** Without the padding of Ethernet; shorter than it was where the recorder cut it. */
  readonly payload: Uint8Array;
  /** Bytes that the recorder cut off. */
  readonly cutBytes: number;
  readonly fragment?: Fragment;
}

interface Fragment {
  /** The same of all fragments of one packet. */
  readonly key: string;
  readonly offsetBytes: number;
  readonly isLast: boolean;
}

export const protocols = { icmp: 1, tcp: 6, udp: 17, icmp6: 58 } as const;

const ipv6Extensions = { hopByHop: 0, routing: 43, fragment: 44, authentication: 51, destination: 60 } as const;
const mostExtensions = 16;

/** RFC 791 §3.1. `undefined` where it is no IPv4. Throws WIRE_TRUNCATED. */
export function decodeIpv4(bytes: Uint8Array): IpPacket | undefined {
  const reader = new Reader(bytes);
  const first = reader.u8();
  const headerBytes = (first & 0x0f) * 4;
  if (first >> 4 !== 4 || headerBytes < 20) return undefined;
  reader.skip(1);
  const announcedBytes = reader.u16();
  const identification = reader.u16();
  const flags = reader.u16();
  reader.skip(1);
  const protocol = reader.u8();
  reader.skip(2);
  const source = formatIpv4(reader.u32());
  const destination = formatIpv4(reader.u32());
  // 0: the network card is to cut a large packet into pieces, and writes the length then.
  const totalBytes = announcedBytes === 0 ? bytes.length : Math.max(announcedBytes, headerBytes);
  const payload = reader.seek(headerBytes).take(Math.min(totalBytes - headerBytes, reader.remaining));
  const offsetBytes = (flags & 0x1fff) * 8;
  const isLast = (flags & 0x2000) === 0;
  return {
    source,
    destination,
    protocol,
    payload,
    cutBytes: totalBytes - headerBytes - payload.length,
    ...(isLast && offsetBytes === 0
      ? {}
      : { fragment: { key: `${source} ${destination} ${protocol} ${identification}`, offsetBytes, isLast } }),
  };
}

/** RFC 8200 §3 and §4. `undefined` where it is no IPv6. Throws WIRE_TRUNCATED. */
export function decodeIpv6(bytes: Uint8Array): IpPacket | undefined {
  const reader = new Reader(bytes);
  if (reader.u8() >> 4 !== 6) return undefined;
  reader.skip(3);
  const announcedBytes = reader.u16();
  let protocol = reader.u8();
  reader.skip(1);
  const source = formatIpv6(reader.take(16));
  const destination = formatIpv6(reader.take(16));
  const endBytes = 40 + (announcedBytes === 0 ? bytes.length - 40 : announcedBytes);
  let fragment: Fragment | undefined;
  for (let count = 0; count < mostExtensions; count += 1) {
    const isFragment = protocol === ipv6Extensions.fragment;
    if (!Object.values<number>(ipv6Extensions).includes(protocol)) break;
    const next = reader.u8();
    const length = reader.u8();
    if (isFragment) {
      const place = reader.u16();
      const key = `${source} ${destination} ${reader.u32()}`;
      fragment = { key, offsetBytes: place & 0xfff8, isLast: (place & 1) === 0 };
    } else {
      reader.skip((protocol === ipv6Extensions.authentication ? (length + 2) * 4 : (length + 1) * 8) - 2);
    }
    protocol = next;
  }
  const wantedBytes = Math.max(endBytes - reader.offset, 0);
  const payload = reader.take(Math.min(wantedBytes, reader.remaining));
  const isWhole = fragment?.isLast === true && fragment.offsetBytes === 0;
  return {
    source,
    destination,
    protocol,
    payload,
    cutBytes: wantedBytes - payload.length,
    ...(fragment === undefined || isWhole ? {} : { fragment }),
  };
}
