import { BootwrightError } from '../errors.ts';
import type { ByteSource } from '../platform/files.ts';
import { Reader } from '../wire/reader.ts';
import { type Input, inputOfSource } from './input.ts';
import { decompressLz4Block } from './lz4-block.ts';

/** Blocks of the legacy format unpack to this much at most. */
const legacyBlockBytes = 8 * 1024 * 1024;
const legacyMagic = 0x184c2102;
/** What `legacyBlockBytes` can grow to where nothing in it repeats. */
const maxLegacyBlock = legacyBlockBytes + Math.floor(legacyBlockBytes / 255) + 16;
/** Matches of dependent blocks reach back this far. */
const historyBytes = 64 * 1024;

function damaged(what: string, offsetBytes: number): BootwrightError {
  return new BootwrightError('INITRD_DAMAGED', { what, offsetBytes });
}

/** The next 32 bits, or `undefined` at the end. */
async function nextSize(input: Input): Promise<number | undefined> {
  const bytes = await input.peek(4);
  return bytes.byteLength < 4 ? undefined : new Reader(bytes).u32LE();
}

/**
 * LZ4's legacy format, the one that Linux unpacks: blocks, each after its size. Nothing marks the end; as in Linux
 * (lib/decompress_unlz4.c), a size that cannot be ends it, such as zeros or the `0707` of another archive.
 */
export async function* decompressLz4Legacy(
  source: ByteSource,
  offsetBytes: number,
): AsyncGenerator<Uint8Array, number> {
  const input = inputOfSource(source, offsetBytes);
  await input.skip(4);
  for (;;) {
    const size = await nextSize(input);
    if (size === legacyMagic) {
      await input.skip(4);
      continue;
    }
    if (size === undefined || size === 0 || size > maxLegacyBlock) break;
    await input.skip(4);
    const block = await input.take(size);
    if (block.byteLength < size) throw damaged('an LZ4 block that is cut off', offsetBytes);
    const output = new Uint8Array(legacyBlockBytes);
    yield output.subarray(0, decompressLz4Block(block, output, 0, offsetBytes));
  }
  return offsetBytes + input.position;
}

/** What the descriptor of a frame says. LZ4 Frame Format, "Frame Descriptor". */
async function takeDescriptor(input: Input, offsetBytes: number) {
  const [flags = 0, sizes = 0] = (await input.take(6)).subarray(4);
  const blockBytes = { 4: 64, 5: 256, 6: 1024, 7: 4096 }[(sizes >> 4) & 7];
  if (flags >> 6 !== 1 || blockBytes === undefined) throw damaged('an LZ4 frame that is none', offsetBytes);
  const hasContentSize = (flags & 0x08) !== 0;
  const hasDictionary = (flags & 0x01) !== 0;
  await input.skip((hasContentSize ? 8 : 0) + (hasDictionary ? 4 : 0) + 1);
  return {
    blockBytes: blockBytes * 1024,
    blockSumBytes: (flags & 0x10) === 0 ? 0 : 4,
    contentSumBytes: (flags & 0x04) === 0 ? 0 : 4,
  };
}

/** One LZ4 frame, as the `lz4` command writes it by default. Its sums are not checked. */
export async function* decompressLz4Frame(source: ByteSource, offsetBytes: number): AsyncGenerator<Uint8Array, number> {
  const input = inputOfSource(source, offsetBytes);
  const { blockBytes, blockSumBytes, contentSumBytes } = await takeDescriptor(input, offsetBytes);
  let history = new Uint8Array(0);
  for (;;) {
    const size = await nextSize(input);
    if (size === undefined) throw damaged('an LZ4 frame that is cut off', offsetBytes);
    await input.skip(4);
    if (size === 0) break;
    const count = size & 0x7fffffff;
    if (count > blockBytes) throw damaged(`an LZ4 block of ${count} bytes`, offsetBytes);
    const block = await input.take(count);
    if (block.byteLength < count) throw damaged('an LZ4 block that is cut off', offsetBytes);
    await input.skip(blockSumBytes);
    const output = new Uint8Array(history.byteLength + blockBytes);
    output.set(history);
    const isPlain = size >= 0x80000000;
    if (isPlain) output.set(block, history.byteLength);
    const end = isPlain
      ? history.byteLength + count
      : decompressLz4Block(block, output, history.byteLength, offsetBytes);
    yield output.subarray(history.byteLength, end);
    history = output.slice(Math.max(0, end - historyBytes), end);
  }
  await input.skip(contentSumBytes);
  return offsetBytes + input.position;
}
