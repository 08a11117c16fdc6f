import { createZstdDecompress } from 'node:zlib';
import { BootwrightError } from '../errors.ts';
import type { ByteSource } from '../platform/files.ts';
import { Reader } from '../wire/reader.ts';
import { type Input, inputOfSource } from './input.ts';
import { through } from './through.ts';

const lastBlock = 1;
const runOfOneByte = 1;
const reservedBlock = 3;
const maxBlockBytes = 128 * 1024;
/** Bytes of the optional fields, by their two bits. RFC 8878 §3.1.1.1.1 */
const dictionaryBytes = [0, 1, 2, 4];
const contentSizeBytes = [0, 2, 4, 8];

/** Blocks are handed on together, up to this much: they may be tiny. */
const batchBytes = 128 * 1024;
const outputBytes = 256 * 1024;

/** One frame of zstd (RFC 8878). Its window is bounded by zstd itself, at 128 MiB. */
export async function* decompressZstd(source: ByteSource, offsetBytes: number): AsyncGenerator<Uint8Array, number> {
  const input = inputOfSource(source, offsetBytes);
  yield* through(createZstdDecompress({ chunkSize: outputBytes }), frame(input, offsetBytes), offsetBytes);
  return offsetBytes + input.position;
}

/** The bytes of a frame, whose end is found by the sizes of its blocks: Node's decompressor does not always tell. */
async function* frame(input: Input, offsetBytes: number): AsyncGenerator<Uint8Array> {
  const descriptor = (await input.peek(5))[4] ?? 0;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const contentSize = contentSizeBytes[descriptor >> 6] || (isSingleSegment ? 1 : 0);
  let batch = [await input.take(5 + (isSingleSegment ? 0 : 1) + (dictionaryBytes[descriptor & 3] ?? 0) + contentSize)];
  let held = 0;
  for (let isLast = false; !isLast; ) {
    const bytes = await input.take(3);
    if (bytes.byteLength < 3) throw damaged('a zstd frame that is cut off', offsetBytes);
    const header = new Reader(bytes).u16LE() | ((bytes[2] ?? 0) << 16);
    const kind = (header >> 1) & 3;
    const size = kind === runOfOneByte ? 1 : header >> 3;
    // RFC 8878 §3.1.1.2.4
    if (kind === reservedBlock || size > maxBlockBytes) throw damaged('a zstd block that is none', offsetBytes);
    const block = await input.take(size);
    if (block.byteLength < size) throw damaged('a zstd frame that is cut off', offsetBytes);
    batch.push(bytes, block);
    held += bytes.byteLength + size;
    if (held >= batchBytes) {
      yield Buffer.concat(batch);
      batch = [];
      held = 0;
    }
    isLast = (header & lastBlock) !== 0;
  }
  const hasSum = (descriptor & 0x04) !== 0;
  yield Buffer.concat([...batch, await input.take(hasSum ? 4 : 0)]);
}

function damaged(what: string, offsetBytes: number): BootwrightError {
  return new BootwrightError('INITRD_DAMAGED', { what, offsetBytes });
}
