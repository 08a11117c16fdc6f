import { type FileHandle, open } from 'node:fs/promises';
import type { ByteSource } from '../platform/files.ts';
import { openFile } from '../platform/files-node.ts';
import type { Content } from './system.ts';

/** Writes bytes into a new file that nobody else can read; how many they were. */
export async function writeScratch(path: string, content: Content, signal?: AbortSignal): Promise<number> {
  const handle = await open(path, 'wx', 0o600);
  try {
    return await writeAll(handle, content, signal);
  } finally {
    await handle.close();
  }
}

async function writeAll(handle: FileHandle, content: Content, signal: AbortSignal | undefined): Promise<number> {
  let position = 0;
  for await (const piece of content) {
    signal?.throwIfAborted();
    for (let at = 0; at < piece.byteLength; ) {
      at += (await handle.write(piece, at, piece.byteLength - at, position + at)).bytesWritten;
    }
    position += piece.byteLength;
  }
  return position;
}

/** A file as a source that opens it when it is first read. */
export function scratchSource(path: string, sizeBytes: number): ByteSource {
  let opened: Promise<ByteSource> | undefined;
  return {
    sizeBytes,
    async read(into, positionBytes) {
      opened ??= openFile(path);
      return (await opened).read(into, positionBytes);
    },
    async close() {
      await (await opened)?.close();
    },
  };
}
