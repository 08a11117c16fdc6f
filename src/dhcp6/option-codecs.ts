import { BootwrightError } from '../errors.ts';
import { formatIpv6, parseIpv6 } from '../wire/addresses.ts';
import type { Codec } from '../wire/codec.ts';
import { Reader } from '../wire/reader.ts';
import { Writer } from '../wire/writer.ts';
import { decodeOptions, encodeOptions, type Options } from './packet.ts';

function malformed(what: string): BootwrightError {
  return new BootwrightError('DHCP6_MALFORMED', { what });
}

/** Reads a value, and sees that nothing is left over. */
function whole<Value>(read: (reader: Reader) => Value, write: (writer: Writer, value: Value) => void): Codec<Value> {
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

/** Values one after the other, up to the end. */
function list<Value>(
  read: (reader: Reader) => Value,
  write: (writer: Writer, value: Value) => void,
): Codec<readonly Value[]> {
  return whole(
    (reader) => {
      const values: Value[] = [];
      while (reader.remaining > 0) values.push(read(reader));
      return values;
    },
    (writer, values) => {
      for (const value of values) write(writer, value);
    },
  );
}

const readAddress = (reader: Reader): string => formatIpv6(reader.take(16));
const writeAddress = (writer: Writer, value: string): Writer => writer.put(parseIpv6(value) ?? new Uint8Array(16));

/** One character a byte, so that nothing is lost or invented. */
const readText = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
const textBytes = (value: string): Uint8Array => Uint8Array.from(value, (character) => character.charCodeAt(0));

/** Bytes behind their count. */
const readCounted = (reader: Reader): Uint8Array => reader.take(reader.u16());
const readCountedText = (reader: Reader): string => readText(readCounted(reader));
const writeCountedText = (writer: Writer, value: string): Writer => writer.u16(value.length).put(textBytes(value));

/** As it came, and as it is to go. */
export const raw: Codec<Uint8Array> = { encode: (bytes) => bytes, decode: (bytes) => bytes };

/** An option that says all by being there. */
export const flag = whole<true>(
  () => true,
  () => {},
);

export const u8 = whole<number>(
  (reader) => reader.u8(),
  (writer, value) => writer.u8(value),
);

export const u16 = whole<number>(
  (reader) => reader.u16(),
  (writer, value) => writer.u16(value),
);

export const u16List = list<number>(
  (reader) => reader.u16(),
  (writer, value) => writer.u16(value),
);

export const addresses = list<string>(readAddress, writeAddress);

/** UTF-8 in the RFCs; here, as its bytes are. */
export const text: Codec<string> = { encode: textBytes, decode: readText };

export const texts = list<string>(readCountedText, writeCountedText);

/** 1 to 130 bytes. RFC 8415 §11.1. */
export const duid: Codec<Uint8Array> = {
  encode: (bytes) => bytes,
  decode(bytes) {
    if (bytes.length === 0 || bytes.length > 130)
      throw malformed(`a DUID of ${bytes.length} bytes instead of 1 to 130`);
    return bytes;
  },
};

/** One of the addresses, or prefixes, of a machine. Times in seconds. RFC 8415 §21.4, §21.21. */
export interface Association {
  readonly iaid: number;
  readonly t1: number;
  readonly t2: number;
  readonly options: Options;
}

export const association = whole<Association>(
  (reader) => ({ iaid: reader.u32(), t1: reader.u32(), t2: reader.u32(), options: decodeOptions(reader.rest()) }),
  (writer, { iaid, t1, t2, options }) => writer.u32(iaid).u32(t1).u32(t2).put(encodeOptions(options)),
);

export const temporaryAssociation = whole<{ readonly iaid: number; readonly options: Options }>(
  (reader) => ({ iaid: reader.u32(), options: decodeOptions(reader.rest()) }),
  (writer, { iaid, options }) => writer.u32(iaid).put(encodeOptions(options)),
);

/** Lifetimes in seconds, 0xffffffff for ever. RFC 8415 §21.6. */
export interface LeasedAddress {
  readonly address: string;
  readonly preferredSeconds: number;
  readonly validSeconds: number;
  readonly options: Options;
}

export const leasedAddress = whole<LeasedAddress>(
  (reader) => ({
    address: readAddress(reader),
    preferredSeconds: reader.u32(),
    validSeconds: reader.u32(),
    options: decodeOptions(reader.rest()),
  }),
  (writer, { address, preferredSeconds, validSeconds, options }) =>
    writeAddress(writer, address).u32(preferredSeconds).u32(validSeconds).put(encodeOptions(options)),
);

/** RFC 8415 §21.13, table 3. */
export const statusCodes = {
  success: 0,
  unspecified: 1,
  noAddresses: 2,
  noBinding: 3,
  notOnLink: 4,
  noPrefixes: 6,
} as const;

export const status = whole<{ readonly code: number; readonly message: string }>(
  (reader) => ({ code: reader.u16(), message: readText(reader.rest()) }),
  (writer, { code, message }) => writer.u16(code).put(textBytes(message)),
);

/** Of iPXE, `{ enterprise: 343, classes: ['PXEClient:Arch:…'] }`. RFC 8415 §21.16. */
export const vendorClass = whole<{ readonly enterprise: number; readonly classes: readonly string[] }>(
  (reader) => ({ enterprise: reader.u32(), classes: texts.decode(reader.rest()) }),
  (writer, { enterprise, classes }) => writer.u32(enterprise).put(texts.encode(classes)),
);

/** Names in the form of DNS, none of them shortened. RFC 8415 §10. */
export const domains = list<string>(
  (reader) => {
    const labels: string[] = [];
    for (let length = reader.u8(); length > 0; length = reader.u8()) {
      if (length > 63) throw malformed(`a label of ${length} characters in a domain name`);
      labels.push(readText(reader.take(length)));
    }
    return labels.join('.');
  },
  (writer, name) => {
    for (const label of name.split('.').filter((part) => part !== '')) writer.u8(label.length).put(textBytes(label));
    writer.u8(0);
  },
);

const ntpServerAddress = 1;

/** Addresses of NTP servers, each in a suboption; others that name servers otherwise are left out. RFC 5908 §4. */
export const ntpServers: Codec<readonly string[]> = {
  encode: (servers) =>
    encodeOptions(servers.map((server) => ({ code: ntpServerAddress, bytes: addresses.encode([server]) }))),
  decode: (bytes) =>
    decodeOptions(bytes)
      .filter(({ code }) => code === ntpServerAddress)
      .flatMap((option) => addresses.decode(option.bytes)),
};

/** The kind of network interface and its version: `{ type: 1, major: 3, minor: 16 }` is UNDI 3.16. RFC 5970 §3.4. */
export const networkInterface = whole<{ readonly type: number; readonly major: number; readonly minor: number }>(
  (reader) => ({ type: reader.u8(), major: reader.u8(), minor: reader.u8() }),
  (writer, { type, major, minor }) => writer.u8(type).u8(major).u8(minor),
);

/** A number of IANA's "Hardware Types" (1 is Ethernet), and an address of that kind. RFC 6939 §4. */
export const linkLayerAddress = whole<{ readonly hardware: number; readonly address: Uint8Array }>(
  (reader) => ({ hardware: reader.u16(), address: reader.rest() }),
  (writer, { hardware, address }) => writer.u16(hardware).put(address),
);
