import { parseIpv6 } from '../wire/addresses.ts';
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
import { addresses, domains, ntpServers, texts } from './option-codecs.ts';
import { optionTable } from './options.ts';
import type { Option } from './packet.ts';

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

const knownCodes = Object.values(known).map(({ code }) => code);
/** Those that say who is who and who gets what: the exchange would break. */
const ownCodes: ReadonlySet<number> = new Set(
  Object.values(optionTable)
    .map(({ code }) => code as number)
    .filter((code) => !knownCodes.includes(code)),
);

const dialect: Dialect<Form> = { find, ownCodes, flag: undefined, encode, refusal: 'DHCP6_OPTION_INVALID' };

/**
 * Options of the configuration, which all machines get: `{ 'sntp-servers': ['fd00::7b'], 32: 600, 65001: 'hex:0102' }`.
 * Of a code that has no name here, the value is a text, or says its form: `hex:`, `ip:`, `names:`, `u8:`, `u16:`,
 * `u32:`, `text:`; of a list, all one after the other. Throws DHCP6_OPTION_INVALID.
 */
export function parseExtraOptions6(list: WrittenOptions): readonly Option[] {
  return [...parseWrittenOptions(list, dialect)].map(([code, bytes]) => ({ code, bytes }));
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

function encode(form: Form, written: string): Uint8Array {
  switch (form) {
    case 'addresses':
      return addresses.encode(readAddresses(written));
    case 'ntp':
      return ntpServers.encode(readAddresses(written));
    case 'names':
      return domains.encode(readNames(written));
    case 'text':
      return readText(written);
    case 'texts':
      return texts.encode([Buffer.from(written, 'utf8').toString('latin1')]);
    case 'bytes':
      return readHex(written);
    case 'u8':
      return readNumber(written, 1);
    case 'u16':
      return readNumber(written, 2);
    case 'u32':
      return readNumber(written, 4);
  }
}

function readAddresses(written: string): readonly string[] {
  const list = readList(written);
  const stranger = list.find((part) => parseIpv6(part) === undefined);
  if (stranger !== undefined) throw new Unfit(`"${stranger}" is no IPv6 address`);
  return list;
}
