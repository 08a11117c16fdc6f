import { BootwrightError } from '../errors.ts';
import { formatIpv4, parseIpv4 } from '../wire/addresses.ts';
import type { Codec } from '../wire/codec.ts';
import { Reader } from '../wire/reader.ts';
import { Writer } from '../wire/writer.ts';

function malformed(what: string): BootwrightError {
  return new BootwrightError('DHCP_MALFORMED', { what });
}

/** Throws where the value is longer or shorter than it must be. */
function checkSize(bytes: Uint8Array, wantedBytes: number): void {
  if (bytes.length > wantedBytes) throw malformed(`${bytes.length} bytes, where ${wantedBytes} are the value`);
  new Reader(bytes).skip(wantedBytes);
}

/** A number in so many bytes, network order. */
function number(sizeBytes: 1 | 2 | 4): Codec<number> {
  return {
    encode(value) {
      const bytes = new Uint8Array(sizeBytes);
      for (let at = 0; at < sizeBytes; at += 1) bytes[at] = value >>> (8 * (sizeBytes - 1 - at));
      return bytes;
    },
    decode(bytes) {
      if (bytes.length !== sizeBytes) checkSize(bytes, sizeBytes);
      let value = 0;
      for (const byte of bytes) value = value * 256 + byte;
      return value;
    },
  };
}

/** What a number stands for. */
function meaning<Value>(
  numbers: Codec<number>,
  of: (number: number) => Value,
  numberOf: (value: Value) => number,
): Codec<Value> {
  return {
    encode: (value) => numbers.encode(numberOf(value)),
    decode: (bytes) => of(numbers.decode(bytes)),
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

export const u8 = number(1);
const u16 = number(2);

/** Seconds, network order. 0xffffffff means for ever. RFC 2132 §9.2. */
export const seconds = number(4);

export const bytesCount: Codec<number> = u16;

/** IPv4, dotted decimal. */
export const address = meaning<string>(number(4), formatIpv4, (text) => parseIpv4(text) ?? 0);

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
  encode(value) {
    const bytes = new Uint8Array(value.length);
    for (let at = 0; at < value.length; at += 1) bytes[at] = value.charCodeAt(at);
    return bytes;
  },
  decode(bytes) {
    const nul = bytes.indexOf(0);
    let end = nul === -1 ? bytes.length : nul;
    while (end > 0 && bytes[end - 1] === 0xff) end -= 1;
    let value = '';
    for (let at = 0; at < end; at += 1) value += String.fromCharCode(bytes[at] ?? 0);
    return value;
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
export const networkInterface: Codec<{ readonly type: number; readonly major: number; readonly minor: number }> = {
  encode: ({ type, major, minor }) => Uint8Array.of(type, major, minor),
  decode(bytes) {
    checkSize(bytes, 3);
    const [type = 0, major = 0, minor = 0] = bytes;
    return { type, major, minor };
  },
};

const messageTypes = ['discover', 'offer', 'request', 'decline', 'ack', 'nak', 'release', 'inform'] as const;

export type MessageType = (typeof messageTypes)[number];

/** 1 is `discover`, 8 is `inform`. RFC 2132 §9.6. */
export const messageType = meaning<MessageType>(
  u8,
  (number) => {
    const type = messageTypes[number - 1];
    if (type === undefined) throw malformed(`message type ${number} is none of RFC 2132`);
    return type;
  },
  (type) => messageTypes.indexOf(type) + 1,
);

/** The root, and the longest name. RFC 1035 §2.3.4. */
const longestName = 255;
const longestLabel = 63;

/**
 * Domain names in the form of DNS. Written without compression; read with it, where a pointer leads backwards within the
 * option. RFC 3397 §2, RFC 1035 §4.1.4.
 */
export const names: Codec<readonly string[]> = {
  encode(list) {
    const writer = new Writer();
    for (const name of list) {
      for (const label of name.split('.').filter((part) => part !== ''))
        writer.u8(label.length).put(text.encode(label));
      writer.u8(0);
    }
    return writer.finish();
  },
  decode(bytes) {
    const reader = new Reader(bytes);
    const list: string[] = [];
    while (reader.remaining > 0) list.push(readName(reader));
    return list;
  },
};

function readName(reader: Reader): string {
  const labels: string[] = [];
  let pointed: Reader | undefined;
  let from = reader;
  for (let size = 0; size <= longestName; ) {
    const start = from.offset;
    const length = from.u8();
    if (length === 0) return labels.join('.');
    if (length <= longestLabel) {
      labels.push(text.decode(from.take(length)));
      size += length + 1;
      continue;
    }
    const target = ((length & 0x3f) << 8) | from.u8();
    if (length < 0xc0 || target >= start) throw malformed('a domain name with a pointer that does not lead back');
    pointed ??= new Reader(reader.bytes);
    from = pointed.seek(target);
    size += 1;
  }
  throw malformed(`a domain name of more than ${longestName} bytes`);
}

/** `10.1.0.0/16` by way of `10.0.0.254`: the length of the prefix, as many bytes of it as count, and the router. */
export const routes: Codec<readonly { readonly destination: string; readonly via: string }[]> = {
  encode(list) {
    const writer = new Writer();
    for (const { destination, via } of list) {
      const [network = '', prefix = '32'] = destination.split('/');
      const bytes = address.encode(network).subarray(0, Math.ceil(Number(prefix) / 8));
      writer.u8(Number(prefix)).put(bytes).put(address.encode(via));
    }
    return writer.finish();
  },
  decode(bytes) {
    const reader = new Reader(bytes);
    const list: { destination: string; via: string }[] = [];
    while (reader.remaining > 0) {
      const prefix = reader.u8();
      if (prefix > 32) throw malformed(`a prefix of ${prefix} bits`);
      const network = new Uint8Array(4);
      network.set(reader.take(Math.ceil(prefix / 8)));
      list.push({ destination: `${address.decode(network)}/${prefix}`, via: address.decode(reader.take(4)) });
    }
    return list;
  },
};
