import type { BootFile } from '../boot/files.ts';
import { type ByteSource, bytesSource } from '../platform/files.ts';
import { toNetascii } from './netascii.ts';

/** An open file, as it goes over the wire. */
export interface SentFile {
  /** The same for the same bytes; a unique one where nobody knows. */
  readonly identity: string;
  readonly source: ByteSource;
}

/** All of it is in memory, and nothing that machines boot from is text of this size. */
const largestNetasciiBytes = 16 * 1024 * 1024;

let unknown = 0;

/** Opens the file; `undefined` where it is too large to be sent in this mode. Throws what `open` and `read` throw. */
export async function openAs(mode: string, file: BootFile): Promise<SentFile | undefined> {
  const source = await file.open();
  unknown += 1;
  const identity = file.sha256 === '' ? `unknown ${unknown}` : file.sha256;
  if (mode !== 'netascii') return { identity, source };
  try {
    if (source.sizeBytes > largestNetasciiBytes) return undefined;
    const bytes = new Uint8Array(source.sizeBytes);
    const readBytes = await source.read(bytes, 0);
    return { identity: `${identity} netascii`, source: bytesSource(toNetascii(bytes.subarray(0, readBytes))) };
  } finally {
    await source.close();
  }
}
