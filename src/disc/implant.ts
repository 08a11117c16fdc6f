import { open } from 'node:fs/promises';
import { describeWriteFailure } from '../platform/durable.ts';
import { openFile } from '../platform/files-node.ts';
import { type ChecksumOptions, checksumField, checksumText } from './checksum.ts';

/**
 * Writes the checksum of an ISO into it, as `implantisomd5 --force` does, for `rd.live.check` and `checkisomd5`. Reads
 * the file once and changes 512 bytes of it.
 * Throws ISO_NOT_ISO9660, FILE_NOT_FOUND, FILE_UNREADABLE or OUTPUT_UNWRITABLE.
 */
export async function implantChecksum(path: string, options: ChecksumOptions = {}): Promise<void> {
  const source = await openFile(path);
  try {
    const text = await checksumText(source, options);
    await overwrite(path, text, checksumField.offsetBytes);
  } finally {
    await source.close();
  }
}

/** Writes over some bytes of a file that is there, and has them safe on disk. */
export async function overwrite(path: string, bytes: Uint8Array, offsetBytes: number): Promise<void> {
  try {
    const handle = await open(path, 'r+');
    try {
      await handle.write(bytes, 0, bytes.byteLength, offsetBytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw describeWriteFailure(error, path);
  }
}
