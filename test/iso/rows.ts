import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageTree } from '../../src/iso/tree.ts';
import type { ByteSource } from '../../src/platform/files.ts';

/** What two views of the same tree must agree on. */
export interface Row {
  readonly path: string;
  readonly kind: string;
  readonly mode: string;
  readonly sizeBytes: number;
  readonly target: string | undefined;
  readonly sha256: string | undefined;
}

export async function sha256Of(source: ByteSource): Promise<string> {
  const hash = createHash('sha256');
  const piece = new Uint8Array(4 * 1024 * 1024);
  for (let at = 0; at < source.sizeBytes; at += piece.byteLength) {
    hash.update(piece.subarray(0, await source.read(piece, at)));
  }
  return hash.digest('hex');
}

export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: 4 * 1024 * 1024 })) hash.update(piece);
  return hash.digest('hex');
}

function sorted(rows: readonly Row[]): Row[] {
  return [...rows].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The tree of an image as we read it. */
export async function rowsOfImage(image: ImageTree): Promise<Row[]> {
  const rows: Row[] = [];
  for (const entry of image.entries) {
    const { path, kind, sizeBytes, target } = entry;
    const sha256 = kind === 'file' ? await sha256Of(image.open(entry)) : undefined;
    rows.push({ path, kind, mode: entry.mode.toString(8), sizeBytes, target, sha256 });
  }
  return sorted(rows);
}

/** The tree below a folder of the disk. */
export async function rowsOfFolder(folder: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (const path of await readdir(folder, { recursive: true })) {
    const full = join(folder, path);
    const status = await lstat(full);
    const kind = status.isDirectory() ? 'directory' : status.isSymbolicLink() ? 'symlink' : 'file';
    const isFile = kind === 'file';
    rows.push({
      path,
      kind,
      mode: (status.mode & 0o7777).toString(8),
      sizeBytes: isFile ? status.size : 0,
      target: kind === 'symlink' ? await readlink(full) : undefined,
      sha256: isFile ? await sha256OfFile(full) : undefined,
    });
  }
  return sorted(rows);
}

/** Without what images without Rock Ridge cannot say. */
export function withoutModes(rows: readonly Row[]): Omit<Row, 'mode'>[] {
  return rows.map(({ mode: _, ...rest }) => rest);
}
