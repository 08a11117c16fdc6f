import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, copyFile, type FileHandle, open } from 'node:fs/promises';
import { BootwrightError } from '../errors.ts';
import type { ByteSource } from '../platform/files.ts';

const chunkBytes = 2 * 1024 * 1024;

interface Written {
  readonly sizeBytes: number;
  /** Hexadecimal, lower case. */
  readonly sha256: string;
}

export interface WriteOptions {
  /** What the source is, for errors. */
  readonly name: string;
  /** Permission bits. */
  readonly mode: number;
  readonly signal?: AbortSignal | undefined;
  readonly onBytes?: ((count: number) => void) | undefined;
}

async function writeWhole(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.byteLength) {
    done += (await handle.write(bytes, done, bytes.byteLength - done, position + done)).bytesWritten;
  }
}

/**
 * Reads a source once, and while doing so hashes it and hands on each chunk. The write of one chunk, the hash of the
 * same and the read of the next one run side by side: the disk and the hash are the two costs of a build.
 */
async function pump(
  source: ByteSource,
  options: Omit<WriteOptions, 'mode'>,
  put?: (chunk: Uint8Array, position: number) => Promise<void>,
): Promise<Written> {
  const hash = createHash('sha256');
  let buffer: Uint8Array = Buffer.allocUnsafe(chunkBytes);
  let spare: Uint8Array = Buffer.allocUnsafe(chunkBytes);
  let position = 0;
  let count = await source.read(buffer, position);
  while (count > 0) {
    options.signal?.throwIfAborted();
    const chunk = buffer.subarray(0, count);
    const writing = put?.(chunk, position);
    const reading = source.read(spare, position + count);
    hash.update(chunk);
    const [next] = await Promise.all([reading, writing]);
    options.onBytes?.(count);
    position += count;
    count = next;
    [buffer, spare] = [spare, buffer];
  }
  if (position !== source.sizeBytes) throw new BootwrightError('SOURCE_CHANGED', { path: options.name });
  return { sizeBytes: position, sha256: hash.digest('hex') };
}

/** Reads a source once, to its end. Throws SOURCE_CHANGED where it is not as long as it was. */
export function hashOf(source: ByteSource, options: Omit<WriteOptions, 'mode'>): Promise<Written> {
  return pump(source, options);
}

/** Writes a new file from a source, hashed on the way and safe on disk at the end. Fails if the file is there. */
export async function writeFrom(source: ByteSource, path: string, options: WriteOptions): Promise<Written> {
  const handle = await open(path, 'wx', options.mode);
  try {
    const written = await pump(source, options, (chunk, position) => writeWhole(handle, chunk, position));
    // The mode again: what open() set went through the umask.
    await handle.chmod(options.mode);
    await handle.sync();
    return written;
  } finally {
    await handle.close();
  }
}

/**
 * Takes a whole file over into `path`: shares its blocks where the file system can (reflink), else copies it. A hard
 * link would be cheaper, but whoever writes into the original would then write into a release.
 */
export async function takeOver(
  from: string,
  source: ByteSource,
  path: string,
  options: WriteOptions,
): Promise<Written> {
  try {
    await copyFile(from, path, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error;
    return writeFrom(source, path, options);
  }
  // By its name: a copy of a file that nobody may write to can't be opened for writing before.
  await chmod(path, options.mode);
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  return pump(source, options);
}
