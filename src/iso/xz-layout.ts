import { BootwrightError } from '../errors.ts';
import type { ByteSource } from '../platform/files.ts';
import { type Input, inputOfSource } from './input.ts';

/** Bytes of a block's sum: none, CRC32, which is all that Linux takes, or CRC64. The .xz File Format §2.1.1.2 */
const sumBytes: Readonly<Record<number, number>> = { 0: 0, 1: 4, 4: 8 };
const streamHeaderBytes = 12;
const footerBytes = 12;
const lzma2 = 0x21;
/** `xz -9` needs 64 MiB; the kernel's own decoder is given no more than that by any initrd tool. */
const maxDictionaryBytes = 128 * 1024 * 1024;

function damaged(what: string, offsetBytes: number): BootwrightError {
  return new BootwrightError('INITRD_DAMAGED', { what, offsetBytes });
}

function unknown(compression: string): BootwrightError {
  return new BootwrightError('INITRD_COMPRESSION_UNKNOWN', { compression });
}

/**
 * Where the xz stream that starts at an offset ends, found from the sizes of its LZMA2 chunks without decompressing.
 * Throws INITRD_DAMAGED where there is none, it is cut off, or its dictionary would take more than 128 MiB, and
 * INITRD_COMPRESSION_UNKNOWN for other filters or sums.
 */
export async function xzStreamEnd(source: ByteSource, offsetBytes: number): Promise<number> {
  const input = inputOfSource(source, offsetBytes);
  const header = await input.take(streamHeaderBytes);
  const sum = sumBytes[header[7] ?? 0];
  if (sum === undefined) throw unknown('xz with sums other than CRC32');
  for (;;) {
    const size = (await take(input, 1, offsetBytes))[0] ?? 0;
    if (size === 0) break;
    // The size counts in fours, and itself.
    checkBlockHeader(await take(input, size * 4 + 3, offsetBytes), offsetBytes);
    const start = input.position;
    await skipChunks(input, offsetBytes);
    await skip(input, (-(input.position - start) & 3) + sum, offsetBytes);
  }
  await skipIndex(input, offsetBytes);
  await skip(input, footerBytes, offsetBytes);
  return offsetBytes + input.position;
}

async function take(input: Input, count: number, offsetBytes: number): Promise<Uint8Array> {
  const bytes = await input.take(count);
  if (bytes.byteLength < count) throw damaged('an xz stream that is cut off', offsetBytes);
  return bytes;
}

async function skip(input: Input, count: number, offsetBytes: number): Promise<void> {
  if (!(await input.skip(count))) throw damaged('an xz stream that is cut off', offsetBytes);
}

/** Checks that LZMA2 is the block's only filter, and the size of its dictionary. §3.1, §5.3.1 */
function checkBlockHeader(header: Uint8Array, offsetBytes: number): void {
  const flags = header[0] ?? 0;
  let at = 1;
  const number = () => {
    let value = 0;
    for (let shift = 0; shift < 63; shift += 7) {
      const byte = header[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  if ((flags & 0x40) !== 0) number();
  if ((flags & 0x80) !== 0) number();
  const id = number();
  number();
  // Filters for machine code would come first; the decoder has none, and no initrd is made with them.
  if (id !== lzma2) throw unknown('xz with filters other than LZMA2');
  const bits = header[at] ?? 0;
  const dictionaryBytes = (2 | (bits & 1)) * 2 ** (Math.floor(bits / 2) + 11);
  if (dictionaryBytes > maxDictionaryBytes) {
    throw damaged(`an xz stream that needs ${dictionaryBytes} bytes of memory`, offsetBytes);
  }
}

/** LZMA2 chunks: a control byte, sizes less one, data; 0 ends them. */
async function skipChunks(input: Input, offsetBytes: number): Promise<void> {
  for (;;) {
    const control = (await take(input, 1, offsetBytes))[0] ?? 0;
    if (control === 0) return;
    if (control > 2 && control < 0x80) throw damaged('an LZMA2 chunk that is none', offsetBytes);
    const isCompressed = control >= 0x80;
    const sizes = await take(input, isCompressed ? 4 : 2, offsetBytes);
    const [high = 0, low = 0] = sizes.subarray(-2);
    const properties = control >= 0xc0 ? 1 : 0;
    await skip(input, properties + (high << 8) + low + 1, offsetBytes);
  }
}

/** The number of blocks, two numbers for each, padding to four bytes, and a sum. Its first byte is already taken. §4 */
async function skipIndex(input: Input, offsetBytes: number): Promise<void> {
  const start = input.position - 1;
  const records = await takeNumber(input, offsetBytes);
  for (let left = records * 2; left > 0; left--) await takeNumber(input, offsetBytes);
  await skip(input, (-(input.position - start) & 3) + 4, offsetBytes);
}

async function takeNumber(input: Input, offsetBytes: number): Promise<number> {
  let value = 0;
  for (let shift = 0; shift < 63; shift += 7) {
    const byte = (await take(input, 1, offsetBytes))[0] ?? 0;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  return value;
}
