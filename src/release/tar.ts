import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { join, posix } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Header, pack } from 'tar-stream';
import { BootwrightError } from '../errors.ts';
import { compressors } from './compress.ts';
import type { Compression } from './compression.ts';
import { manifestName } from './layout.ts';
import { longNames } from './long-names.ts';
import { formatManifest, type Manifest, type ManifestEntry } from './manifest.ts';

type Pack = ReturnType<typeof pack>;
type Headers = Partial<Header> & { name: string };
type FileEntry = Extract<ManifestEntry, { kind: 'file' }>;

export interface PackOptions {
  readonly compression: Compression;
  /** Files of the release that are not in its folder: path in the release to path on disk. */
  readonly elsewhere?: ReadonlyMap<string, string> | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onBytes?: ((count: number, path: string) => void) | undefined;
}

// The same release gives the same archive, whenever and by whomever it is made.
const timeless = { mtime: new Date(0), uid: 0, gid: 0 } as const;
const chunkBytes = 256 * 1024;

function begin(archive: Pack, { name, linkname }: Headers): void {
  const before = longNames(name, linkname ?? undefined);
  if (before.length > 0) archive.push(before);
}

function addText(archive: Pack, headers: Headers, text = ''): Promise<void> {
  begin(archive, headers);
  return new Promise((resolve, reject) => {
    archive.entry({ ...headers, ...timeless }, text, (error) => (error ? reject(error) : resolve()));
  });
}

async function* seen(chunks: AsyncIterable<Buffer>, see: (chunk: Buffer) => void) {
  for await (const chunk of chunks) {
    see(chunk);
    yield chunk;
  }
}

/** Throws SOURCE_CHANGED where the bytes are not those that the manifest, which is packed already, has promised. */
async function addFile(archive: Pack, entry: FileEntry, folder: string, options: PackOptions): Promise<void> {
  const { path, sizeBytes, mode, sha256 } = entry;
  const headers = { name: path, size: sizeBytes, mode: Number.parseInt(mode, 8) };
  begin(archive, headers);
  const sink = archive.entry({ ...headers, ...timeless });
  const foreign = options.elsewhere?.get(path);
  const from = foreign ?? join(folder, path);
  // What is in the folder was hashed when it was written there, by us.
  const hash = foreign === undefined ? undefined : createHash('sha256');
  const see = (chunk: Buffer) => {
    hash?.update(chunk);
    options.onBytes?.(chunk.length, path);
  };
  // One byte more than there should be is enough to know.
  const file = createReadStream(from, { highWaterMark: chunkBytes, end: sizeBytes });
  await pipeline(file, (chunks) => seen(chunks, see), sink, { signal: options.signal }).catch((cause) => {
    if ((cause as Error).message !== 'Size mismatch') throw cause;
    throw new BootwrightError('SOURCE_CHANGED', { path: from }, { cause });
  });
  if (hash !== undefined && hash.digest('hex') !== sha256) throw new BootwrightError('SOURCE_CHANGED', { path: from });
}

async function addFolders(archive: Pack, path: string, known: Set<string>): Promise<void> {
  const folder = posix.dirname(path);
  if (folder === '.' || known.has(folder)) return;
  await addFolders(archive, folder, known);
  known.add(folder);
  await addText(archive, { name: `${folder}/`, type: 'directory', mode: 0o755 });
}

async function addAll(archive: Pack, folder: string, manifest: Manifest, options: PackOptions): Promise<void> {
  await addText(archive, { name: manifestName, mode: 0o644 }, formatManifest(manifest));
  const folders = new Set<string>();
  for (const entry of manifest.entries) {
    options.signal?.throwIfAborted();
    await addFolders(archive, entry.path, folders);
    if (entry.kind === 'symlink') {
      await addText(archive, { name: entry.path, type: 'symlink', linkname: entry.target, mode: 0o777 });
    } else {
      await addFile(archive, entry, folder, options);
    }
  }
  archive.finalize();
}

/**
 * Packs a built folder into a new archive, the manifest first. Throws SOURCE_CHANGED where a file is no longer what the
 * manifest says, and the file system's error if the archive is there already.
 */
export async function packTar(folder: string, manifest: Manifest, path: string, options: PackOptions): Promise<void> {
  const archive = pack();
  const file = createWriteStream(path, { flags: 'wx', flush: true });
  const written = pipeline([Readable.from(archive), ...compressors(options.compression), file]);
  const added = addAll(archive, folder, manifest, options).catch((error: Error) => {
    archive.destroy(error);
    throw error;
  });
  await Promise.all([written, added]);
}
