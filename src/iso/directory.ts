import { BootwrightError } from '../errors.ts';
import type { ByteSource } from '../platform/files.ts';
import type { Budget } from './budget.ts';
import { type DirectoryRecord, decodeDirectoryRecord } from './directory-record.ts';
import { readExtent, requireInside } from './extents.ts';
import type { Extent } from './tree.ts';

/** How much of a directory is held at once: a multiple of every logical block. */
const windowBytes = 64 * 1024;

/** Every record of one directory, its own and its parent's first. */
export async function* readDirectory(
  source: ByteSource,
  extent: Extent,
  blockBytes: number,
  budget: Budget,
): AsyncGenerator<DirectoryRecord> {
  requireInside(source, extent);
  for (let start = 0; start < extent.sizeBytes; start += windowBytes) {
    const sizeBytes = Math.min(windowBytes, extent.sizeBytes - start);
    const offsetBytes = extent.offsetBytes + start;
    budget.spend('directoryBytes', sizeBytes);
    const bytes = await readExtent(source, { offsetBytes, sizeBytes });
    yield* recordsIn(bytes, offsetBytes, blockBytes);
  }
}

function* recordsIn(bytes: Uint8Array, offsetBytes: number, blockBytes: number): Generator<DirectoryRecord> {
  let at = 0;
  while (at < bytes.byteLength) {
    const length = bytes[at] ?? 0;
    const blockEnd = Math.min(bytes.byteLength, (Math.floor(at / blockBytes) + 1) * blockBytes);
    if (length === 0) {
      // No record crosses the end of a block; what is left of one is zeros (ECMA-119 §6.8.1.1).
      at = blockEnd;
      continue;
    }
    if (at + length > blockEnd) {
      const what = 'a directory record that crosses the end of its block';
      throw new BootwrightError('ISO_DAMAGED', { what, offsetBytes: offsetBytes + at });
    }
    yield decodeDirectoryRecord(bytes.subarray(at, at + length), blockBytes, offsetBytes + at);
    at += length;
  }
}
