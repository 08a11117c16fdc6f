import type { CaptureInput } from './input.ts';
import { type CapturedPacket, largestPacketBytes } from './packet.ts';

const blockTypes = { section: 0x0a0d0d0a, interface: 1, oldPacket: 2, simplePacket: 3, packet: 6 } as const;
const options = { end: 0, comment: 1, timeResolution: 9, timeOffset: 14 } as const;
const byteOrderMagic = 0x1a2b3c4d;
const byteOrderMagicLittle = 0x4d3c2b1a;
/** Of a block that is looked into: the largest packet and 64 KiB of options. Others may have any size. */
const largestBlockBytes = largestPacketBytes + 65_536;
const mostInterfaces = 4096;

interface Interface {
  readonly linkType: number;
  /** 0: packets are not cut. */
  readonly cutBytes: number;
  toNs(units: bigint): bigint;
}

/** The body of one block, and its byte order. */
interface Block {
  readonly type: number;
  readonly body: Uint8Array;
  readonly view: DataView;
  readonly isLittle: boolean;
  readonly offset: number;
}

/** `start`: the first four bytes of a file, in network order. */
export function isPcapng(start: number): boolean {
  return start === blockTypes.section;
}

/**
 * The packets of a pcapng file (draft-ietf-opsawg-pcapng), in the order of the file. Ends where the last whole block
 * ends; `cut` is called where there is a part of another one behind it. Throws CAPTURE_MALFORMED.
 */
export async function* readPcapng(input: CaptureInput, cut: () => void): AsyncGenerator<CapturedPacket> {
  let isLittle = true;
  let interfaces: Interface[] = [];
  let lastTimeNs = 0n;
  while (input.remaining > 0) {
    const offset = input.offset;
    const start = await input.peek(12);
    if (start === undefined) return cut();
    const head = new DataView(start.buffer, start.byteOffset, start.byteLength);
    if (head.getUint32(0) === blockTypes.section) {
      const magic = head.getUint32(8);
      if (magic !== byteOrderMagic && magic !== byteOrderMagicLittle) throw input.malformed('no byte order is given');
      isLittle = magic === byteOrderMagicLittle;
      interfaces = [];
    }
    const type = head.getUint32(0, isLittle);
    const length = head.getUint32(4, isLittle);
    if (length < 12 || length % 4 !== 0) throw input.malformed(`a block of ${length} bytes`);
    if (length > input.remaining) return cut();
    if (!Object.values<number>(blockTypes).includes(type)) {
      input.skip(length);
      continue;
    }
    if (length > largestBlockBytes) throw input.malformed(`a block of ${length} bytes, above ${largestBlockBytes}`);
    const bytes = await input.take(length);
    if (bytes === undefined) return cut();
    const whole = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (whole.getUint32(length - 4, isLittle) !== length) {
      throw input.malformed('the two lengths of a block differ', offset);
    }
    const body = bytes.subarray(8, length - 4);
    const block: Block = {
      type,
      body,
      view: new DataView(body.buffer, body.byteOffset, body.byteLength),
      isLittle,
      offset,
    };
    if (type === blockTypes.section) readSection(block, input);
    else if (type === blockTypes.interface) {
      if (interfaces.length >= mostInterfaces) throw input.malformed(`more than ${mostInterfaces} interfaces`, offset);
      interfaces.push(readInterface(block, input));
    } else {
      const packet = readPacket(block, interfaces, lastTimeNs, input);
      lastTimeNs = packet.timeNs;
      yield packet;
    }
  }
}

function readSection({ body, view, isLittle, offset }: Block, input: CaptureInput): void {
  if (body.length < 16) throw input.malformed('the header of a section is not whole', offset);
  const version = view.getUint16(4, isLittle);
  if (version !== 1) throw input.malformed(`version ${version} of pcapng`, offset);
}

function readInterface(block: Block, input: CaptureInput): Interface {
  const { body, view, isLittle, offset } = block;
  if (body.length < 8) throw input.malformed('the description of an interface is not whole', offset);
  let resolution = 6;
  let offsetNs = 0n;
  for (const [code, value] of readOptions(block, 8, input)) {
    if (code === options.timeResolution && value.length === 1) resolution = value[0] ?? resolution;
    if (code === options.timeOffset && value.length === 8) {
      const seconds = new DataView(value.buffer, value.byteOffset, 8).getBigInt64(0, isLittle);
      offsetNs = seconds * 1_000_000_000n;
    }
  }
  const power = BigInt(resolution & 0x7f);
  const unitsInSecond = (resolution & 0x80) === 0 ? 10n ** power : 2n ** power;
  return {
    linkType: view.getUint16(0, isLittle),
    cutBytes: view.getUint32(4, isLittle),
    toNs: (units) => (units * 1_000_000_000n) / unitsInSecond + offsetNs,
  };
}

function readPacket(
  block: Block,
  interfaces: readonly Interface[],
  lastTimeNs: bigint,
  input: CaptureInput,
): CapturedPacket {
  const { type, body, view, isLittle, offset } = block;
  const isSimple = type === blockTypes.simplePacket;
  const dataAt = isSimple ? 4 : 20;
  if (body.length < dataAt) throw input.malformed('a packet is not whole', offset);
  const number = isSimple ? 0 : type === blockTypes.packet ? view.getUint32(0, isLittle) : view.getUint16(0, isLittle);
  const from = interfaces[number];
  if (from === undefined) throw input.malformed(`a packet of interface ${number}, which is not described`, offset);
  const sizeBytes = view.getUint32(isSimple ? 0 : 16, isLittle);
  const length = isSimple
    ? Math.min(sizeBytes, body.length - dataAt, from.cutBytes === 0 ? sizeBytes : from.cutBytes)
    : view.getUint32(12, isLittle);
  if (length > body.length - dataAt) throw input.malformed(`a packet of ${length} bytes in a smaller block`, offset);
  const units = isSimple ? 0n : (BigInt(view.getUint32(4, isLittle)) << 32n) | BigInt(view.getUint32(8, isLittle));
  const comments = isSimple
    ? []
    : readOptions(block, dataAt + ((length + 3) & ~3), input).filter(([code]) => code === options.comment);
  return {
    timeNs: isSimple ? lastTimeNs : from.toNs(units),
    linkType: from.linkType,
    bytes: body.slice(dataAt, dataAt + length),
    sizeBytes: Math.max(sizeBytes, length),
    ...(comments.length === 0
      ? {}
      : { comment: comments.map(([, value]) => new TextDecoder().decode(value)).join('\n') }),
  };
}

function readOptions({ body, view, isLittle, offset }: Block, start: number, input: CaptureInput) {
  const found: [code: number, value: Uint8Array][] = [];
  for (let at = start; at + 4 <= body.length; ) {
    const code = view.getUint16(at, isLittle);
    const length = view.getUint16(at + 2, isLittle);
    if (code === options.end) break;
    if (at + 4 + length > body.length) throw input.malformed('an option leaves its block', offset);
    found.push([code, body.subarray(at + 4, at + 4 + length)]);
    at += 4 + ((length + 3) & ~3);
  }
  return found;
}
