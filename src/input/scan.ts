import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { BootwrightError } from '../errors.ts';
import { Budget } from '../iso/budget.ts';
import { decodeText } from '../iso/text.ts';
import type { ImageEntry } from '../iso/tree.ts';

/** Something in a folder. */
export interface Scanned {
  readonly entry: ImageEntry;
  /** Its path as the system has it: names need not be UTF-8. */
  readonly place: Buffer;
  /** What changes when somebody writes to it or puts another in its place. */
  readonly identity: string;
}

/** What changes when somebody writes to a file, or puts another one in its place, or takes it away. */
export function identityOf(status: BigIntStats): string {
  return [status.dev, status.ino, status.size, status.mtimeNs, status.ctimeNs].join();
}

function failed(path: string, cause: unknown): Error {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return new BootwrightError('SOURCE_CHANGED', { path }, { cause });
  return new BootwrightError('FILE_UNREADABLE', { path, reason: String(code) }, { cause });
}

interface Walk {
  readonly found: Scanned[];
  readonly budget: Budget;
  readonly signal: AbortSignal | undefined;
}

interface Named {
  readonly name: string;
  readonly place: Buffer;
}

async function namesIn(folder: Buffer, path: string): Promise<Named[]> {
  const names = (await readdir(folder, { encoding: 'buffer' })).map((bytes) => ({
    name: decodeText(bytes),
    place: Buffer.concat([folder, Buffer.from('/'), bytes]),
  }));
  names.sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
  for (const [index, { name }] of names.entries()) {
    // One may be UTF-8 for what another is in Latin-1.
    if (names[index + 1]?.name === name) throw new BootwrightError('IMAGE_NAME_TWICE', { path: `${path}${name}` });
  }
  return names;
}

async function scanInto(walk: Walk, folder: Buffer, prefix: string, level: number): Promise<void> {
  const { found, budget, signal } = walk;
  budget.checkLevel(level);
  const names = await namesIn(folder, prefix).catch((error: unknown) => {
    throw error instanceof BootwrightError ? error : failed(folder.toString(), error);
  });
  for (const { name, place } of names) {
    signal?.throwIfAborted();
    const path = `${prefix}${name}`;
    budget.spend('entries', 1);
    budget.spend('pathCharacters', path.length);
    const status = await lstat(place, { bigint: true }).catch((error: unknown) => {
      throw failed(place.toString(), error);
    });
    const mode = Number(status.mode & 0o7777n);
    const facts = { path, mode, modifiedMs: Number(status.mtimeMs), extents: [], sizeBytes: 0 };
    const identity = identityOf(status);
    if (status.isDirectory()) {
      found.push({ entry: { ...facts, kind: 'directory' }, place, identity });
      await scanInto(walk, place, `${path}/`, level + 1);
    } else if (status.isSymbolicLink()) {
      const target = await readlink(place, { encoding: 'buffer' }).catch((error: unknown) => {
        throw failed(place.toString(), error);
      });
      found.push({ entry: { ...facts, kind: 'symlink', target: decodeText(target) }, place, identity });
    } else if (status.isFile()) {
      found.push({ entry: { ...facts, kind: 'file', sizeBytes: Number(status.size) }, place, identity });
    }
  }
}

/**
 * What is in a folder, as `ImageTree` lists it: depth first, sorted. Links are not followed; devices, pipes and sockets
 * are left out. Throws FILE_UNREADABLE, SOURCE_CHANGED, IMAGE_NAME_TWICE or ISO_TREE_TOO_LARGE.
 */
export async function scanFolder(folder: string, signal?: AbortSignal): Promise<Scanned[]> {
  const walk = { found: [], budget: new Budget(), signal };
  await scanInto(walk, Buffer.from(folder), '', 1);
  return walk.found;
}

/** One text for the state of all that was found. */
export function stateOfScan(found: readonly Scanned[]): string {
  const hash = createHash('sha256');
  for (const { entry, identity } of found) {
    // Reading a folder's own times would tell of nothing that its entries do not.
    const state = entry.kind === 'directory' ? '' : identity;
    hash.update(`${JSON.stringify([entry.path, entry.kind, entry.mode, entry.target, state])}\n`);
  }
  return hash.digest('hex');
}
