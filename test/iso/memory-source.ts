import type { ByteSource } from '../../src/platform/files.ts';

/** Bytes in memory as a source; `reads` counts what was read of it. */
export function memorySource(bytes: Uint8Array): ByteSource & { readonly reads: { bytes: number } } {
  const reads = { bytes: 0 };
  return {
    sizeBytes: bytes.byteLength,
    reads,
    async read(into, positionBytes) {
      const part = bytes.subarray(positionBytes, positionBytes + into.byteLength);
      into.set(part);
      reads.bytes += part.byteLength;
      return part.byteLength;
    },
    async close() {},
  };
}

/** All bytes of a source. */
export async function readAll(source: ByteSource): Promise<Uint8Array> {
  const bytes = new Uint8Array(source.sizeBytes);
  const count = await source.read(bytes, 0);
  return bytes.subarray(0, count);
}
