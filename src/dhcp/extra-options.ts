import { closest } from 'fastest-levenshtein';
import { BootwrightError } from '../errors.ts';
import { parseIpv4 } from '../wire/addresses.ts';
import { type KnownOption, knownOptions, type OptionForm, ownCodes } from './known-options.ts';
import { address, addresses, names, routes, u16List } from './option-codecs.ts';
import type { Options } from './options.ts';

type ExtraValue = string | number | boolean;

/** Options by name or code, each with its value. */
export type ExtraOptions = Readonly<Record<string, ExtraValue | readonly ExtraValue[]>>;

/** What fits into an answer beside everything that machines need. */
const longestBytes = 1024;

/** How a value may be written whatever its option is: `u16:9000`. */
const explicitForms: Readonly<Record<string, OptionForm>> = {
  hex: 'bytes',
  ip: 'addresses',
  text: 'text',
  names: 'names',
  u8: 'u8',
  u16: 'u16',
  u32: 'u32',
};

class Unfit extends Error {}

/**
 * Options of the configuration, ready to be sent to machines that ask for them: `{ 'ntp-servers': ['10.0.0.5'], 150:
 * '10.0.0.1', 252: 'http://wpad/wpad.dat', 224: 'hex:0102' }`. Of a code that has no name here, the value is a text,
 * true or false for one byte, or says its form: `hex:`, `ip:`, `names:`, `u8:`, `u16:`, `u32:`, `text:`; of a list, all
 * one after the other. Throws DHCP_OPTION_INVALID.
 */
export function parseExtraOptions(list: ExtraOptions): Options {
  const options = new Map<number, Uint8Array>();
  for (const [name, value] of Object.entries(list)) {
    try {
      const { code, form } = find(name);
      if (ownCodes.has(code)) throw new Unfit('the server itself decides what it says');
      if (options.has(code)) throw new Unfit('it is set twice, by name and by code');
      const bytes = encode(form, Array.isArray(value) ? value : [value]);
      if (bytes.length > longestBytes) throw new Unfit(`${bytes.length} bytes are more than ${longestBytes}`);
      options.set(code, bytes);
    } catch (error) {
      if (!(error instanceof Unfit)) throw error;
      const data = { option: name, value: JSON.stringify(value), reason: error.message };
      throw new BootwrightError('DHCP_OPTION_INVALID', data, { cause: error });
    }
  }
  return options;
}

function find(name: string): { code: number; form: OptionForm | undefined } {
  if (!/^\d+$/.test(name)) {
    const known = Object.hasOwn(knownOptions, name) ? knownOptions[name] : undefined;
    if (known === undefined)
      throw new Unfit(`no option has that name; "${closest(name, Object.keys(knownOptions))}" is one`);
    return known;
  }
  const code = Number(name);
  if (code > 255) throw new Unfit('codes go up to 254');
  const known: KnownOption | undefined = Object.values(knownOptions).find((option) => option.code === code);
  return { code, form: known?.form };
}

function encode(form: OptionForm | undefined, values: readonly ExtraValue[]): Uint8Array {
  const pieces = values.flatMap((value) => {
    const [, prefix = '', rest = ''] = typeof value === 'string' ? (/^([a-z0-9]+):(.*)$/s.exec(value) ?? []) : [];
    const explicit = Object.hasOwn(explicitForms, prefix) ? explicitForms[prefix] : undefined;
    if (explicit !== undefined) return [[explicit, rest] as const];
    // "10.0.0.1, 10.0.0.2" is a list as well.
    const isList = form !== undefined && listForms.has(form) && typeof value === 'string';
    return (isList ? value.split(',') : [value]).map((part) => [form ?? formOf(part), part] as const);
  });
  return join(pieces.map(([as, value]) => encodeOne(as, value)));
}

const listForms: ReadonlySet<OptionForm> = new Set(['addresses', 'names', 'routes', 'u16s']);

function formOf(value: ExtraValue): OptionForm {
  if (typeof value === 'number') throw new Unfit('say how many bytes the number has: "u8:…", "u16:…" or "u32:…"');
  return typeof value === 'boolean' ? 'flag' : 'text';
}

function encodeOne(form: OptionForm, value: ExtraValue): Uint8Array {
  const written = String(value).trim();
  switch (form) {
    case 'address':
      return address.encode(readAddress(written));
    case 'addresses':
      return addresses.encode(written.split(',').map((part) => readAddress(part.trim())));
    case 'text':
      return readText(written);
    case 'names':
      return names.encode(written.split(',').map((part) => readName(part.trim())));
    case 'routes':
      return routes.encode([readRoute(written)]);
    case 'flag':
      return Uint8Array.of(readFlag(written));
    case 'u8':
      return Uint8Array.of(readNumber(written, 0, 0xff));
    case 'u16':
    case 'u16s':
      return u16List.encode([readNumber(written, 0, 0xffff)]);
    case 'u32':
      return numberBytes(readNumber(written, 0, 0xffffffff));
    case 'i32':
      return numberBytes(readNumber(written, -0x80000000, 0x7fffffff));
    case 'bytes':
      return readHex(written);
  }
}

function readAddress(written: string): string {
  if (parseIpv4(written) === undefined) throw new Unfit(`"${written}" is no IPv4 address`);
  return written;
}

function readText(written: string): Uint8Array {
  if (written === '') throw new Unfit('it is empty');
  return new TextEncoder().encode(written);
}

function readName(written: string): string {
  if (!/^(?=.{1,253}$)([a-z0-9_-]{1,63})(\.[a-z0-9_-]{1,63})*\.?$/i.test(written)) {
    throw new Unfit(`"${written}" is no domain name`);
  }
  return written;
}

function readRoute(written: string): { destination: string; via: string } {
  const [, network = '', prefix = '', via = ''] = /^([\d.]+)\/(\d{1,2})\s+via\s+([\d.]+)$/.exec(written) ?? [];
  if (parseIpv4(network) === undefined || parseIpv4(via) === undefined || Number(prefix) > 32) {
    throw new Unfit(`"${written}" is no route, such as "10.1.0.0/16 via 10.0.0.254"`);
  }
  return { destination: `${network}/${prefix}`, via };
}

function readFlag(written: string): number {
  if (['true', '1', 'yes', 'on'].includes(written)) return 1;
  if (['false', '0', 'no', 'off'].includes(written)) return 0;
  throw new Unfit(`"${written}" is neither true nor false`);
}

function readNumber(written: string, least: number, most: number): number {
  const number = Number(written);
  if (!/^-?\d+$/.test(written) || number < least || number > most) {
    throw new Unfit(`"${written}" is no whole number from ${least} to ${most}`);
  }
  return number;
}

function readHex(written: string): Uint8Array {
  const digits = written.replaceAll(/[\s:-]/g, '').replace(/^0x/i, '');
  if (!/^([0-9a-f]{2})+$/i.test(digits)) throw new Unfit(`"${written}" is no bytes in hexadecimal`);
  return Uint8Array.from(digits.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

function numberBytes(number: number): Uint8Array {
  return Uint8Array.of(number >>> 24, number >>> 16, number >>> 8, number);
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
