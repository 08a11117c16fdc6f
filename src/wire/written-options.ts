import { BootwrightError } from '../errors.ts';
import { Writer } from './writer.ts';

type WrittenValue = string | number | boolean;

/** Options of a configuration by name or code, each with its value or its values. */
export type WrittenOptions = Readonly<Record<string, WrittenValue | readonly WrittenValue[]>>;

/** What is wrong with a name or a value. */
export class Unfit extends Error {}

/** Forms that both kinds of DHCP know, by what stands before a value that says its own: `u16:9000`. */
const explicitForms = {
  hex: 'bytes',
  ip: 'addresses',
  names: 'names',
  text: 'text',
  u8: 'u8',
  u16: 'u16',
  u32: 'u32',
} as const;

type CommonForm = (typeof explicitForms)[keyof typeof explicitForms];

/** How DHCP, or DHCPv6, has its options. What it is given it may refuse by an `Unfit`. */
export interface Dialect<Form extends string> {
  /** Without a form, the value says it. */
  find(name: string): { readonly code: number; readonly form: Form | undefined };
  /** What the server itself decides. */
  readonly ownCodes: ReadonlySet<number>;
  /** Of true and false, where no form is known; `undefined`: there is none. */
  readonly flag: Form | undefined;
  /** `written` is trimmed. */
  encode(form: Form | CommonForm, written: string): Uint8Array;
  readonly refusal: 'DHCP_OPTION_INVALID' | 'DHCP6_OPTION_INVALID';
}

/** What fits into an answer beside everything that machines need. */
const longestBytes = 1024;

/** The bytes of each option by its code. Throws `refusal`. */
export function parseWrittenOptions<Form extends string>(
  list: WrittenOptions,
  dialect: Dialect<Form>,
): ReadonlyMap<number, Uint8Array> {
  const options = new Map<number, Uint8Array>();
  for (const [name, value] of Object.entries(list)) {
    try {
      const { code, form } = dialect.find(name);
      if (dialect.ownCodes.has(code)) throw new Unfit('the server itself decides what it says');
      if (options.has(code)) throw new Unfit('it is set twice, by name and by code');
      const bytes = encodeAll([value].flat(), form, dialect);
      if (bytes.length > longestBytes) throw new Unfit(`${bytes.length} bytes are more than ${longestBytes}`);
      options.set(code, bytes);
    } catch (error) {
      if (!(error instanceof Unfit)) throw error;
      const data = { option: name, value: JSON.stringify(value), reason: error.message };
      throw new BootwrightError(dialect.refusal, data, { cause: error });
    }
  }
  return options;
}

/** One after the other. */
function encodeAll<Form extends string>(
  values: readonly WrittenValue[],
  form: Form | undefined,
  dialect: Dialect<Form>,
): Uint8Array {
  const writer = new Writer();
  for (const value of values) {
    const [, prefix = '', rest = ''] = typeof value === 'string' ? (/^([a-z0-9]+):(.*)$/s.exec(value) ?? []) : [];
    if (isExplicit(prefix)) writer.put(dialect.encode(explicitForms[prefix], rest.trim()));
    else writer.put(dialect.encode(form ?? formOf(value, dialect), String(value).trim()));
  }
  return Uint8Array.from(writer.finish());
}

function isExplicit(prefix: string): prefix is keyof typeof explicitForms {
  return Object.hasOwn(explicitForms, prefix);
}

function formOf<Form extends string>(value: WrittenValue, { flag }: Dialect<Form>): Form | 'text' {
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number') throw new Unfit('say how many bytes the number has: "u8:…", "u16:…" or "u32:…"');
  if (flag === undefined) throw new Unfit('options of DHCPv6 are no yes or no: say "u8:1"');
  return flag;
}

/** `10.0.0.1, 10.0.0.2` as its parts. */
export function readList(written: string): readonly string[] {
  return written.split(',').map((part) => part.trim());
}

export function readText(written: string): Uint8Array {
  if (written === '') throw new Unfit('it is empty');
  return new TextEncoder().encode(written);
}

/** Domain names, with or without a dot at the end. */
export function readNames(written: string): readonly string[] {
  const names = readList(written);
  const stranger = names.find((name) => !/^(?=.{1,253}$)([a-z0-9_-]{1,63})(\.[a-z0-9_-]{1,63})*\.?$/i.test(name));
  if (stranger !== undefined) throw new Unfit(`"${stranger}" is no domain name`);
  return names;
}

/** A whole number, in so many bytes, network order. */
export function readNumber(written: string, sizeBytes: 1 | 2 | 4, least = 0): Uint8Array {
  const most = least < 0 ? 256 ** sizeBytes / 2 - 1 : 256 ** sizeBytes - 1;
  const number = Number(written);
  if (!/^-?\d+$/.test(written) || number < least || number > most) {
    throw new Unfit(`"${written}" is no whole number from ${least} to ${most}`);
  }
  return Uint8Array.from({ length: sizeBytes }, (_, at) => number >>> (8 * (sizeBytes - 1 - at)));
}

/** `0a:0b`, `0a0b` or `0x0a0b`. */
export function readHex(written: string): Uint8Array {
  const digits = written.replaceAll(/[\s:-]/g, '').replace(/^0x/i, '');
  if (!/^([0-9a-f]{2})+$/i.test(digits)) throw new Unfit(`"${written}" is no bytes in hexadecimal`);
  return Uint8Array.from(digits.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}
