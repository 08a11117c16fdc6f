import { createGunzip } from 'node:zlib';
import { BootwrightError, hasCode } from '../errors.ts';
import type { Decompress } from '../iso/compression.ts';
import { piecesOf } from '../iso/input.ts';
import { through } from '../iso/through.ts';
import { decompressXz } from '../iso/xz.ts';
import { decompressZstd } from '../iso/zstd.ts';
import type { ByteSource } from '../platform/files.ts';
import { formatOf, isSkippableFrame, type Packing } from './format.ts';
import { countedSource, type Layer } from './layer.ts';
import { hasXzUtils, throughProgram } from './program.ts';

const outputBytes = 256 * 1024;

/**
 * What is in a packed file, piece by piece: all of its members, one after the other. What follows them is refused, as
 * the program of that name does. Throws PACKED_DAMAGED, PACKED_UNSUPPORTED, PROGRAM_MISSING or PROGRAM_ENDED.
 */
export async function* unpack(layer: Layer, packing: Packing): AsyncGenerator<Uint8Array, void> {
  const source = countedSource(layer);
  try {
    switch (packing) {
      case 'gzip':
        yield* gunzipAll(layer, source);
        break;
      case 'zstd':
        yield* members(layer, source, zstdMember);
        break;
      case 'xz':
        // Three to ten times as fast as the decoder in WebAssembly, which needs nothing installed.
        if (await hasXzUtils()) yield* throughProgram(layer, source, 'xz');
        else yield* members(layer, source, xzMember);
        break;
      case 'bzip2':
      case 'lz4':
        yield* throughProgram(layer, source, packing);
        break;
      default:
        packing satisfies never;
    }
  } catch (error) {
    throw named(error, layer.path);
  }
}

/** The errors of the decoders are about initrds, whose bytes they were made for. */
function named(error: unknown, path: string): unknown {
  const options = { cause: error };
  if (hasCode(error, 'INITRD_DAMAGED')) {
    return new BootwrightError('PACKED_DAMAGED', { path, what: String(error.data['what']) }, options);
  }
  if (hasCode(error, 'INITRD_COMPRESSION_UNKNOWN')) {
    return new BootwrightError('PACKED_UNSUPPORTED', { path, packing: String(error.data['compression']) }, options);
  }
  return error;
}

/** zlib goes from member to member by itself, and checks their sums; only what follows the last one is left to us. */
async function* gunzipAll({ path }: Layer, source: ByteSource): AsyncGenerator<Uint8Array, void> {
  const gunzip = createGunzip({ chunkSize: outputBytes });
  yield* through(gunzip, piecesOf(source, 0), 0);
  for await (const rest of piecesOf(source, gunzip.bytesWritten)) {
    // Tapes and block devices fill up with zeros, and gzip lets them.
    if (rest.some((byte) => byte !== 0)) throw trailing(path);
  }
}

/** How many members may unpack to next to nothing: each of them costs time, and a hostile file has many. */
const freeMembers = 1000;
const bytesPerMember = 512;

async function* members(
  { path, signal }: Layer,
  source: ByteSource,
  member: (source: ByteSource, offsetBytes: number, path: string) => ReturnType<Decompress>,
): AsyncGenerator<Uint8Array, void> {
  let unpackedBytes = 0;
  let count = 0;
  for (let at = 0; at < source.sizeBytes; ) {
    signal?.throwIfAborted();
    const pieces = member(source, at, path);
    try {
      let next = await pieces.next();
      for (; next.done !== true; next = await pieces.next()) {
        unpackedBytes += next.value.byteLength;
        yield next.value;
      }
      at = next.value;
    } finally {
      await pieces.return(at);
    }
    count += 1;
    if (count > freeMembers + unpackedBytes / bytesPerMember) {
      throw new BootwrightError('PACKED_DAMAGED', { path, what: `there is next to nothing in its ${count} parts` });
    }
  }
}

async function startOf(source: ByteSource, offsetBytes: number): Promise<Uint8Array> {
  const start = new Uint8Array(8);
  return start.subarray(0, await source.read(start, offsetBytes));
}

async function* zstdMember(source: ByteSource, offsetBytes: number, path: string): ReturnType<Decompress> {
  const start = await startOf(source, offsetBytes);
  if (isSkippableFrame(start) && start.byteLength === 8) {
    const end = offsetBytes + 8 + new DataView(start.buffer).getUint32(4, true);
    if (end > source.sizeBytes) throw new BootwrightError('PACKED_DAMAGED', { path, what: 'it is cut off' });
    return end;
  }
  requirePacking(start, 'zstd', path);
  return yield* decompressZstd(source, offsetBytes);
}

async function* xzMember(source: ByteSource, offsetBytes: number, path: string): ReturnType<Decompress> {
  const start = await startOf(source, offsetBytes);
  // Padding between streams, in fours. The .xz File Format §2.2
  if (offsetBytes > 0 && start.byteLength >= 4 && start.subarray(0, 4).every((byte) => byte === 0)) {
    return offsetBytes + 4;
  }
  requirePacking(start, 'xz', path);
  return yield* decompressXz(source, offsetBytes);
}

function requirePacking(start: Uint8Array, packing: Packing, path: string): void {
  const format = formatOf(start);
  if (format.kind !== 'packed' || format.packing !== packing) throw trailing(path);
}

function trailing(path: string): BootwrightError {
  return new BootwrightError('PACKED_DAMAGED', { path, what: 'something else follows its end' });
}
