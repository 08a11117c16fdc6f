/**
 * IPv4 addresses are dotted decimal text, IPv6 addresses are text as RFC 5952 wants it, MAC addresses are six
 * lower-case hexadecimal bytes with colons.
 */

const zero = 0x30;
const nine = 0x39;
const dot = 0x2e;

/** `10.0.0.1` as a number of 32 bits; `undefined` where the text is no IPv4 address. */
export function parseIpv4(text: string): number | undefined {
  let value = 0;
  let byte = 0;
  let digits = 0;
  let dots = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === dot && digits > 0 && dots < 3) {
      value = value * 256 + byte;
      byte = 0;
      digits = 0;
      dots += 1;
    } else if (code >= zero && code <= nine && digits < 3) {
      byte = byte * 10 + code - zero;
      digits += 1;
      if (byte > 255) return undefined;
    } else {
      return undefined;
    }
  }
  return dots === 3 && digits > 0 ? value * 256 + byte : undefined;
}

export function formatIpv4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 0xff}.${(value >>> 8) & 0xff}.${value & 0xff}`;
}

const hexadecimal = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export function formatMac(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += text === '' ? hexadecimal[byte] : `:${hexadecimal[byte]}`;
  return text;
}

/** Six bytes; `undefined` where the text is no MAC address. Takes `:` and `-` between the bytes. */
export function parseMac(text: string): Uint8Array | undefined {
  const match = /^([0-9a-f]{2})(?:[:-]([0-9a-f]{2})){5}$/i.test(text);
  if (!match) return undefined;
  return Uint8Array.from(text.split(/[:-]/), (part) => Number.parseInt(part, 16));
}

/** Sixteen bytes; `undefined` where the text is no IPv6 address (RFC 4291 §2.2). Takes no zone. */
export function parseIpv6(text: string): Uint8Array | undefined {
  const dotted = /^(.*:)(\d[\d.]*\.[\d.]*)$/.exec(text);
  if (dotted !== null) {
    const low = parseIpv4(dotted[2] ?? '');
    if (low === undefined) return undefined;
    return parseIpv6(`${dotted[1]}${(low >>> 16).toString(16)}:${(low & 0xffff).toString(16)}`);
  }
  const [head = '', tail, ...more] = text.split('::');
  if (more.length > 0) return undefined;
  const before = readGroups(head);
  const after = tail === undefined ? [] : readGroups(tail);
  if (before === undefined || after === undefined) return undefined;
  const missing = 8 - before.length - after.length;
  // "::" stands for one group at least.
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...before, ...new Array<number>(missing).fill(0), ...after];
  return Uint8Array.from(groups.flatMap((group) => [group >>> 8, group & 0xff]));
}

/** The groups of 16 bits on one side of `::`. */
function readGroups(text: string): readonly number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  return parts.every((part) => /^[0-9a-f]{1,4}$/i.test(part))
    ? parts.map((part) => Number.parseInt(part, 16))
    : undefined;
}

/** The canonical text of sixteen bytes: lower case, and the first of the longest runs of zeros as `::`. RFC 5952 §4. */
export function formatIpv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) => ((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0));
  let longest = { start: 0, length: 0 };
  let start = 0;
  for (let index = 0; index < groups.length; index += 1) {
    if (groups[index] !== 0) start = index + 1;
    else if (index + 1 - start > longest.length) longest = { start, length: index + 1 - start };
  }
  const text = (some: readonly number[]): string => some.map((group) => group.toString(16)).join(':');
  // One group alone is not shortened (RFC 5952 §4.2.2).
  if (longest.length < 2) return text(groups);
  return `${text(groups.slice(0, longest.start))}::${text(groups.slice(longest.start + longest.length))}`;
}
