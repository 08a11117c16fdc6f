import { BootwrightError, hasCode } from '../errors.ts';
import type { Codec } from '../wire/codec.ts';
import { Reader } from '../wire/reader.ts';
import { Writer } from '../wire/writer.ts';

/** RFC 1350 §5, RFC 2347. */
const opcodes = { read: 1, write: 2, data: 3, acknowledgement: 4, error: 5, options: 6 } as const;

/** The error codes of RFC 1350 appendix I, and 8 of RFC 2347. */
export const errorCodes = {
  other: 0,
  notFound: 1,
  accessViolation: 2,
  illegalOperation: 4,
  unknownTransfer: 5,
  optionsRefused: 8,
} as const;

/** Option names in lower case, in the order of the datagram; the first of two with the same name. */
export type Options = ReadonlyMap<string, string>;

export type Packet =
  /** `path` and all other text: one character a byte, as they came. `mode` is in lower case. */
  | { readonly kind: 'read' | 'write'; readonly path: string; readonly mode: string; readonly options: Options }
  /** `block`: 16 bits, as on the wire. */
  | { readonly kind: 'data'; readonly block: number; readonly bytes: Uint8Array }
  | { readonly kind: 'acknowledgement'; readonly block: number }
  | { readonly kind: 'error'; readonly errorCode: number; readonly message: string }
  | { readonly kind: 'options'; readonly options: Options };

/** RFC 2347: "The maximum size of a request packet is 512 octets". The same bound holds for all other text here. */
const longestRequestBytes = 512;

/** Opcode and block number of a DATA packet. */
export const dataHeaderBytes = 4;

/** TFTP datagrams. `decode` throws TFTP_MALFORMED; bytes after a whole ACK or ERROR are ignored, as every peer does. */
export const packetCodec: Codec<Packet> = { encode, decode };

/** The block of an ACK as all clients send it, without the cost of reading any packet; `undefined` for all else. */
export function plainAcknowledgement(bytes: Uint8Array): number | undefined {
  if (bytes.length !== 4 || bytes[0] !== 0 || bytes[1] !== opcodes.acknowledgement) return undefined;
  return ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0);
}

/** Where `block` counts from 1 and does not wrap: 16 bits of it go on the wire. */
export function writeDataHeader(into: Uint8Array, offset: number, block: number): void {
  into[offset] = 0;
  into[offset + 1] = opcodes.data;
  into[offset + 2] = (block >>> 8) & 0xff;
  into[offset + 3] = block & 0xff;
}

function encode(packet: Packet): Uint8Array {
  const writer = new Writer();
  switch (packet.kind) {
    case 'read':
    case 'write':
      writer.u16(opcodes[packet.kind]);
      putText(writer, packet.path);
      putText(writer, packet.mode);
      putOptions(writer, packet.options);
      break;
    case 'data':
      writer.u16(opcodes.data).u16(packet.block & 0xffff);
      writer.put(packet.bytes);
      break;
    case 'acknowledgement':
      writer.u16(opcodes.acknowledgement).u16(packet.block & 0xffff);
      break;
    case 'error':
      writer.u16(opcodes.error).u16(packet.errorCode);
      putText(writer, packet.message);
      break;
    case 'options':
      writer.u16(opcodes.options);
      putOptions(writer, packet.options);
      break;
  }
  return writer.finish();
}

function decode(bytes: Uint8Array): Packet {
  try {
    return decodeBody(new Reader(bytes));
  } catch (error) {
    if (hasCode(error, 'WIRE_TRUNCATED')) throw malformed(error.message, error);
    throw error;
  }
}

function decodeBody(reader: Reader): Packet {
  const opcode = reader.u16();
  switch (opcode) {
    case opcodes.read:
    case opcodes.write: {
      checkLength(reader);
      const path = takeText(reader, 'the file name');
      if (reader.remaining === 0) throw malformed('it names no mode');
      const mode = takeLastText(reader).toLowerCase();
      return { kind: opcode === opcodes.read ? 'read' : 'write', path, mode, options: takeOptions(reader) };
    }
    case opcodes.data:
      return { kind: 'data', block: reader.u16(), bytes: reader.rest() };
    case opcodes.acknowledgement:
      return { kind: 'acknowledgement', block: reader.u16() };
    case opcodes.error:
      return { kind: 'error', errorCode: reader.u16(), message: takeMessage(reader) };
    case opcodes.options:
      checkLength(reader);
      return { kind: 'options', options: takeOptions(reader) };
    default:
      throw malformed(`opcode ${opcode} is none of TFTP's`);
  }
}

function malformed(reason: string, cause?: unknown): BootwrightError<'TFTP_MALFORMED'> {
  return new BootwrightError('TFTP_MALFORMED', { reason }, { cause });
}

function checkLength(reader: Reader): void {
  const length = reader.bytes.byteLength;
  if (length > longestRequestBytes) throw malformed(`${length} bytes, where ${longestRequestBytes} are the most`);
}

function putText(writer: Writer, text: string): void {
  for (let index = 0; index < text.length; index += 1) writer.u8(text.charCodeAt(index) & 0xff);
  writer.u8(0);
}

function takeText(reader: Reader, what: string): string {
  const end = reader.bytes.indexOf(0, reader.offset);
  if (end < 0) throw malformed(`${what} has no end`);
  const text = String.fromCharCode(...reader.take(end - reader.offset));
  reader.skip(1);
  return text;
}

/** Text that ends where the datagram does if there is no NUL: what a client means by it is clear. */
function takeLastText(reader: Reader): string {
  const end = reader.bytes.indexOf(0, reader.offset);
  const text = String.fromCharCode(...reader.take((end < 0 ? reader.bytes.byteLength : end) - reader.offset));
  if (end >= 0) reader.skip(1);
  return text;
}

/** Some clients leave out the NUL at the end of an ERROR, or the whole text. */
function takeMessage(reader: Reader): string {
  const bytes = reader.take(Math.min(reader.remaining, longestRequestBytes));
  const end = bytes.indexOf(0);
  return String.fromCharCode(...(end < 0 ? bytes : bytes.subarray(0, end)));
}

function putOptions(writer: Writer, options: Options): void {
  for (const [name, value] of options) {
    putText(writer, name);
    putText(writer, value);
  }
}

/** Boot ROMs fill their requests up with zeros, and with worse: what is no name with a value is no option. */
function takeOptions(reader: Reader): Options {
  const options = new Map<string, string>();
  while (reader.remaining > 0) {
    const name = takeLastText(reader).toLowerCase();
    if (name === '' || reader.remaining === 0) break;
    const value = takeLastText(reader);
    if (!options.has(name)) options.set(name, value);
  }
  return options;
}
