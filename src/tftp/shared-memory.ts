import type { ChunkMemory } from './chunks.ts';

/** Two sizes, so that what one chunk leaves fits the next. */
const sizes = [64 * 1024, 256 * 1024] as const;
/** Of each size; what is beyond is left to the garbage collector. */
const mostFree = 32;

/** Memory for chunks that both threads see: one reads a file into it, the other sends it. */
export class SharedChunkMemory implements ChunkMemory {
  readonly #free = new Map<number, SharedArrayBuffer[]>(sizes.map((size) => [size, []]));

  take(sizeBytes: number): Uint8Array {
    const size = sizes.find((each) => each >= sizeBytes) ?? sizeBytes;
    const memory = this.#free.get(size)?.pop() ?? new SharedArrayBuffer(size);
    return new Uint8Array(memory, 0, sizeBytes);
  }

  giveBack({ buffer }: Uint8Array): void {
    const free = this.#free.get(buffer.byteLength);
    if (free !== undefined && free.length < mostFree && buffer instanceof SharedArrayBuffer) free.push(buffer);
  }
}
