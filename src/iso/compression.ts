import type { ByteSource } from '../platform/files.ts';
import { gunzip } from './gzip.ts';
import { decompressLz4Frame, decompressLz4Legacy } from './lz4.ts';
import { decompressXz } from './xz.ts';
import { decompressZstd } from './zstd.ts';

/**
 * Decompresses what starts at an offset of a source, piece by piece with bounded memory, and returns where the
 * compressed bytes end. Throws INITRD_DAMAGED.
 */
export type Decompress = (source: ByteSource, offsetBytes: number) => AsyncGenerator<Uint8Array, number>;

/** The ways in which Linux lets an initrd be compressed, by their first bytes (linux/lib/decompress.c). */
const signatures = [
  { name: 'gzip', magic: '1f8b', decompress: gunzip },
  { name: 'zstd', magic: '28b52ffd', decompress: decompressZstd },
  { name: 'xz', magic: 'fd377a585a00', decompress: decompressXz },
  { name: 'lz4', magic: '02214c18', decompress: decompressLz4Legacy },
  { name: 'lz4', magic: '04224d18', decompress: decompressLz4Frame },
  { name: 'bzip2', magic: '425a68' },
  { name: 'lzma', magic: '5d0000' },
  { name: 'lzo', magic: '894c5a' },
] as const satisfies readonly { name: string; magic: string; decompress?: Decompress }[];

export type CompressionName = (typeof signatures)[number]['name'];

/** How bytes are compressed; without `decompress` where that is known and not read. */
export interface Compression {
  readonly name: CompressionName;
  readonly decompress?: Decompress;
}

/** The compression that `start`, some first bytes, announces. */
export function recogniseCompression(start: Uint8Array): Compression | undefined {
  const hex = Buffer.from(start.subarray(0, 6)).toString('hex');
  return signatures.find(({ magic }) => hex.startsWith(magic));
}
