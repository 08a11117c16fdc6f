import { BootwrightError } from '../errors.ts';
import type { ByteSource } from '../platform/files.ts';
import { Reader } from '../wire/reader.ts';

/** Of a zip: the record that ends it, and the longest comment in it. APPNOTE.TXT §4.3.16 */
const endRecordBytes = 22;
const maxCommentBytes = 0xffff;
const endRecordMagic = Buffer.from('PK\x05\x06', 'latin1');
/** Of a 7z: the header that it starts with, and says where the one at the end is. 7zFormat.txt, "SignatureHeader" */
const startHeaderBytes = 32;

async function part(source: ByteSource, offsetBytes: number, sizeBytes: number): Promise<Buffer> {
  const bytes = Buffer.alloc(sizeBytes);
  return bytes.subarray(0, await source.read(bytes, offsetBytes));
}

async function is7zWhole(source: ByteSource): Promise<boolean> {
  const header = await part(source, 0, startHeaderBytes);
  if (header.byteLength < startHeaderBytes) return false;
  const reader = new DataView(header.buffer, header.byteOffset);
  const offset = reader.getBigUint64(12, true);
  const size = reader.getBigUint64(20, true);
  return BigInt(startHeaderBytes) + offset + size === BigInt(source.sizeBytes);
}

async function isZipWhole(source: ByteSource): Promise<boolean> {
  const size = Math.min(source.sizeBytes, endRecordBytes + maxCommentBytes);
  const tail = await part(source, source.sizeBytes - size, size);
  for (let at = tail.indexOf(endRecordMagic); at >= 0; at = tail.indexOf(endRecordMagic, at + 1)) {
    if (at + endRecordBytes > tail.byteLength) return false;
    const commentBytes = new Reader(tail).seek(at + 20).u16LE();
    if (at + endRecordBytes + commentBytes === tail.byteLength) return true;
  }
  return false;
}

/** Throws PACKED_DAMAGED unless the archive ends where the file does: 7-Zip only warns of what follows it. */
export async function requireWholeArchive(source: ByteSource, type: '7z' | 'zip', path: string): Promise<void> {
  if (await (type === '7z' ? is7zWhole(source) : isZipWhole(source))) return;
  throw new BootwrightError('PACKED_DAMAGED', { path, what: 'it is cut off, or something else follows its end' });
}
