/** IPv4 addresses are dotted decimal text, MAC addresses are six lower-case hexadecimal bytes with colons. */

/** `10.0.0.1` as a number of 32 bits; `undefined` where the text is no IPv4 address. */
export function parseIpv4(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  let value = 0;
  for (const part of match.slice(1)) {
    const byte = Number(part);
    if (byte > 255) return undefined;
    value = value * 256 + byte;
  }
  return value;
}

export function formatIpv4(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join('.');
}

export function formatMac(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** Six bytes; `undefined` where the text is no MAC address. Takes `:` and `-` between the bytes. */
export function parseMac(text: string): Uint8Array | undefined {
  const match = /^([0-9a-f]{2})(?:[:-]([0-9a-f]{2})){5}$/i.test(text);
  if (!match) return undefined;
  return Uint8Array.from(text.split(/[:-]/), (part) => Number.parseInt(part, 16));
}
