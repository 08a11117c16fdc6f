import { BootwrightError } from '../errors.ts';
import { formatIpv6, parseIpv6 } from '../wire/addresses.ts';
import type { AddressRange, Prefix } from './network.ts';

/** `undefined` where the text is no IPv6 address. */
function toNumber(text: string): bigint | undefined {
  const bytes = parseIpv6(text);
  if (bytes === undefined) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  return (view.getBigUint64(0) << 64n) | view.getBigUint64(8);
}

function toText(value: bigint): string {
  const view = new DataView(new ArrayBuffer(16));
  view.setBigUint64(0, value >> 64n);
  view.setBigUint64(8, value & 0xffff_ffff_ffff_ffffn);
  return formatIpv6(new Uint8Array(view.buffer));
}

/** True where a machine of that network can have the address. */
export function isOnLink(address: string, { address: network, prefixBits }: Prefix): boolean {
  const [value, base] = [toNumber(address), toNumber(network)];
  const host = BigInt(128 - prefixBits);
  return value !== undefined && base !== undefined && value >> host === base >> host;
}

/** True where one address can be of both. */
export function overlaps(one: Prefix, other: Prefix): boolean {
  const wider = one.prefixBits < other.prefixBits ? one : other;
  return isOnLink(wider === one ? other.address : one.address, wider);
}

/** The address of the prefix itself. */
export function firstAddress({ address, prefixBits }: Prefix): string {
  const host = BigInt(128 - prefixBits);
  return toText(((toNumber(address) ?? 0n) >> host) << host);
}

/** `fd00::/64`, as it stands in texts. */
export function describePrefix(prefix: Prefix): string {
  return `${firstAddress(prefix)}/${prefix.prefixBits}`;
}

/** `fd00::100 to fd00::1ff`, as it stands in texts. */
export function describeRanges(ranges: readonly AddressRange[]): string {
  return ranges.map(({ first, last }) => `${first} to ${last}`).join(' and ');
}

/** The addresses of some ranges as one row, which may be longer than any memory. */
export class AddressRow {
  readonly #parts: readonly { readonly first: bigint; readonly last: bigint }[];
  /** How many there are. */
  readonly size: bigint;

  /** Throws DHCP6_RANGE_INVALID. */
  constructor(ranges: readonly AddressRange[], prefix: Prefix) {
    this.#parts = ranges.map((range) => readRange(range, prefix));
    this.size = this.#parts.reduce((sum, { first, last }) => sum + last - first + 1n, 0n);
  }

  /** `index` counts from 0. */
  at(index: bigint): string {
    let left = index;
    for (const { first, last } of this.#parts) {
      const size = last - first + 1n;
      if (left < size) return toText(first + left);
      left -= size;
    }
    throw new RangeError(`there is no address ${index}`);
  }

  has(address: string): boolean {
    const value = toNumber(address);
    return value !== undefined && this.#parts.some(({ first, last }) => value >= first && value <= last);
  }
}

function readRange(range: AddressRange, prefix: Prefix): { first: bigint; last: bigint } {
  const refuse = (reason: string) =>
    new BootwrightError('DHCP6_RANGE_INVALID', { ...range, prefix: describePrefix(prefix), reason });
  const [first, last] = [range.first, range.last].map((text) => {
    const value = toNumber(text);
    if (value === undefined) throw refuse(`"${text}" is no IPv6 address`);
    if (!isOnLink(text, prefix)) throw refuse(`${text} is not in it`);
    return value;
  });
  if (first === undefined || last === undefined || first > last) throw refuse('the first one comes after the last');
  return { first, last };
}

/**
 * 64 bits that spread well, the same for the same text at any time: FNV-1a twice, and the finish of MurmurHash3. No
 * secret: who wants another machine's address first may just ask for it.
 */
export function spread(text: string): bigint {
  return (BigInt(hash32(text, 0x811c9dc5)) << 32n) | BigInt(hash32(text, 0x9747b28c));
}

function hash32(text: string, seed: number): number {
  let hash = seed;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
