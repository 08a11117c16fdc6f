import { BootwrightError, hasCode } from '../errors.ts';
import { formatIpv6, parseIpv6 } from '../wire/addresses.ts';
import { Reader } from '../wire/reader.ts';
import { Writer } from '../wire/writer.ts';

/** One option, in the order of its message. An option may be there several times; each is one of its own. */
export interface Option {
  readonly code: number;
  readonly bytes: Uint8Array;
}

export type Options = readonly Option[];

/** By their numbers from 1 on. RFC 8415 §7.3. */
const messageTypes = [
  'solicit',
  'advertise',
  'request',
  'confirm',
  'renew',
  'rebind',
  'reply',
  'release',
  'decline',
  'reconfigure',
  'information-request',
] as const;

export type MessageType = (typeof messageTypes)[number];

/** What a client and a server say to each other. RFC 8415 §8. */
export interface Message {
  readonly type: MessageType;
  /** 24 bits. */
  readonly transaction: number;
  readonly options: Options;
}

/** A message as a relay agent hands it on, or is to hand it back. RFC 8415 §9. */
export interface Envelope {
  readonly type: 'relay-forward' | 'relay-reply';
  readonly hops: number;
  /** Tells the network of the machine; `::` where the relay leaves that to others. */
  readonly linkAddress: string;
  /** From whom the relay has it, or to whom it is to go. */
  readonly peerAddress: string;
  readonly options: Options;
}

const relayForward = 12;
const relayReply = 13;

/** Throws DHCP6_MALFORMED. */
export function decodeMessage(bytes: Uint8Array): Message | Envelope {
  return reading(bytes, (reader) => {
    const number = reader.u8();
    if (number === relayForward || number === relayReply) {
      return {
        type: number === relayForward ? ('relay-forward' as const) : ('relay-reply' as const),
        hops: reader.u8(),
        linkAddress: formatIpv6(reader.take(16)),
        peerAddress: formatIpv6(reader.take(16)),
        options: readOptions(reader),
      };
    }
    const type = messageTypes[number - 1];
    if (type === undefined) {
      throw new BootwrightError('DHCP6_MALFORMED', { what: `message type ${number} is none of RFC 8415` });
    }
    return { type, transaction: reader.u8() * 0x10000 + reader.u16(), options: readOptions(reader) };
  });
}

/** The options inside of an option. Throws DHCP6_MALFORMED. */
export function decodeOptions(bytes: Uint8Array): Options {
  return reading(bytes, readOptions);
}

function readOptions(reader: Reader): Options {
  const options: Option[] = [];
  while (reader.remaining > 0) options.push({ code: reader.u16(), bytes: reader.take(reader.u16()) });
  return options;
}

function reading<Value>(bytes: Uint8Array, read: (reader: Reader) => Value): Value {
  try {
    return read(new Reader(bytes));
  } catch (error) {
    if (!hasCode(error, 'WIRE_TRUNCATED')) throw error;
    throw new BootwrightError('DHCP6_MALFORMED', { what: error.message }, { cause: error });
  }
}

export function encodeMessage(message: Message | Envelope): Uint8Array {
  const writer = new Writer(512);
  if ('hops' in message) {
    writer
      .u8(message.type === 'relay-forward' ? relayForward : relayReply)
      .u8(message.hops)
      .put(addressBytes(message.linkAddress))
      .put(addressBytes(message.peerAddress));
  } else {
    const { type, transaction } = message;
    writer
      .u8(messageTypes.indexOf(type) + 1)
      .u8(transaction >>> 16)
      .u16(transaction & 0xffff);
  }
  putOptions(writer, message.options);
  return writer.finish();
}

export function encodeOptions(options: Options): Uint8Array {
  const writer = new Writer();
  putOptions(writer, options);
  return writer.finish();
}

function putOptions(writer: Writer, options: Options): void {
  for (const { code, bytes } of options) writer.u16(code).u16(bytes.length).put(bytes);
}

function addressBytes(address: string): Uint8Array {
  return parseIpv6(address) ?? new Uint8Array(16);
}
