import { statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { lookup } from '../../src/iso/lookup.ts';
import type { ImageEntry, ImageTree } from '../../src/iso/tree.ts';
import { openLater } from '../../src/platform/open-later.ts';

/** The files of a folder as those of an image. */
export async function imageFolder(folder: string): Promise<ImageTree> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const entries = found
    .map((entry): ImageEntry => {
      const path = join(entry.parentPath, entry.name);
      const isFile = entry.isFile();
      const { size } = statSync(path);
      return {
        path: relative(folder, path),
        kind: isFile ? 'file' : 'directory',
        sizeBytes: isFile ? size : 0,
        mode: 0o644,
        modifiedMs: 0,
        extents: [],
      };
    })
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
  return {
    entries,
    find: lookup(entries),
    open: (entry) => openLater(join(folder, entry.path), entry.sizeBytes),
  };
}
