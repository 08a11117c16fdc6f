import { open, rm } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { BootwrightError } from '../errors.ts';
import { describeWriteFailure } from '../platform/durable.ts';
import type { Room } from './room.ts';

/** Standard input, or what stands for it. */
export type InputStream = Readable & { readonly isTTY?: boolean };

/** How a piece of work is watched and stopped. */
export interface Watched {
  readonly signal?: AbortSignal | undefined;
  /** `count` bytes more were handled, of `total` of this step where that is known. */
  readonly onBytes?: ((count: number, total?: number) => void) | undefined;
}

/**
 * Writes pieces into a new file of the scratch folder; how many bytes they were. What was written of it is removed where
 * that fails. Throws OUTPUT_FULL or OUTPUT_UNWRITABLE, what `room` throws, and what the pieces throw.
 */
export async function writePieces(
  pieces: AsyncIterable<Uint8Array>,
  path: string,
  room: Room,
  signal?: AbortSignal | undefined,
): Promise<number> {
  const failed = (error: unknown) => {
    throw describeWriteFailure(error, path);
  };
  const handle = await open(path, 'wx', 0o600).catch(failed);
  let sizeBytes = 0;
  try {
    for await (const piece of pieces) {
      signal?.throwIfAborted();
      await room.take(piece.byteLength);
      // This writes all of it, or fails.
      await handle.writeFile(piece).catch(failed);
      sizeBytes += piece.byteLength;
    }
    signal?.throwIfAborted();
    await handle.close();
    return sizeBytes;
  } catch (error) {
    await handle.close();
    await rm(path, { force: true });
    throw error;
  }
}

/** Takes what comes through a pipe into a file. Throws INPUT_TERMINAL, and what writing it throws. */
export async function spool(stdin: InputStream, path: string, room: Room, watched: Watched): Promise<void> {
  if (stdin.isTTY === true) throw new BootwrightError('INPUT_TERMINAL', {});
  const { signal, onBytes } = watched;
  signal?.throwIfAborted();
  if (signal !== undefined) addAbortSignal(signal, stdin);
  async function* counted() {
    try {
      for await (const piece of stdin) {
        onBytes?.(piece.byteLength);
        yield piece as Uint8Array;
      }
    } catch (cause) {
      const reason = String(cause);
      throw new BootwrightError('FILE_UNREADABLE', { path: 'standard input', reason }, { cause });
    }
  }
  try {
    await writePieces(counted(), path, room, signal);
  } catch (error) {
    // The stream ends with an error of its own, which hides the reason of whoever aborted it.
    signal?.throwIfAborted();
    throw error;
  }
}
