import type { ImageEntry } from '../iso/tree.ts';
import type { DiscChanges } from './changes.ts';

/**
 * Changes for a disc without Rock Ridge, whose names may be upper case where everybody means lower case: as far as
 * there is something at a path but for that, this is what is meant.
 */
export function inCaseOf(entries: readonly ImageEntry[], changes: DiscChanges): DiscChanges {
  const written = new Map<string, string>();
  for (const { path } of entries) written.set(path.toLowerCase(), path);
  const settle = (path: string): string => {
    const found = written.get(path.toLowerCase());
    const end = path.lastIndexOf('/');
    if (found !== undefined || end < 0) return found ?? path;
    return `${settle(path.slice(0, end))}${path.slice(end)}`;
  };
  return {
    ...changes,
    put: changes.put.map((file) => ({ ...file, path: settle(file.path), open: () => file.open() })),
    remove: changes.remove.map(settle),
  };
}
