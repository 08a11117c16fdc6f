import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { BootwrightError } from '../errors.ts';
import type { ByteSource } from './files.ts';

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

function unreadable(path: string, reason: string, cause?: unknown): BootwrightError {
  return new BootwrightError('FILE_UNREADABLE', { path, reason }, { cause });
}

/** Reads all that was asked for; less only where the file ends. */
export async function readFully(handle: FileHandle, into: Uint8Array, positionBytes: number): Promise<number> {
  let done = 0;
  while (done < into.byteLength) {
    const { bytesRead } = await handle.read(into, done, into.byteLength - done, positionBytes + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

/**
 * Opens the regular file at `path` for reading. Its size is the one it had when it was opened.
 * Throws FILE_NOT_FOUND, or FILE_UNREADABLE with the system's reason.
 */
export async function openFile(path: string): Promise<ByteSource> {
  // Without O_NONBLOCK, a named pipe would be waited for until somebody writes to it.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: unknown) => {
    const reason = codeOf(cause);
    if (reason === 'ENOENT' || reason === 'ENOTDIR') throw new BootwrightError('FILE_NOT_FOUND', { path }, { cause });
    throw unreadable(path, reason, cause);
  });
  try {
    const status = await handle.stat();
    if (!status.isFile()) throw unreadable(path, status.isDirectory() ? 'it is a directory' : 'it is no regular file');
    return {
      sizeBytes: status.size,
      read: (into, positionBytes) =>
        readFully(handle, into, positionBytes).catch((cause: unknown) => {
          throw unreadable(path, codeOf(cause), cause);
        }),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}
