import { posix } from 'node:path';
import { BootwrightError } from '../errors.ts';
import { lookup } from '../iso/lookup.ts';
import type { ImageEntry, ImageTree } from '../iso/tree.ts';
import type { ByteSource } from '../platform/files.ts';

/** A file that is put into a tree, or in the place of one. */
export interface PutFile {
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  readonly sizeBytes: number;
  open(): ByteSource;
}

/** What shall be otherwise in a tree. */
export interface TreeChanges {
  readonly put: readonly PutFile[];
  /** Paths of files and links; folders that are empty then go too. */
  readonly remove: readonly string[];
}

export const noChanges: TreeChanges = { put: [], remove: [] };

export function isUnchanged({ put, remove }: TreeChanges): boolean {
  return put.length === 0 && remove.length === 0;
}

/** Several changes as one: of two files for one path the later one counts, and what is put is not removed. */
export function together(...all: readonly TreeChanges[]): TreeChanges {
  const put = new Map<string, PutFile>();
  const remove = new Set<string>();
  for (const changes of all) {
    for (const path of changes.remove) {
      put.delete(path);
      remove.add(path);
    }
    for (const file of changes.put) {
      put.set(file.path, file);
      remove.delete(file.path);
    }
  }
  return { put: [...put.values()], remove: [...remove] };
}

/** Orders paths as a tree lists them: name by name, a folder before what is in it. */
function byNames(one: string, other: string): number {
  const [left, right] = [one.split('/'), other.split('/')];
  for (const [at, name] of left.entries()) {
    const against = right[at];
    if (against === undefined) return 1;
    if (name !== against) return name < against ? -1 : 1;
  }
  return left.length - right.length;
}

function folderEntry(path: string): ImageEntry {
  return { path, kind: 'directory', sizeBytes: 0, mode: 0o755, modifiedMs: 0, extents: [] };
}

function* parentsOf(path: string): Generator<string> {
  for (let folder = posix.dirname(path); folder !== '.'; folder = posix.dirname(folder)) yield folder;
}

function withPut(entries: Map<string, ImageEntry>, { path, mode, sizeBytes }: PutFile): void {
  if (entries.get(path)?.kind === 'directory') throw new BootwrightError('IMAGE_NAME_TWICE', { path });
  for (const folder of parentsOf(path)) {
    const there = entries.get(folder);
    if (there === undefined) entries.set(folder, folderEntry(folder));
    else if (there.kind !== 'directory') throw new BootwrightError('IMAGE_NAME_TWICE', { path: folder });
  }
  entries.set(path, { path, kind: 'file', sizeBytes, mode, modifiedMs: 0, extents: [] });
}

function withoutEmptied(entries: Map<string, ImageEntry>, removed: readonly string[]): void {
  const emptied = new Set(removed.flatMap((path) => [...parentsOf(path)]));
  const full = new Set<string>();
  for (const { path, kind } of entries.values()) {
    if (kind !== 'directory' || !emptied.has(path)) for (const folder of parentsOf(path)) full.add(folder);
  }
  for (const folder of emptied) if (!full.has(folder)) entries.delete(folder);
}

/**
 * A tree as it is with the changes. Nothing is written; bytes come from the tree or from what is put. Throws
 * IMAGE_NAME_TWICE where a file would be where a folder is, or below something that is no folder.
 */
export function overlayTree(tree: ImageTree, changes: TreeChanges): ImageTree {
  if (isUnchanged(changes)) return tree;
  const { put, remove } = changes;
  const entries = new Map(tree.entries.map((entry) => [entry.path, entry]));
  for (const path of remove) entries.delete(path);
  withoutEmptied(entries, remove);
  for (const file of put) withPut(entries, file);
  const ordered = [...entries.values()].sort((a, b) => byNames(a.path, b.path));
  const bytes = new Map(put.map((file) => [file.path, file]));
  return {
    entries: ordered,
    find: lookup(ordered),
    open: (entry) => bytes.get(entry.path)?.open() ?? tree.open(entry),
  };
}
