import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Header, pack } from 'tar-stream';
import { manifestName } from './layout.ts';
import { formatManifest, type Manifest } from './manifest.ts';

type Pack = ReturnType<typeof pack>;

// The same release gives the same archive, whenever and by whomever it is made.
const timeless = { mtime: new Date(0), uid: 0, gid: 0 } as const;

function addText(archive: Pack, headers: Partial<Header> & { name: string }, text = ''): Promise<void> {
  return new Promise((resolve, reject) => {
    archive.entry({ ...headers, ...timeless }, text, (error) => (error ? reject(error) : resolve()));
  });
}

interface Add {
  readonly archive: Pack;
  readonly signal: AbortSignal | undefined;
}

async function addFile({ archive, signal }: Add, headers: Partial<Header> & { name: string }, path: string) {
  const entry = archive.entry({ ...headers, ...timeless });
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), entry, { signal });
}

async function addAll(add: Add, folder: string, manifest: Manifest): Promise<void> {
  const { archive } = add;
  await addText(archive, { name: manifestName, mode: 0o644 }, formatManifest(manifest));
  for (const entry of manifest.entries) {
    if (entry.kind === 'symlink') {
      await addText(archive, { name: entry.path, type: 'symlink', linkname: entry.target, mode: 0o777 });
    } else {
      const headers = { name: entry.path, size: entry.sizeBytes, mode: Number.parseInt(entry.mode, 8) };
      await addFile(add, headers, join(folder, entry.path));
    }
  }
  archive.finalize();
}

/** Packs a built folder into a new tar file, the manifest first. Fails if the file is there. */
export async function packTar(folder: string, manifest: Manifest, path: string, signal?: AbortSignal): Promise<void> {
  const archive = pack();
  const file = createWriteStream(path, { flags: 'wx', flush: true });
  const written = pipeline(archive, file);
  const added = addAll({ archive, signal }, folder, manifest).catch((error: Error) => {
    archive.destroy(error);
    throw error;
  });
  await Promise.all([written, added]);
}
