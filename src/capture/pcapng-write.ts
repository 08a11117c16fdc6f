import { linkTypes } from './packet.ts';

/**
 * Writes pcapng (draft-ietf-opsawg-pcapng), little-endian, with times in nanoseconds. A file is `fileHeader` and then
 * any number of blocks; whatever was written of it by whole blocks is a whole file.
 */
const blockTypes = { section: 0x0a0d0d0a, interface: 1, statistics: 5, packet: 6 } as const;
const byteOrderMagic = 0x1a2b3c4d;
const options = {
  end: 0,
  comment: 1,
  application: 4,
  interfaceName: 2,
  timeResolution: 9,
  received: 4,
  dropped: 5,
} as const;
const nanoseconds = 9;

type Option = readonly [code: number, value: Uint8Array];

/** What a capture says of itself and of the interface it was taken on. */
export interface CaptureHeader {
  /** Who wrote it, such as `bootwright 1.0.0`. */
  readonly application: string;
  /** Such as `eth0`. */
  readonly interface: string;
  readonly comment?: string;
}

/** The section and the one interface of it, which is Ethernet. */
export function fileHeader(header: CaptureHeader): Uint8Array {
  const section = new DataView(new ArrayBuffer(16));
  section.setUint32(0, byteOrderMagic, true);
  section.setUint16(4, 1, true);
  // How long the section is, nobody knows yet.
  section.setBigInt64(8, -1n, true);
  const described = new DataView(new ArrayBuffer(8));
  described.setUint16(0, linkTypes.ethernet, true);
  return Buffer.concat([
    block(blockTypes.section, new Uint8Array(section.buffer), [
      ...(header.comment === undefined ? [] : [textOption(options.comment, header.comment)]),
      textOption(options.application, header.application),
    ]),
    block(blockTypes.interface, new Uint8Array(described.buffer), [
      textOption(options.interfaceName, header.interface),
      [options.timeResolution, Uint8Array.of(nanoseconds)],
    ]),
  ]);
}

/** What `packetBlock` writes. `bytes` may be shorter than `sizeBytes`, which is what was on the wire. */
interface WrittenPacket {
  readonly timeNs: bigint;
  readonly bytes: Uint8Array;
  readonly sizeBytes: number;
  readonly comment?: string;
}

export function packetBlock({ timeNs, bytes, sizeBytes, comment }: WrittenPacket): Uint8Array {
  const body = new Uint8Array(20 + padded(bytes.length));
  const view = new DataView(body.buffer);
  putTime(view, 4, timeNs);
  view.setUint32(12, bytes.length, true);
  view.setUint32(16, sizeBytes, true);
  body.set(bytes, 20);
  return block(blockTypes.packet, body, comment === undefined ? [] : [textOption(options.comment, comment)]);
}

/** How many packets came, and how many of them were lost: the end of a capture. */
export function statisticsBlock(timeNs: bigint, received: number, dropped: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(12));
  putTime(view, 4, timeNs);
  return block(blockTypes.statistics, new Uint8Array(view.buffer), [
    [options.received, u64(received)],
    [options.dropped, u64(dropped)],
  ]);
}

/** Type and length before, length after, so that the file can be read backwards, too. */
function block(type: number, body: Uint8Array, values: readonly Option[]): Uint8Array {
  const optionBytes = values.length === 0 ? 0 : values.reduce((sum, [, value]) => sum + 4 + padded(value.length), 4);
  const bytes = new Uint8Array(12 + body.length + optionBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, bytes.length, true);
  bytes.set(body, 8);
  let at = 8 + body.length;
  for (const [code, value] of values) {
    view.setUint16(at, code, true);
    view.setUint16(at + 2, value.length, true);
    bytes.set(value, at + 4);
    at += 4 + padded(value.length);
  }
  view.setUint32(bytes.length - 4, bytes.length, true);
  return bytes;
}

/** The upper half comes first, in whatever order the bytes of each are. */
function putTime(view: DataView, at: number, timeNs: bigint): void {
  view.setUint32(at, Number(timeNs >> 32n), true);
  view.setUint32(at + 4, Number(timeNs & 0xffffffffn), true);
}

/** An option's length has 16 bits; what is beyond is left out. */
function textOption(code: number, text: string): Option {
  return [code, new TextEncoder().encode(text).subarray(0, 0xffff)];
}

function u64(value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(value), true);
  return new Uint8Array(view.buffer);
}

/** Everything starts at a multiple of four bytes. */
function padded(length: number): number {
  return (length + 3) & ~3;
}
