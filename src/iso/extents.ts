import { BootwrightError } from '../errors.ts';
import type { ByteSource } from '../platform/files.ts';
import type { Extent, ImageEntry } from './tree.ts';

/** Reads exactly the bytes of `extent`. Throws ISO_TRUNCATED where the source ends before. */
export async function readExtent(source: ByteSource, extent: Extent): Promise<Uint8Array> {
  requireInside(source, extent);
  const bytes = new Uint8Array(extent.sizeBytes);
  const count = await source.read(bytes, extent.offsetBytes);
  if (count < bytes.byteLength) throw truncated(extent.offsetBytes + bytes.byteLength, extent.offsetBytes + count);
  return bytes;
}

/** Throws ISO_TRUNCATED where `extent` reaches beyond the end of the source. */
export function requireInside(source: ByteSource, extent: Extent): void {
  const end = extent.offsetBytes + extent.sizeBytes;
  if (end > source.sizeBytes) throw truncated(end, source.sizeBytes);
}

function truncated(neededBytes: number, sizeBytes: number): BootwrightError {
  return new BootwrightError('ISO_TRUNCATED', { neededBytes, sizeBytes });
}

/** The bytes of a file as one source. Closing it does nothing: the image's source stays open. */
export function openEntry(source: ByteSource, entry: ImageEntry): ByteSource {
  if (entry.kind !== 'file') throw new BootwrightError('IMAGE_NOT_A_FILE', { path: entry.path, kind: entry.kind });
  return openExtents(source, entry.extents);
}

/** Several runs of bytes as one source. */
export function openExtents(source: ByteSource, extents: readonly Extent[]): ByteSource {
  const starts: number[] = [];
  let sizeBytes = 0;
  for (const extent of extents) {
    starts.push(sizeBytes);
    sizeBytes += extent.sizeBytes;
  }
  return {
    sizeBytes,
    async read(into, positionBytes) {
      let done = 0;
      let index = indexOfPosition(starts, positionBytes);
      while (done < into.byteLength) {
        const extent = extents[index];
        if (extent === undefined) break;
        const within = positionBytes + done - (starts[index] ?? 0);
        const wanted = Math.min(into.byteLength - done, extent.sizeBytes - within);
        if (wanted > 0) {
          const offset = extent.offsetBytes + within;
          const count = await source.read(into.subarray(done, done + wanted), offset);
          if (count < wanted) throw truncated(offset + wanted, offset + count);
          done += wanted;
        }
        index += 1;
      }
      return done;
    },
    async close() {},
  };
}

/** The last run that starts at or before a position. */
function indexOfPosition(starts: readonly number[], positionBytes: number): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((starts[middle] ?? 0) <= positionBytes) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}
