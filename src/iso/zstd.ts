import { createZstdDecompress } from 'node:zlib';
import { BootwrightError } from '../errors.ts';
import type { ByteSource } from '../platform/files.ts';
import { Reader } from '../wire/reader.ts';
import { inputOfSource, piecesOf } from './input.ts';
import { through } from './through.ts';

const lastBlock = 1;
const runOfOneByte = 1;
const reservedBlock = 3;
/** Bytes of the optional fields, by their two bits. RFC 8878 §3.1.1.1.1 */
const dictionaryBytes = [0, 1, 2, 4];
const contentSizeBytes = [0, 2, 4, 8];

/** One frame of zstd (RFC 8878). Its window is bounded by zstd itself, at 128 MiB. */
export async function* decompressZstd(source: ByteSource, offsetBytes: number): AsyncGenerator<Uint8Array, number> {
  const endBytes = await frameEnd(source, offsetBytes);
  yield* through(createZstdDecompress(), piecesOf(source, offsetBytes, endBytes), offsetBytes);
  return endBytes;
}

/** Where a frame ends, from the sizes of its blocks: Node's decompressor does not always tell. */
async function frameEnd(source: ByteSource, offsetBytes: number): Promise<number> {
  const input = inputOfSource(source, offsetBytes);
  const descriptor = (await input.take(5))[4] ?? 0;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const contentSize = contentSizeBytes[descriptor >> 6] || (isSingleSegment ? 1 : 0);
  await input.skip((isSingleSegment ? 0 : 1) + (dictionaryBytes[descriptor & 3] ?? 0) + contentSize);
  for (;;) {
    const bytes = await input.take(3);
    if (bytes.byteLength < 3) throw damaged('a zstd frame that is cut off', offsetBytes);
    const header = new Reader(bytes).u16LE() | ((bytes[2] ?? 0) << 16);
    const kind = (header >> 1) & 3;
    if (kind === reservedBlock) throw damaged('a zstd block that is none', offsetBytes);
    if (!(await input.skip(kind === runOfOneByte ? 1 : header >> 3))) {
      throw damaged('a zstd frame that is cut off', offsetBytes);
    }
    if ((header & lastBlock) !== 0) break;
  }
  const hasSum = (descriptor & 0x04) !== 0;
  await input.skip(hasSum ? 4 : 0);
  return offsetBytes + input.position;
}

function damaged(what: string, offsetBytes: number): BootwrightError {
  return new BootwrightError('INITRD_DAMAGED', { what, offsetBytes });
}
