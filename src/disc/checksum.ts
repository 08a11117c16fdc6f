import { createHash, type Hash } from 'node:crypto';
import { BootwrightError } from '../errors.ts';
import { readExtent } from '../iso/extents.ts';
import { decodeText } from '../iso/text.ts';
import type { ByteSource } from '../platform/files.ts';
import { Reader } from '../wire/reader.ts';

/** Where isomd5sum writes: the field for applications of the primary volume descriptor. ECMA-119 §8.4.32 */
export const checksumField = { offsetBytes: 16 * 2048 + 883, sizeBytes: 512 } as const;

const sectorBytes = 2048;
const primaryOffset = 16 * sectorBytes;
/** Sectors at the end that are not checked: drives fail to read the last ones of some discs. */
const skippedSectors = 15;
const fragments = 20;
const fragmentCharacters = 3;
/** isomd5sum takes a fragment's sum where one of its reads ends: their size is part of the format. */
const stepBytes = 32 * 1024;
const stepsAtOnce = 64;

export interface ChecksumOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onBytes?: ((count: number) => void) | undefined;
}

/** The bytes that the volume says it has; its size stands in both orders, and isomd5sum takes the second. */
async function volumeBytes(source: ByteSource): Promise<number> {
  if (source.sizeBytes < primaryOffset + sectorBytes) throw notIso(`it has ${source.sizeBytes} bytes`);
  const primary = await readExtent(source, { offsetBytes: primaryOffset, sizeBytes: sectorBytes });
  if (primary[0] !== 1 || decodeText(primary.subarray(1, 6)) !== 'CD001') {
    throw notIso('its first descriptor is no primary volume');
  }
  return new Reader(primary).seek(84).u32() * sectorBytes;
}

function notIso(found: string): BootwrightError {
  return new BootwrightError('ISO_NOT_ISO9660', { found });
}

/** Three characters of the sum so far: of each of its first bytes the first digit that is not a leading zero. */
function fragmentSum(hash: Hash): string {
  const digest = hash.copy().digest();
  return Array.from(digest.subarray(0, fragmentCharacters), (byte) => byte.toString(16).charAt(0)).join('');
}

/** Overwrites the part of `chunk`, which starts at `position`, that holds the checksum itself. */
function blank(chunk: Uint8Array, position: number): void {
  const start = checksumField.offsetBytes - position;
  const end = start + checksumField.sizeBytes;
  if (end > 0 && start < chunk.byteLength) chunk.fill(0x20, Math.max(0, start), Math.min(end, chunk.byteLength));
}

/**
 * The 512 bytes that isomd5sum's `implantisomd5 --force` would write: the MD5 of the volume without its last 15
 * sectors, and a few digits of the sum at 20 places on the way, so that a check can end early. Reads the image once.
 * (Images below 700 KB have fewer places, and `checkisomd5` takes them for broken whoever wrote the checksum.)
 * Throws ISO_NOT_ISO9660.
 */
export async function checksumText(source: ByteSource, { signal, onBytes }: ChecksumOptions): Promise<Uint8Array> {
  const totalBytes = (await volumeBytes(source)) - skippedSectors * sectorBytes;
  const hash = createHash('md5');
  const buffer = Buffer.allocUnsafe(stepBytes * stepsAtOnce);
  let sums = '';
  let lastFragment = 0;
  let position = 0;
  while (position < totalBytes) {
    signal?.throwIfAborted();
    const wanted = Math.min(buffer.byteLength, totalBytes - position);
    const chunk = buffer.subarray(0, await source.read(buffer.subarray(0, wanted), position));
    if (chunk.byteLength === 0) break;
    blank(chunk, position);
    for (let at = 0; at < chunk.byteLength; at += stepBytes) {
      hash.update(chunk.subarray(at, at + stepBytes));
      const fragment = Math.floor(((position + at) * (fragments + 1)) / totalBytes);
      if (fragment !== lastFragment) sums += fragmentSum(hash);
      lastFragment = fragment;
    }
    position += chunk.byteLength;
    onBytes?.(chunk.byteLength);
  }
  const items = [
    `ISO MD5SUM = ${hash.digest('hex')}`,
    `SKIPSECTORS = ${skippedSectors}`,
    'RHLISOSTATUS=0',
    `FRAGMENT SUMS = ${sums}`,
    `FRAGMENT COUNT = ${fragments}`,
    'THIS IS NOT THE SAME AS RUNNING MD5SUM ON THIS ISO!!',
  ];
  return Buffer.from(items.join(';').padEnd(checksumField.sizeBytes, ' '), 'latin1');
}

/** Whether the image has a checksum, and it is right. Reads all of it only where there is one. */
export async function checksumHolds(source: ByteSource, options: ChecksumOptions): Promise<boolean> {
  if (source.sizeBytes < checksumField.offsetBytes + checksumField.sizeBytes) return false;
  const there = decodeText(await readExtent(source, checksumField));
  if (!there.startsWith('ISO MD5SUM = ')) return false;
  // Whether a vendor supports the image (`implantisomd5 --supported-iso`) is no matter of its bytes.
  const right = decodeText(await checksumText(source, options));
  return there.replace('RHLISOSTATUS=1', 'RHLISOSTATUS=0') === right;
}
