import { type FileHandle, open } from 'node:fs/promises';
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
