import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ByteSource } from '../platform/files.ts';
import type { ByteRange } from './range.ts';

/** Large blocks: a read costs as much for 64 KiB as for 1 MiB, and leaves half of the speed unused. */
const blockBytes = 1024 * 1024;

/** Errors of a response whose reader went away. */
const goneCodes = new Set(['ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

async function* blocks(source: ByteSource, { start, end }: ByteRange, sent: (count: number) => void) {
  let position = start;
  while (position <= end) {
    const block = Buffer.allocUnsafeSlow(Math.min(blockBytes, end + 1 - position));
    const count = await source.read(block, position);
    if (count === 0) throw new Error(`the file ended at byte ${position}`);
    yield block.subarray(0, count);
    position += count;
    sent(count);
  }
}

export interface Outcome {
  readonly sentBytes: number;
  /** `aborted`: the machine went away before the end. `probed`: it asked for the head alone. */
  readonly outcome: 'complete' | 'probed' | 'aborted' | 'failed';
  readonly detail?: string;
}

/** Sends the bytes of a range, no faster than they are taken, ends the response, closes the source. Never throws. */
export async function sendBody(source: ByteSource, range: ByteRange, response: ServerResponse): Promise<Outcome> {
  let sentBytes = 0;
  const body = Readable.from(
    blocks(source, range, (count) => {
      sentBytes += count;
    }),
    { objectMode: false, highWaterMark: blockBytes },
  );
  try {
    await pipeline(body, response);
    return { sentBytes, outcome: 'complete' };
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    return goneCodes.has(code) ? { sentBytes, outcome: 'aborted' } : { sentBytes, outcome: 'failed', detail: message };
  } finally {
    await source.close().catch(() => {});
  }
}
