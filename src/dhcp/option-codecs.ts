import { BootwrightError } from '../errors.ts';
import { formatIpv4, parseIpv4 } from '../wire/addresses.ts';
import type { Codec } from '../wire/codec.ts';
import { Reader } from '../wire/reader.ts';
import { Writer } from '../wire/writer.ts';

function malformed(what: string): BootwrightError {
  return new BootwrightError('DHCP_MALFORMED', { what });
}

/** A value of a fixed size: reads it, and sees that nothing is left over. */
function fixed<Value>(read: (reader: Reader) => Value, write: (writer: Writer, value: Value) => void): Codec<Value> {
  return {
    encode(value) {
      const writer = new Writer();
      write(writer, value);
      return writer.finish();
    },
    decode(bytes) {
      const reader = new Reader(bytes);
      const value = read(reader);
      if (reader.remaining > 0) throw malformed(`${bytes.length} bytes, where ${reader.offset} are the value`);
      return value;
    },
  };
}

/** Values of one size, one after the other; at least one. */
function listOf<Value>(item: Codec<Value>, itemBytes: number): Codec<readonly Value[]> {
  return {
    encode(values) {
      const writer = new Writer(values.length * itemBytes);
      for (const value of values) writer.put(item.encode(value));
      return writer.finish();
    },
    decode(bytes) {
      if (bytes.length === 0) throw malformed(`an empty list of values of ${itemBytes} bytes`);
      const reader = new Reader(bytes);
      const values: Value[] = [];
      while (reader.remaining > 0) values.push(item.decode(reader.take(itemBytes)));
      return values;
    },
  };
}

export const u8 = fixed<number>(
  (reader) => reader.u8(),
  (writer, value) => writer.u8(value),
);

const u16 = fixed<number>(
  (reader) => reader.u16(),
  (writer, value) => writer.u16(value),
);

/** Seconds, network order. 0xffffffff means for ever. RFC 2132 §9.2. */
export const seconds = fixed<number>(
  (reader) => reader.u32(),
  (writer, value) => writer.u32(value),
);

export const bytesCount: Codec<number> = u16;

/** IPv4, dotted decimal. */
export const address = fixed<string>(
  (reader) => formatIpv4(reader.u32()),
  (writer, value) => writer.u32(parseIpv4(value) ?? 0),
);

export const addresses = listOf(address, 4);

export const u16List = listOf(u16, 2);

/** As it came, and as it is to go. */
export const raw: Codec<Uint8Array> = { encode: (bytes) => bytes, decode: (bytes) => bytes };

/** Option codes. RFC 2132 §9.8. */
export const codes: Codec<readonly number[]> = {
  encode: (list) => Uint8Array.from(list),
  decode: (bytes) => [...bytes],
};

/**
 * Text without what clients pad it with: everything from the first NUL on (RFC 2132 §2 lets them send one), and 0xFF
 * at the end (PXE ROMs that read an option up to the End). One character a byte, so that nothing is lost or invented.
 */
export const text: Codec<string> = {
  encode: (value) => Uint8Array.from(value, (character) => character.charCodeAt(0)),
  decode(bytes) {
    const nul = bytes.indexOf(0);
    let end = nul === -1 ? bytes.length : nul;
    while (end > 0 && bytes[end - 1] === 0xff) end -= 1;
    return Array.from(bytes.subarray(0, end), (byte) => String.fromCharCode(byte)).join('');
  },
};

/** Text that we end with a NUL inside the option: ROMs that don't count append what follows it to the name. */
export const terminatedText: Codec<string> = { encode: (value) => text.encode(`${value}\0`), decode: text.decode };

/**
 * User classes, each behind its length (RFC 3004 §4). iPXE sends its name without a length; what does not add up is
 * taken as one class.
 */
export const userClasses: Codec<readonly string[]> = {
  encode(classes) {
    const writer = new Writer();
    for (const name of classes) writer.u8(name.length).put(text.encode(name));
    return writer.finish();
  },
  decode(bytes) {
    const reader = new Reader(bytes);
    const classes: string[] = [];
    while (reader.remaining > 0) {
      const length = reader.u8();
      if (length === 0 || length > reader.remaining) return [text.decode(bytes)];
      classes.push(text.decode(reader.take(length)));
    }
    return classes;
  },
};

/** A type and a GUID, 17 bytes; or nothing, of firmware that has none. RFC 4578 §2.3. */
export const machineIdentifier: Codec<Uint8Array> = {
  encode: (bytes) => bytes,
  decode(bytes) {
    if (bytes.length !== 0 && bytes.length !== 17) throw malformed(`${bytes.length} bytes instead of 0 or 17`);
    return bytes;
  },
};

/** The kind of network interface and its version, 3 bytes: `{ type: 1, major: 3, minor: 16 }` is UNDI 3.16. */
export const networkInterface = fixed<{ readonly type: number; readonly major: number; readonly minor: number }>(
  (reader) => ({ type: reader.u8(), major: reader.u8(), minor: reader.u8() }),
  (writer, { type, major, minor }) => writer.u8(type).u8(major).u8(minor),
);

const messageTypes = ['discover', 'offer', 'request', 'decline', 'ack', 'nak', 'release', 'inform'] as const;

export type MessageType = (typeof messageTypes)[number];

/** 1 is `discover`, 8 is `inform`. RFC 2132 §9.6. */
export const messageType = fixed<MessageType>(
  (reader) => {
    const number = reader.u8();
    const type = messageTypes[number - 1];
    if (type === undefined) throw malformed(`message type ${number} is none of RFC 2132`);
    return type;
  },
  (writer, type) => writer.u8(messageTypes.indexOf(type) + 1),
);
