import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { BootwrightError } from '../errors.ts';
import { lookup } from '../iso/lookup.ts';
import type { ImageEntry, ImageTree } from '../iso/tree.ts';
import type { ByteSource } from '../platform/files.ts';
import { readFully } from '../platform/files-node.ts';
import { identityOf, type Scanned, scanFolder } from './scan.ts';

/**
 * A file of a folder, opened anew for each read: trees give sources that nobody has to close. It is read only while it
 * is the one that was found, so that neither a change nor a link put in its place, or in that of a folder above, is
 * followed. Throws SOURCE_CHANGED or FILE_UNREADABLE.
 */
function sourceOf({ entry, place, identity }: Scanned): ByteSource {
  const path = place.toString();
  const changed = (cause?: unknown) => new BootwrightError('SOURCE_CHANGED', { path }, { cause });
  const failed = (cause: unknown) => {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ELOOP' || code === 'ENOTDIR') throw changed(cause);
    throw new BootwrightError('FILE_UNREADABLE', { path, reason: String(code) }, { cause });
  };
  return {
    sizeBytes: entry.sizeBytes,
    async read(into, positionBytes) {
      const handle = await open(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(failed);
      try {
        if (identityOf(await handle.stat({ bigint: true })) !== identity) throw changed();
        const left = Math.max(0, entry.sizeBytes - positionBytes);
        const wanted = into.subarray(0, Math.min(left, into.byteLength));
        const count = await readFully(handle, wanted, positionBytes).catch(failed);
        if (count < wanted.byteLength) throw changed();
        return count;
      } finally {
        await handle.close();
      }
    },
    close: async () => {},
  };
}

/** The tree of what was found. Throws SOURCE_CHANGED where a file is read that is no longer the same. */
export function treeOfScan(found: readonly Scanned[]): ImageTree {
  const entries = found.map(({ entry }) => entry);
  const byEntry = new Map<ImageEntry, Scanned>(found.map((each) => [each.entry, each]));
  return {
    entries,
    find: lookup(entries),
    open(entry) {
      const scanned = byEntry.get(entry);
      if (entry.kind !== 'file' || scanned === undefined) {
        throw new BootwrightError('IMAGE_NOT_A_FILE', { path: entry.path, kind: entry.kind });
      }
      return sourceOf(scanned);
    },
  };
}

/** The files of a folder as a tree: see `scanFolder` for what it leaves out and throws. */
export async function folderTree(folder: string): Promise<ImageTree> {
  return treeOfScan(await scanFolder(folder));
}
