import type { Stats } from 'node:fs';
import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { BootwrightError } from '../errors.ts';
import type { OutputFormat } from '../image-config/config.ts';
import { savedConfigPath } from '../image-config/saved.ts';
import { openIso } from '../iso/volume.ts';
import { openFile } from '../platform/files-node.ts';
import { manifestOfArchive } from './archive-manifest.ts';
import { filesBelow } from './files-below.ts';
import { manifestName } from './layout.ts';
import { type Manifest, parseManifest } from './manifest.ts';

/** What is at a path: nothing (or an empty folder), or something that we made. */
export type Occupied = 'free' | 'ours';

function foreign(path: string): BootwrightError {
  return new BootwrightError('OUTPUT_NOT_OURS', { path });
}

/** A folder is ours if it has a manifest, and nothing that the manifest does not name: somebody may have added to it. */
async function lookAtFolder(path: string): Promise<Occupied> {
  if ((await readdir(path)).length === 0) return 'free';
  let manifest: Manifest;
  try {
    manifest = parseManifest(await readFile(join(path, manifestName), 'utf8'), path);
  } catch (cause) {
    throw new BootwrightError('OUTPUT_NOT_OURS', { path }, { cause });
  }
  const known = new Set([manifestName, ...manifest.entries.map((entry) => entry.path)]);
  for await (const found of filesBelow(path)) {
    if (!known.has(relative(path, found))) throw foreign(found);
  }
  return 'ours';
}

/** Our archives start with their manifest. */
async function lookAtFile(path: string): Promise<Occupied> {
  try {
    await manifestOfArchive(path);
    return 'ours';
  } catch (cause) {
    throw new BootwrightError('OUTPUT_NOT_OURS', { path }, { cause });
  }
}

/** An ISO of ours holds the settings that it was built with. */
async function lookAtDisc(path: string): Promise<Occupied> {
  const source = await openFile(path);
  try {
    const image = await openIso(source);
    if (image.find(savedConfigPath)?.kind === 'file') return 'ours';
  } catch (cause) {
    throw new BootwrightError('OUTPUT_NOT_OURS', { path }, { cause });
  } finally {
    await source.close();
  }
  throw foreign(path);
}

/** Where an output really is: a symbolic link of the user's stays, and what it leads to is replaced. */
export async function resolveOutput(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (cause) {
    const found = await lstat(path).catch(() => undefined);
    // Anything but a link came there a moment ago, from another build, and is looked at as such.
    if (found?.isSymbolicLink()) throw new BootwrightError('OUTPUT_NOT_OURS', { path }, { cause });
    return path;
  }
}

/** The folder that something at a path is in, or will be in once it is made, without links. */
async function realFolderOf(path: string): Promise<string> {
  const folder = dirname(path);
  return realpath(folder).catch(() => (folder === path ? path : realFolderOf(folder)));
}

/** Throws OUTPUT_IN_IMAGE for an output inside a folder that is the image: it would come into itself. */
export async function requireOutside(path: string, image: string): Promise<void> {
  const found = image === '-' ? undefined : await stat(image).catch(() => undefined);
  if (found?.isDirectory() !== true) return;
  const above = relative(await realpath(image), await realFolderOf(path));
  const isInside = above !== '..' && !above.startsWith(`..${sep}`);
  if (isInside) throw new BootwrightError('OUTPUT_IN_IMAGE', { path, image });
}

async function statOf(path: string): Promise<Stats | undefined> {
  return stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

/** As many other builds as may replace an output while it is looked at. */
const maxReplaced = 100;

/**
 * Throws OUTPUT_NOT_OURS, with what is not, for anything that a build may not replace. What another build replaces
 * meanwhile is looked at again: half of the one and half of the other would be nobody's.
 */
export async function lookAtOutput(path: string, format: OutputFormat): Promise<Occupied> {
  for (let looks = 1; ; looks += 1) {
    const before = await statOf(path);
    try {
      return await lookAt(path, format, before);
    } catch (error) {
      const after = await statOf(path);
      // Its time as well: the number of a file that is gone goes to the next one.
      const isSame = after?.ino === before?.ino && after?.ctimeMs === before?.ctimeMs;
      if (isSame || looks === maxReplaced) throw error;
    }
  }
}

async function lookAt(path: string, format: OutputFormat, found: Stats | undefined): Promise<Occupied> {
  if (found === undefined) return 'free';
  if (format === 'pxe-dir' && found.isDirectory()) return lookAtFolder(path);
  if (format === 'pxe-tar' && found.isFile()) return lookAtFile(path);
  if (format === 'iso' && found.isFile()) return lookAtDisc(path);
  throw foreign(path);
}
