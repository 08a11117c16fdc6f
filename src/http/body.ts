import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { type BlockCache, blockBytes, type OpenFile, readPart } from './block-cache.ts';
import type { ByteRange } from './range.ts';

export interface Outcome {
  readonly sentBytes: number;
  /** `aborted`: the machine went away before the end. `probed`: it asked for the head alone. */
  readonly outcome: 'complete' | 'probed' | 'aborted' | 'failed';
  readonly detail?: string;
}

/** Errors of a response whose reader went away. */
const goneCodes = new Set(['ERR_STREAM_DESTROYED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

/** What a reader gets where all blocks are in use: so little that a thousand of them are no burden. */
const ownBytes = 64 * 1024;

/** Bytes on their way to the connection. */
interface Portion {
  /** The position of the first byte after it. */
  readonly end: number;
  readonly bytes: Promise<Buffer>;
  giveBack(): void;
}

/** From `position` to the end of its block, or of the range. */
function portionAt(position: number, file: OpenFile, range: ByteRange, cache: BlockCache): Portion {
  const index = Math.floor(position / blockBytes);
  const loan = cache.lend(file, index);
  const end = Math.min(range.end + 1, loan === undefined ? position + ownBytes : (index + 1) * blockBytes);
  const [from, to] = [position - index * blockBytes, end - index * blockBytes];
  const bytes = loan?.bytes.then((block) => block.subarray(from, to)) ?? readPart(file, position, end);
  // Whether it failed is asked when its turn comes, which it never may.
  bytes.catch(() => {});
  return { end, bytes, giveBack: () => loan?.giveBack() };
}

/** The bytes of a range, in their order; the next portion is read while one is being sent. */
async function* portionsOf(file: OpenFile, range: ByteRange, cache: BlockCache): AsyncGenerator<Buffer> {
  const next = (position: number) => (position > range.end ? undefined : portionAt(position, file, range, cache));
  let current = next(range.start);
  let ahead: Portion | undefined;
  try {
    while (current !== undefined) {
      const bytes = await current.bytes;
      ahead = next(current.end);
      yield bytes;
      current.giveBack();
      current = ahead;
      ahead = undefined;
    }
  } finally {
    current?.giveBack();
    ahead?.giveBack();
    // Others may wait for the same block, and it is our source that it is read from.
    await ahead?.bytes.catch(() => {});
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
    for await (const part of portionsOf(file, range, cache)) {
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
