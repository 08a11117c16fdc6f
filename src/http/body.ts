import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { BootFile } from '../boot/files.ts';
import type { ByteRange } from './range.ts';

/** Large blocks: a read costs as much for 64 KiB as for 1 MiB, and leaves half of the speed unused. */
const blockBytes = 1024 * 1024;

async function* blocks(file: BootFile, { start, end }: ByteRange, sent: (count: number) => void) {
  const source = await file.open();
  try {
    let position = start;
    while (position <= end) {
      const block = Buffer.allocUnsafeSlow(Math.min(blockBytes, end + 1 - position));
      const count = await source.read(block, position);
      if (count === 0) throw new Error(`${file.path} ended at byte ${position}`);
      yield block.subarray(0, count);
      position += count;
      sent(count);
    }
  } finally {
    await source.close();
  }
}

interface Outcome {
  readonly sentBytes: number;
  /** `aborted`: the machine went away before the end. */
  readonly outcome: 'complete' | 'aborted' | 'failed';
  readonly detail?: string;
}

/** Sends the bytes of a range, no faster than they are taken, and ends the response. Never throws. */
export async function sendBody(file: BootFile, range: ByteRange, response: ServerResponse): Promise<Outcome> {
  let sentBytes = 0;
  const body = Readable.from(
    blocks(file, range, (count) => {
      sentBytes += count;
    }),
    { objectMode: false, highWaterMark: blockBytes },
  );
  try {
    await pipeline(body, response);
    return { sentBytes, outcome: 'complete' };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const gone = code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET' || code === 'EPIPE';
    return gone ? { sentBytes, outcome: 'aborted' } : { sentBytes, outcome: 'failed', detail: message };
  }
}
