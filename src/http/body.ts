import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { type BlockCache, blockBytes, type OpenFile } from './block-cache.ts';
import type { ByteRange } from './range.ts';

export interface Outcome {
  readonly sentBytes: number;
  /** `aborted`: the machine went away before the end. `probed`: it asked for the head alone. */
  readonly outcome: 'complete' | 'probed' | 'aborted' | 'failed';
  readonly detail?: string;
}

/** Errors of a response whose reader went away. */
const goneCodes = new Set(['ERR_STREAM_DESTROYED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

/** The parts of the blocks that make up a range, in their order; the next one is read while one is being sent. */
async function* partsOf(file: OpenFile, { start, end }: ByteRange, cache: BlockCache) {
  const last = Math.floor(end / blockBytes);
  const read = (index: number) => {
    const block = cache.read(file, index);
    // Whether it failed is asked when its turn comes, which it never may.
    block.catch(() => {});
    return block;
  };
  let ahead = read(Math.floor(start / blockBytes));
  for (let index = Math.floor(start / blockBytes); index <= last; index++) {
    const block = await ahead;
    if (index < last) ahead = read(index + 1);
    const position = index * blockBytes;
    yield block.subarray(Math.max(start - position, 0), Math.min(end + 1 - position, block.length));
  }
}

/** Resolves once the connection has taken what was written, or is gone. */
async function taken(response: ServerResponse, event: 'drain' | 'finish'): Promise<void> {
  const waiting = new AbortController();
  const { signal } = waiting;
  try {
    await Promise.race([once(response, event, { signal }), once(response, 'close', { signal })]);
  } finally {
    waiting.abort();
  }
}

/** Sends the bytes of a range, no faster than they are taken, ends the response, closes the file. Never throws. */
export async function sendBody(
  file: OpenFile,
  range: ByteRange,
  response: ServerResponse,
  cache: BlockCache,
): Promise<Outcome> {
  let sentBytes = 0;
  try {
    for await (const part of partsOf(file, range, cache)) {
      if (response.destroyed) break;
      if (!response.write(part)) await taken(response, 'drain');
      sentBytes += part.length;
    }
    if (!response.destroyed) {
      response.end();
      if (!response.writableFinished) await taken(response, 'finish');
    }
    return { sentBytes, outcome: response.writableFinished ? 'complete' : 'aborted' };
  } catch (error) {
    if (goneCodes.has((error as NodeJS.ErrnoException).code ?? '')) return { sentBytes, outcome: 'aborted' };
    // Half a file with its full length announced must not look like a whole one.
    response.destroy();
    return { sentBytes, outcome: 'failed', detail: error instanceof Error ? error.message : String(error) };
  } finally {
    await file.source.close().catch(() => {});
  }
}
