import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { type Duplex, pipeline } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { BootwrightError } from '../errors.ts';
import { manifestName } from './layout.ts';
import { type Manifest, parseManifest } from './manifest.ts';

const tarBlockBytes = 512;
/** A manifest of a hundred thousand files has some 20 MB. */
const manifestLimitBytes = 256 * 1024 * 1024;

/** What undoes the compression that the first bytes of a file tell of (RFC 1952 §2.3.1, RFC 8878 §3.1.1). */
async function decompressor(path: string): Promise<Duplex | undefined> {
  const handle = await open(path, 'r');
  try {
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    const magic = buffer.toString('hex');
    if (magic.startsWith('1f8b')) return createGunzip();
    return magic === '28b52ffd' ? createZstdDecompress() : undefined;
  } finally {
    await handle.close();
  }
}

/** As many bytes as asked for from a stream of chunks; fewer where it ends. */
async function take(chunks: AsyncIterator<Buffer>, kept: Buffer[], wantedBytes: number): Promise<Buffer> {
  let hasBytes = kept.reduce((sum, { length }) => sum + length, 0);
  while (hasBytes < wantedBytes) {
    const { value, done } = await chunks.next();
    if (done === true) break;
    kept.push(value);
    hasBytes += value.length;
  }
  return Buffer.concat(kept);
}

async function readManifest(chunks: AsyncIterator<Buffer>, path: string): Promise<Manifest> {
  const start = await take(chunks, [], tarBlockBytes);
  const name = start.toString('latin1', 0, 100).replace(/\0.*$/s, '');
  const sizeBytes = Number.parseInt(start.toString('latin1', 124, 136), 8);
  if (name !== manifestName || !(sizeBytes <= manifestLimitBytes)) {
    throw new BootwrightError('MANIFEST_INVALID', { where: path, reason: 'it does not start with one' });
  }
  const bytes = await take(chunks, [start], tarBlockBytes + sizeBytes);
  return parseManifest(bytes.toString('utf8', tarBlockBytes, tarBlockBytes + sizeBytes), path);
}

/**
 * The manifest of an archive of ours, compressed or not: it comes first, and what follows it is not read. A header has
 * the name first and the size at 124 (POSIX.1-2017, pax, ustar). Throws MANIFEST_INVALID, and for what is damaged the
 * error of zlib.
 */
export async function manifestOfArchive(path: string): Promise<Manifest> {
  const stage = await decompressor(path);
  const file = createReadStream(path, { end: manifestLimitBytes, highWaterMark: 256 * 1024 });
  // Errors come out where the chunks are taken.
  const chunks: AsyncIterable<Buffer> = stage === undefined ? file : pipeline(file, stage, () => {});
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    return await readManifest(iterator, path);
  } finally {
    await iterator.return?.();
  }
}
