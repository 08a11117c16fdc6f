import { createHash } from 'node:crypto';
import { bytesSource } from '../platform/files.ts';
import type { BootFile } from './files.ts';

/** A file whose bytes were made here. */
export function madeFile(path: string, bytes: Uint8Array, releaseId?: string): BootFile {
  return {
    ...(releaseId === undefined ? {} : { releaseId }),
    path,
    sizeBytes: bytes.byteLength,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    open: () => Promise.resolve(bytesSource(bytes)),
  };
}
