import { BootwrightError, hasCode } from '../errors.ts';
import { formatIpv4, parseIpv4 } from '../wire/addresses.ts';
import { Reader } from '../wire/reader.ts';
import { Writer } from '../wire/writer.ts';
import { text } from './option-codecs.ts';
import { type Options, optionTable, readOption } from './options.ts';

/** A DHCP message: RFC 2131 §2, figure 1, with the names of that figure. Addresses are dotted decimal. */
export interface DhcpPacket {
  readonly op: 'request' | 'reply';
  /** 1 is Ethernet. */
  readonly htype: number;
  readonly hops: number;
  readonly xid: number;
  /** Seconds since the client began to ask. */
  readonly secs: number;
  /** The client can't take unicast yet. The only flag there is. */
  readonly broadcast: boolean;
  readonly ciaddr: string;
  readonly yiaddr: string;
  readonly siaddr: string;
  readonly giaddr: string;
  /** As long as `hlen` says: six bytes of an Ethernet client. */
  readonly chaddr: Uint8Array;
  readonly sname: string;
  readonly file: string;
  readonly options: Options;
}

/** The address that means none. */
export const noAddress = '0.0.0.0';

const magicCookie = 0x63825363;
const pad = 0;
const end = 255;
const broadcastFlag = 0x8000;
const chaddrBytes = 16;
const snameBytes = 64;
/** Of the `file` field; the last one is a NUL. */
export const fileBytes = 128;
/** BOOTP's size, which old relays and clients insist on. RFC 1542 §2.1. */
const minimumBytes = 300;
const maximumOptionBytes = 255;
/** What most answers fit into; a longer one makes its buffer grow. */
const expectedBytes = 512;

/** Throws DHCP_MALFORMED. */
export function decodePacket(bytes: Uint8Array): DhcpPacket {
  try {
    return decodeFields(new Reader(bytes));
  } catch (error) {
    if (!hasCode(error, 'WIRE_TRUNCATED')) throw error;
    throw new BootwrightError('DHCP_MALFORMED', { what: error.message }, { cause: error });
  }
}

function decodeFields(reader: Reader): DhcpPacket {
  const op = reader.u8();
  if (op !== 1 && op !== 2) throw new BootwrightError('DHCP_MALFORMED', { what: `op is ${op}, neither 1 nor 2` });
  const htype = reader.u8();
  const hlen = reader.u8();
  if (hlen > chaddrBytes) {
    throw new BootwrightError('DHCP_MALFORMED', { what: `a hardware address of ${hlen} bytes, above ${chaddrBytes}` });
  }
  const hops = reader.u8();
  const xid = reader.u32();
  const secs = reader.u16();
  const broadcast = (reader.u16() & broadcastFlag) !== 0;
  const ciaddr = formatIpv4(reader.u32());
  const yiaddr = formatIpv4(reader.u32());
  const siaddr = formatIpv4(reader.u32());
  const giaddr = formatIpv4(reader.u32());
  const chaddr = reader.take(hlen);
  reader.skip(chaddrBytes - hlen);
  const sname = reader.take(snameBytes);
  const file = reader.take(fileBytes);
  if (reader.u32() !== magicCookie) {
    throw new BootwrightError('DHCP_MALFORMED', { what: 'BOOTP without the magic cookie of DHCP' });
  }
  const pieces: Pieces = { first: new Map(), later: new Map() };
  collectOptions(reader, pieces);
  const overload = readOption(join(pieces), 'overload') ?? 0;
  if (pieces.first.has(optionTable.overload.code) && (overload < 1 || overload > 3)) {
    throw new BootwrightError('DHCP_MALFORMED', { what: `option 52: ${overload} is none of 1, 2 and 3` });
  }
  const fileHasOptions = (overload & 1) !== 0;
  const snameHasOptions = (overload & 2) !== 0;
  // In this order the pieces of one option belong together (RFC 3396 §5).
  if (fileHasOptions) collectOptions(new Reader(file), pieces);
  if (snameHasOptions) collectOptions(new Reader(sname), pieces);
  return {
    op: op === 1 ? 'request' : 'reply',
    htype,
    hops,
    xid,
    secs,
    broadcast,
    ciaddr,
    yiaddr,
    siaddr,
    giaddr,
    chaddr,
    sname: snameHasOptions ? '' : text.decode(sname),
    file: fileHasOptions ? '' : text.decode(file),
    options: join(pieces),
  };
}

/** Of every option its first piece, and of the few that come in several the others. */
interface Pieces {
  readonly first: Map<number, Uint8Array>;
  readonly later: Map<number, Uint8Array[]>;
}

/** Up to the End, or to the last byte: some clients leave the End out. */
function collectOptions(reader: Reader, { first, later }: Pieces): void {
  while (reader.remaining > 0) {
    const code = reader.u8();
    if (code === end) return;
    if (code === pad) continue;
    const piece = reader.take(reader.u8());
    if (!first.has(code)) {
      first.set(code, piece);
    } else {
      const before = later.get(code);
      if (before === undefined) later.set(code, [piece]);
      else before.push(piece);
    }
  }
}

function join({ first, later }: Pieces): Options {
  if (later.size === 0) return first;
  const options = new Map(first);
  for (const [code, pieces] of later) {
    const writer = new Writer().put(first.get(code) ?? new Uint8Array());
    for (const piece of pieces) writer.put(piece);
    options.set(code, writer.finish());
  }
  return options;
}

/** `sname` and `file` must leave room for a NUL: 63 and 127 characters at most. */
export function encodePacket(packet: DhcpPacket): Uint8Array {
  const writer = new Writer(expectedBytes);
  writer
    .u8(packet.op === 'request' ? 1 : 2)
    .u8(packet.htype)
    .u8(packet.chaddr.length)
    .u8(packet.hops)
    .u32(packet.xid)
    .u16(packet.secs)
    .u16(packet.broadcast ? broadcastFlag : 0)
    .u32(parseIpv4(packet.ciaddr) ?? 0)
    .u32(parseIpv4(packet.yiaddr) ?? 0)
    .u32(parseIpv4(packet.siaddr) ?? 0)
    .u32(parseIpv4(packet.giaddr) ?? 0);
  writer.put(packet.chaddr).zeros(chaddrBytes - packet.chaddr.length);
  putText(writer, packet.sname, snameBytes);
  putText(writer, packet.file, fileBytes);
  writer.u32(magicCookie);
  let hasPad = false;
  for (const [code, bytes] of packet.options) {
    putOption(writer, code, bytes);
    if (code !== optionTable.bootFile.code) continue;
    // EDK2 writes a NUL behind option 67 (PxeBcDhcp4.c), so neither another option nor the End follows it directly.
    writer.u8(pad);
    hasPad = true;
  }
  if (!hasPad) writer.u8(pad);
  writer.u8(end);
  return writer.zeros(Math.max(minimumBytes - writer.length, 0)).finish();
}

/** How many bytes a message has without options, with its Pad and its End. */
export const fixedBytes = 240 + 2;

/** How many bytes an option takes, in as many pieces as it needs. */
export function optionBytes(bytes: Uint8Array): number {
  return bytes.length + 2 * Math.max(Math.ceil(bytes.length / maximumOptionBytes), 1);
}

/** Cut, so that it ends with a NUL in any case. Most answers have no such text. */
function putText(writer: Writer, value: string, size: number): void {
  const cut = value.slice(0, size - 1);
  if (cut !== '') writer.put(text.encode(cut));
  writer.zeros(size - cut.length);
}

/** A value that is longer than an option can be goes in pieces. RFC 3396 §6. */
function putOption(writer: Writer, code: number, bytes: Uint8Array): void {
  if (bytes.length <= maximumOptionBytes) {
    writer.u8(code).u8(bytes.length).put(bytes);
    return;
  }
  for (let start = 0; start < bytes.length; start += maximumOptionBytes) {
    putOption(writer, code, bytes.subarray(start, start + maximumOptionBytes));
  }
}
