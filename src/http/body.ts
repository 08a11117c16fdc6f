import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Admission } from './admission.ts';
import { type BlockCache, blockBytes, type OpenFile } from './block-cache.ts';
import type { Passage } from './passage.ts';
import type { ByteRange } from './range.ts';
import { Slices } from './slices.ts';

export interface Outcome {
  readonly sentBytes: number;
  /** `aborted`: the machine went away before the end. `probed`: it asked for the head alone. */
  readonly outcome: 'complete' | 'probed' | 'aborted' | 'failed';
  readonly detail?: string;
}

/** Bytes of the file, or bytes between them. */
export type BodyPart = ByteRange | Buffer;

export interface Body {
  readonly file: OpenFile;
  readonly parts: readonly BodyPart[];
  /** All parts together. */
  readonly sizeBytes: number;
  /** The address of the one who asked. */
  readonly machine: string;
}

/** Errors of a connection whose other end went away. */
const goneCodes = new Set([
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ECANCELED',
]);

/**
 * Resolves once the kernel, or TLS, has taken the bytes; rejects where it never will. Until then they are read. To the
 * socket itself: a response forgets its callbacks where its connection breaks.
 */
function write(socket: Socket, bytes: Buffer): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.write(bytes, (error) => (error ? reject(error) : resolve()));
  return promise;
}

/** The head, and the first bytes in the same packet. */
function writeFirst(response: ServerResponse, socket: Socket, bytes: Buffer): Promise<void> {
  socket.cork();
  response.flushHeaders();
  const written = write(socket, bytes);
  socket.uncork();
  return written;
}

/** Resolves once the response has ended, or its connection. */
async function end(response: ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  response.once('close', resolve).end(resolve);
  await promise;
}

/** The bytes of a body, slice by slice; each one is read until the next is asked for. Ends where the machine is gone. */
async function* slicesOf(parts: readonly BodyPart[], slices: Slices, passage: Passage): AsyncGenerator<Buffer> {
  for (const part of parts) {
    if (Buffer.isBuffer(part)) yield part;
    else {
      for (let position = part.start; position <= part.end; ) {
        const block = (Math.floor(position / blockBytes) + 1) * blockBytes;
        const grant = await passage.next(Math.min(block, part.end + 1) - position);
        if (grant === undefined) return;
        const bytes = await slices.take(position, grant);
        yield bytes;
        position += bytes.length;
      }
    }
  }
}

/** Sends a body, no faster than it is taken and than it may be, ends the response, closes the file. Never throws. */
export async function sendBody(
  { file, parts, sizeBytes, machine }: Body,
  response: ServerResponse,
  cache: BlockCache,
  admission: Admission,
): Promise<Outcome> {
  const { socket } = response.req;
  const slices = new Slices(file, cache, Math.max(...parts.map((part) => (Buffer.isBuffer(part) ? 0 : part.end))));
  let sentBytes = 0;
  let gaveUp: { detail: string } | undefined;
  const passage = admission.enter({
    machine,
    sizeBytes,
    end() {
      gaveUp = { detail: 'it took less than 1 MiB in 10 minutes' };
      socket.destroy();
    },
  });
  const leave = () => passage.leave();
  socket.once('close', leave);
  if (socket.destroyed) leave();
  try {
    for await (const bytes of slicesOf(parts, slices, passage)) {
      await passage.turn(bytes.length);
      if (socket.destroyed) break;
      await (sentBytes === 0 ? writeFirst(response, socket, bytes) : write(socket, bytes));
      passage.taken(bytes.length);
      sentBytes += bytes.length;
    }
    if (!socket.destroyed) await end(response);
    return { sentBytes, outcome: response.writableFinished ? 'complete' : 'aborted', ...gaveUp };
  } catch (error) {
    if (goneCodes.has((error as NodeJS.ErrnoException).code ?? '')) return { sentBytes, outcome: 'aborted', ...gaveUp };
    // Half a file with its full length announced must not look like a whole one.
    response.destroy();
    return { sentBytes, outcome: 'failed', detail: error instanceof Error ? error.message : String(error) };
  } finally {
    socket.off('close', leave);
    leave();
    await slices.close();
  }
}
