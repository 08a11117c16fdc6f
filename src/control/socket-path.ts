import { open } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

/** `sun_path` has 108 bytes, and a NUL ends it. unix(7). */
const longestBytes = 107;

/** A name of a socket that the kernel takes, for as long as it is open. */
export interface SocketPath extends AsyncDisposable {
  readonly path: string;
}

/**
 * The path itself where it is short enough; else the same file by way of its folder, which is held open:
 * `/proc/self/fd/21/control.sock`. Rejects with what open(2) says of the folder.
 */
export async function socketPath(path: string): Promise<SocketPath> {
  if (Buffer.byteLength(path) <= longestBytes) return { path, [Symbol.asyncDispose]: async () => {} };
  const folder = await open(dirname(path), 'r');
  return { path: `/proc/self/fd/${folder.fd}/${basename(path)}`, [Symbol.asyncDispose]: () => folder.close() };
}
