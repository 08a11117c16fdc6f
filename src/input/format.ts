import { recogniseCompression } from '../iso/compression.ts';
import { decodeText } from '../iso/text.ts';

/** Ways to pack one file, whatever it is. */
export type Packing = 'gzip' | 'zstd' | 'xz' | 'bzip2' | 'lz4';

/** What an input is. `other` is nothing that an image comes as. */
export type Format =
  | { readonly kind: 'iso' | 'udf' | 'tar' | 'other' }
  | { readonly kind: 'archive'; readonly type: '7z' | 'zip' }
  | { readonly kind: 'packed'; readonly packing: Packing }
  | { readonly kind: 'unsupported'; readonly packing: string };

/** As many first bytes as `formatOf` looks at: up to the first volume descriptor (ECMA-119 §6.2.1). */
export const formatBytes = 32_768 + 6;

// Nobody would look for an ISO in the first two; the others pack files, and Bootwright leaves them to their owners.
const unsupported: readonly (readonly [string, string])[] = [
  ['526172211a07', 'RAR'],
  ['4d534346', 'CAB'],
  ['5d0000', 'lzma'],
  ['894c5a4f', 'lzo'],
  ['4c5a4950', 'lzip'],
  ['1f9d', 'compress'],
];

/** Frames of zstd that hold no content, such as the one that pzstd puts first. RFC 8878 §3.1.2 */
export function isSkippableFrame(start: Uint8Array): boolean {
  const [first = 0, ...rest] = start.subarray(0, 4);
  return first >> 4 === 5 && rest.join() === [0x2a, 0x4d, 0x18].join();
}

/** What starts with these bytes: by content, since names are often wrong. */
export function formatOf(start: Uint8Array): Format {
  // An ISO may start with anything: a boot loader for sticks, or a tar header.
  const volume = decodeText(start.subarray(32_769, 32_774));
  if (volume === 'CD001') return { kind: 'iso' };
  if (volume === 'BEA01') return { kind: 'udf' };
  const hex = Buffer.from(start.subarray(0, 6)).toString('hex');
  const packing = recogniseCompression(start)?.name;
  if (isSkippableFrame(start)) return { kind: 'packed', packing: 'zstd' };
  if (packing !== undefined && packing !== 'lzma' && packing !== 'lzo') return { kind: 'packed', packing };
  if (hex === '377abcaf271c') return { kind: 'archive', type: '7z' };
  // Also one without members.
  if (hex.startsWith('504b0304') || hex.startsWith('504b0506')) return { kind: 'archive', type: 'zip' };
  if (decodeText(start.subarray(257, 262)) === 'ustar') return { kind: 'tar' };
  const name = unsupported.find(([magic]) => hex.startsWith(magic))?.[1];
  return name === undefined ? { kind: 'other' } : { kind: 'unsupported', packing: name };
}
