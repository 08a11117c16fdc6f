import { Readable } from 'node:stream';
import type { BootFile } from '../boot/files.ts';
import type { ByteRange } from './range.ts';

/** Large blocks: the cost of a read is per call (256 KiB and less leave half of the speed unused). */
const blockBytes = 1024 * 1024;

async function* blocks(file: BootFile, { start, end }: ByteRange): AsyncGenerator<Uint8Array> {
  const source = await file.open();
  try {
    let position = start;
    while (position <= end) {
      const block = Buffer.allocUnsafeSlow(Math.min(blockBytes, end + 1 - position));
      const count = await source.read(block, position);
      if (count === 0) throw new Error(`${file.path} ended at byte ${position}`);
      yield block.subarray(0, count);
      position += count;
    }
  } finally {
    await source.close();
  }
}

/** The bytes of a range as a stream that reads no faster than it is read. */
export function bodyOf(file: BootFile, range: ByteRange): Readable {
  return Readable.from(blocks(file, range), { objectMode: false, highWaterMark: blockBytes });
}
