import { BootwrightError } from '../errors.ts';
import type { ImageEntry } from '../iso/tree.ts';
import type { ByteSource } from '../platform/files.ts';

/** A file that comes onto a disc. */
export interface DiscFile {
  /** From the root, without a leading slash. */
  readonly path: string;
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  readonly sizeBytes: number;
  /** Called once, and closed after that. */
  open(): ByteSource;
}

/** What is to be otherwise on a disc. */
export interface DiscChanges {
  /** Absent: the image keeps its own. */
  readonly label?: string;
  /** Files that are new or replace what is there; folders on the way are made. A later one replaces an earlier one. */
  readonly put: readonly DiscFile[];
  /** Files, links and whole folders, taken away before anything is put; what is not there is no error. */
  readonly remove: readonly string[];
}

/** What is to be at one path of the disc that is written. */
export type Wanted =
  | { readonly from: 'image'; readonly entry: ImageEntry }
  | { readonly from: 'put'; readonly file: DiscFile }
  | { readonly from: 'new folder' };

/** Everything that is to be on the disc, and how it is reached from what is there. */
export interface Plan {
  /** By path, without the root. */
  readonly wanted: ReadonlyMap<string, Wanted>;
  /** Paths to take away with all that is in them, in this order, before anything is added. */
  readonly removed: readonly string[];
  /** Folders to make, outer ones first. */
  readonly folders: readonly string[];
  readonly put: readonly DiscFile[];
}

/** A name in Rock Ridge, as Linux reads it. */
const maxNameBytes = 255;
const maxPathBytes = 1024;

function invalid(path: string, reason: string): BootwrightError {
  return new BootwrightError('DISC_PATH_INVALID', { path, reason });
}

/** Throws DISC_PATH_INVALID unless a file can have this path. */
function requirePath(path: string): void {
  const names = path.split('/');
  if (names.some((name) => name === '' || name === '.' || name === '..')) throw invalid(path, 'it is no clean path');
  if (path.includes('\0')) throw invalid(path, 'it holds a NUL');
  if (!path.isWellFormed()) throw invalid(path, 'it is no text of whole characters');
  if (Buffer.byteLength(path) > maxPathBytes) throw invalid(path, `it is longer than ${maxPathBytes} bytes`);
  const long = names.find((name) => Buffer.byteLength(name) > maxNameBytes);
  if (long !== undefined) throw invalid(path, `a name in it is longer than ${maxNameBytes} bytes`);
}

/** Decides what is to be on the disc. Throws DISC_PATH_INVALID before anything is written. */
export function planChanges(entries: readonly ImageEntry[], { put, remove }: DiscChanges): Plan {
  const wanted = new Map<string, Wanted>();
  for (const entry of entries) wanted.set(entry.path, { from: 'image', entry });
  const files = new Map<string, DiscFile>();
  for (const file of put) files.set(file.path, file);
  const removed: string[] = [];
  for (const path of remove) {
    if (!wanted.has(path)) continue;
    removed.push(path);
    for (const key of [...wanted.keys()]) if (key === path || key.startsWith(`${path}/`)) wanted.delete(key);
  }
  const folders: string[] = [];
  for (const file of files.values()) {
    requirePath(file.path);
    for (const folder of foldersAbove(file.path)) {
      const found = wanted.get(folder);
      if (found === undefined) {
        folders.push(folder);
        wanted.set(folder, { from: 'new folder' });
      } else if (found.from === 'put' || (found.from === 'image' && found.entry.kind !== 'directory')) {
        throw invalid(file.path, `${folder} is no folder`);
      }
    }
    const before = wanted.get(file.path);
    if (before?.from === 'new folder' || (before?.from === 'image' && before.entry.kind === 'directory')) {
      throw invalid(file.path, 'there is a folder');
    }
    if (before?.from === 'image') removed.push(file.path);
    wanted.set(file.path, { from: 'put', file });
  }
  return { wanted, removed, folders, put: [...files.values()] };
}

function foldersAbove(path: string): string[] {
  const names = path.split('/').slice(0, -1);
  return names.map((_, index) => names.slice(0, index + 1).join('/'));
}
