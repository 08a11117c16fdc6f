import type { ByteSource } from '../platform/files.ts';

const chunkBytes = 1024 * 1024;

/** A run of bytes, `end` not included. */
export interface Run {
  readonly start: number;
  readonly end: number;
}

/** Whether two sources hold the same bytes, but for the runs of `except`. Two chunks are in memory at once. */
export async function sameBytes(
  left: ByteSource,
  right: ByteSource,
  { except = [], signal }: { except?: readonly Run[]; signal?: AbortSignal | undefined } = {},
): Promise<boolean> {
  if (left.sizeBytes !== right.sizeBytes) return false;
  const most = Math.min(chunkBytes, left.sizeBytes);
  const [leftBuffer, rightBuffer] = [Buffer.allocUnsafe(most), Buffer.allocUnsafe(most)];
  let position = 0;
  while (position < left.sizeBytes) {
    signal?.throwIfAborted();
    const [leftCount, rightCount] = await Promise.all([
      left.read(leftBuffer, position),
      right.read(rightBuffer, position),
    ]);
    if (leftCount === 0 || leftCount !== rightCount) return false;
    for (const { start, end } of except) {
      for (const buffer of [leftBuffer, rightBuffer]) {
        buffer.fill(0, clamp(start - position, leftCount), clamp(end - position, leftCount));
      }
    }
    if (!leftBuffer.subarray(0, leftCount).equals(rightBuffer.subarray(0, rightCount))) return false;
    position += leftCount;
  }
  return true;
}

function clamp(value: number, most: number): number {
  return Math.max(0, Math.min(value, most));
}
