import { BootwrightError } from '../errors.ts';
import { parseIpv6 } from '../wire/addresses.ts';
import { Writer } from '../wire/writer.ts';
import { addresses, domains, ntpServers, texts } from './option-codecs.ts';
import { optionTable } from './options.ts';
import type { Option } from './packet.ts';

type Value = string | number | boolean;
type Form = 'addresses' | 'ntp' | 'names' | 'text' | 'texts' | 'bytes' | 'u8' | 'u16' | 'u32';

/** By their names in IANA's "DHCP Option Codes". Others go by their codes. */
const known: Readonly<Record<string, { readonly code: number; readonly form: Form }>> = {
  'dns-servers': { code: 23, form: 'addresses' },
  'domain-list': { code: 24, form: 'names' },
  'sntp-servers': { code: 31, form: 'addresses' },
  'information-refresh-time': { code: 32, form: 'u32' },
  'new-posix-timezone': { code: 41, form: 'text' },
  'new-tzdb-timezone': { code: 42, form: 'text' },
  'ntp-server': { code: 56, form: 'ntp' },
  'bootfile-url': { code: 59, form: 'text' },
  'bootfile-param': { code: 60, form: 'texts' },
  'sol-max-rt': { code: 82, form: 'u32' },
  'inf-max-rt': { code: 83, form: 'u32' },
  'captive-portal': { code: 103, form: 'text' },
};

/** How a value may be written whatever its option is: `u16:9000`. */
const explicitForms: Readonly<Record<string, Form>> = {
  hex: 'bytes',
  ip: 'addresses',
  names: 'names',
  text: 'text',
  u8: 'u8',
  u16: 'u16',
  u32: 'u32',
};

const knownCodes = Object.values(known).map(({ code }) => code);
/** Those that say who is who and who gets what: the exchange would break. */
const ownCodes = new Set(
  Object.values(optionTable)
    .map(({ code }) => code as number)
    .filter((code) => !knownCodes.includes(code)),
);

/** What fits into an answer beside everything that machines need. */
const longestBytes = 1024;

class Unfit extends Error {}

/**
 * Options of the configuration, which all machines get: `{ 'sntp-servers': ['fd00::7b'], 32: 600, 65001: 'hex:0102' }`.
 * Of a code that has no name here, the value is a text, or says its form: `hex:`, `ip:`, `names:`, `u8:`, `u16:`,
 * `u32:`, `text:`; of a list, all one after the other. Throws DHCP6_OPTION_INVALID.
 */
export function parseExtraOptions6(list: Readonly<Record<string, Value | readonly Value[]>>): readonly Option[] {
  const options = new Map<number, Uint8Array>();
  for (const [name, value] of Object.entries(list)) {
    try {
      const { code, form } = find(name);
      if (ownCodes.has(code)) throw new Unfit('the server itself decides what it says');
      if (options.has(code)) throw new Unfit('it is set twice, by name and by code');
      const bytes = encode(form, [value].flat());
      if (bytes.length > longestBytes) throw new Unfit(`${bytes.length} bytes are more than ${longestBytes}`);
      options.set(code, bytes);
    } catch (error) {
      if (!(error instanceof Unfit)) throw error;
      const data = { option: name, value: JSON.stringify(value), reason: error.message };
      throw new BootwrightError('DHCP6_OPTION_INVALID', data, { cause: error });
    }
  }
  return [...options].map(([code, bytes]) => ({ code, bytes }));
}

function find(name: string): { code: number; form: Form | undefined } {
  const row = Object.hasOwn(known, name) ? known[name] : Object.values(known).find(({ code }) => String(code) === name);
  if (row !== undefined) return row;
  const code = /^\d{1,5}$/.test(name) ? Number(name) : 0;
  if (code === 0 || code > 65_535) {
    throw new Unfit(`it is neither a code from 1 to 65535 nor one of ${Object.keys(known).join(', ')}`);
  }
  return { code, form: undefined };
}

function encode(form: Form | undefined, values: readonly Value[]): Uint8Array {
  const writer = new Writer();
  for (const value of values) {
    const [, prefix = '', rest = ''] = typeof value === 'string' ? (/^([a-z0-9]+):(.*)$/s.exec(value) ?? []) : [];
    const explicit = Object.hasOwn(explicitForms, prefix) ? explicitForms[prefix] : undefined;
    if (explicit !== undefined) writer.put(encodeOne(explicit, rest));
    else writer.put(encodeOne(form ?? formOf(value), String(value).trim()));
  }
  return Uint8Array.from(writer.finish());
}

function formOf(value: Value): Form {
  if (typeof value === 'number') throw new Unfit('say how many bytes the number has: "u8:…", "u16:…" or "u32:…"');
  if (typeof value === 'boolean') throw new Unfit('options of DHCPv6 are no yes or no: say "u8:1"');
  return 'text';
}

function encodeOne(form: Form, text: string): Uint8Array {
  switch (form) {
    case 'addresses':
      return addresses.encode(readAddresses(text));
    case 'ntp':
      return ntpServers.encode(readAddresses(text));
    case 'names':
      return domains.encode(readNames(text));
    case 'text':
      return new TextEncoder().encode(text);
    case 'texts':
      return texts.encode([Buffer.from(text, 'utf8').toString('latin1')]);
    case 'bytes':
      return readBytes(text);
    case 'u8':
      return readNumber(text, 1);
    case 'u16':
      return readNumber(text, 2);
    case 'u32':
      return readNumber(text, 4);
  }
}

function readAddresses(text: string): readonly string[] {
  const list = text.split(',').map((part) => part.trim());
  const stranger = list.find((part) => parseIpv6(part) === undefined);
  if (stranger !== undefined) throw new Unfit(`"${stranger}" is no IPv6 address`);
  return list;
}

function readNames(text: string): readonly string[] {
  const list = text.split(',').map((part) => part.trim());
  const stranger = list.find((part) => !/^([A-Za-z0-9_-]{1,63}\.?){1,127}$/.test(part) || part.length > 253);
  if (stranger !== undefined) throw new Unfit(`"${stranger}" is no domain name`);
  return list;
}

function readBytes(text: string): Uint8Array {
  const digits = text.replaceAll(/[\s:]/g, '');
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new Unfit(`"${text}" is no row of bytes in hexadecimal`);
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}

function readNumber(text: string, size: 1 | 2 | 4): Uint8Array {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value < 256 ** size)) throw new Unfit(`"${text}" is no number of ${size * 8} bits`);
  return Uint8Array.from({ length: size }, (_, at) => Math.floor(value / 256 ** (size - 1 - at)) & 0xff);
}
