import { createHash } from 'node:crypto';
import type { BootFile } from '../../src/boot/files.ts';

/** Bytes that tell their place: whoever mixes up, loses or repeats a block gets others. */
export function numberedBytes(sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  for (let index = 0; index < sizeBytes; index += 1)
    bytes[index] = (index * 31 + (index >>> 8) * 17 + (index >>> 16)) & 0xff;
  return bytes;
}

/** A file of a release that is nowhere but in memory. */
export function bootFileInMemory(path: string, content: Uint8Array): BootFile {
  return {
    releaseId: 'in-memory',
    path,
    sizeBytes: content.byteLength,
    sha256: createHash('sha256').update(content).digest('hex'),
    async open() {
      return {
        sizeBytes: content.byteLength,
        async read(into, positionBytes) {
          const part = content.subarray(positionBytes, positionBytes + into.byteLength);
          into.set(part);
          return part.byteLength;
        },
        async close() {},
      };
    },
  };
}
