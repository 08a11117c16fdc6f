import { bytesSource } from '../platform/files.ts';
import type { PutFile } from './overlay-tree.ts';

/** A file of which all bytes are in memory. */
export function textFile(path: string, content: string | Uint8Array, mode = 0o644): PutFile {
  const source = bytesSource(typeof content === 'string' ? Buffer.from(content, 'utf8') : content);
  return { path, mode, sizeBytes: source.sizeBytes, open: () => source };
}
