import { BootwrightError } from '../errors.ts';
import { parseIpv6 } from '../wire/addresses.ts';
import { encodeOption, optionTable } from './options.ts';
import type { Option } from './packet.ts';

type Value = string | number | boolean;

/** By the names that the configuration has for them. Others go by their code. */
const named = {
  dns: (values: readonly string[]) => encodeOption('dns', values),
  domains: (values: readonly string[]) => encodeOption('domains', values),
  ntp: (values: readonly string[]) => encodeOption('ntp', values),
  bootFileUrl: (values: readonly string[]) => encodeOption('bootFileUrl', values[0] ?? ''),
  bootFileParameters: (values: readonly string[]) => encodeOption('bootFileParameters', values),
} as const;

/** Those that say who is who and who gets what: the exchange would break. */
const ours = new Set<number>(
  Object.entries(optionTable)
    .filter(([name]) => !(name in named))
    .map(([, { code }]) => code),
);

/**
 * Options that the configuration adds, by name or code. The value of a code is bytes (`0x0a0b`), IPv6 addresses, or
 * text. Throws DHCP6_OPTION_INVALID.
 */
export function parseExtraOptions6(options: Readonly<Record<string, Value | readonly Value[]>>): readonly Option[] {
  return Object.entries(options).map(([key, value]) => {
    const refuse = (reason: string) => new BootwrightError('DHCP6_OPTION_INVALID', { option: key, reason });
    const values = [value].flat().map((one) => {
      if (typeof one !== 'string') throw refuse(`${one} could be of any length: write it as bytes, such as 0x0001`);
      return one;
    });
    if (values.length === 0) throw refuse('it has no value');
    if (key in named) {
      const name = key as keyof typeof named;
      const stranger = values.find((text) => (name === 'dns' || name === 'ntp') && parseIpv6(text) === undefined);
      if (stranger !== undefined) throw refuse(`"${stranger}" is no IPv6 address`);
      return named[name](values);
    }
    const code = /^\d{1,5}$/.test(key) ? Number(key) : undefined;
    if (code === undefined || code === 0 || code > 65_535) {
      throw refuse(`it is neither a number from 1 to 65535 nor one of ${Object.keys(named).join(', ')}`);
    }
    if (ours.has(code)) throw refuse('the server itself writes it');
    const bytes = Buffer.concat(values.map(bytesOf));
    if (bytes.length > 1024) throw refuse(`${bytes.length} bytes don't fit beside the other options`);
    return { code, bytes };
  });
}

function bytesOf(text: string): Uint8Array {
  if (/^0x([0-9a-f]{2})*$/i.test(text)) return Buffer.from(text.slice(2), 'hex');
  return parseIpv6(text) ?? Buffer.from(text, 'utf8');
}
