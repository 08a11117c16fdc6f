import { closest } from 'fastest-levenshtein';
import { parseIpv4 } from '../wire/addresses.ts';
import {
  type Dialect,
  parseWrittenOptions,
  readHex,
  readList,
  readNames,
  readNumber,
  readText,
  Unfit,
  type WrittenOptions,
} from '../wire/written-options.ts';
import { knownOptions, type OptionForm, ownCodes } from './known-options.ts';
import { address, addresses, names, routes } from './option-codecs.ts';
import type { Options } from './options.ts';

/**
 * Options of the configuration, ready to be sent to machines that ask for them: `{ 'ntp-servers': ['10.0.0.5'], 150:
 * '10.0.0.1', 252: 'http://wpad/wpad.dat', 224: 'hex:0102' }`. Of a code that has no name here, the value is a text,
 * true or false for one byte, or says its form: `hex:`, `ip:`, `names:`, `u8:`, `u16:`, `u32:`, `text:`; of a list, all
 * one after the other. Throws DHCP_OPTION_INVALID.
 */
export function parseExtraOptions(list: WrittenOptions): Options {
  return parseWrittenOptions(list, dialect);
}

const dialect: Dialect<OptionForm> = { find, ownCodes, flag: 'flag', encode, refusal: 'DHCP_OPTION_INVALID' };

function find(name: string): { code: number; form: OptionForm | undefined } {
  if (!/^\d+$/.test(name)) {
    const known = Object.hasOwn(knownOptions, name) ? knownOptions[name] : undefined;
    if (known !== undefined) return known;
    throw new Unfit(`no option has that name; "${closest(name, Object.keys(knownOptions))}" is one`);
  }
  const code = Number(name);
  if (code > 255) throw new Unfit('codes go up to 254');
  return { code, form: Object.values(knownOptions).find((option) => option.code === code)?.form };
}

function encode(form: OptionForm, written: string): Uint8Array {
  switch (form) {
    case 'address':
      return address.encode(readAddress(written));
    case 'addresses':
      return addresses.encode(readList(written).map(readAddress));
    case 'text':
      return readText(written);
    case 'names':
      return names.encode(readNames(written));
    case 'routes':
      return routes.encode(readList(written).map(readRoute));
    case 'flag':
      return Uint8Array.of(readFlag(written));
    case 'u8':
      return readNumber(written, 1);
    case 'u16':
      return readNumber(written, 2);
    case 'u16s':
      return Uint8Array.from(readList(written).flatMap((part) => [...readNumber(part, 2)]));
    case 'u32':
      return readNumber(written, 4);
    case 'i32':
      return readNumber(written, 4, -0x80000000);
    case 'bytes':
      return readHex(written);
  }
}

function readAddress(written: string): string {
  if (parseIpv4(written) === undefined) throw new Unfit(`"${written}" is no IPv4 address`);
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
