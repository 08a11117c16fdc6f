import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, readlink, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const cacheFolder = join(import.meta.dirname, '../../.cache/liveos');

async function filesIn(path: string): Promise<readonly string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
}

/**
 * A folder of the cache, named after everything that decides what is made: a change in any of it makes anew.
 *
 * @param names of files and folders beside this one, with all that is in them
 */
export async function cacheFor(names: readonly string[], ...alsoDecides: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  const paths = await Promise.all(names.map((name) => filesIn(join(import.meta.dirname, name))));
  for (const path of paths.flat().toSorted()) {
    hash.update(path.slice(import.meta.dirname.length)).update('\0');
    hash.update(await readFile(path).catch(() => readlink(path))).update('\0');
  }
  for (const text of alsoDecides) hash.update(text).update('\0');
  return join(cacheFolder, hash.digest('hex').slice(0, 16));
}

/** Removes what earlier states of the scripts made. */
export async function forgetAllBut(...folders: readonly string[]): Promise<void> {
  const wanted = folders.map((folder) => basename(folder));
  for (const name of await readdir(cacheFolder)) {
    if (!wanted.includes(name)) await rm(join(cacheFolder, name), { recursive: true, force: true });
  }
}

/**
 * Returns `path` at once if it is there; else lets `make` build it under another name and renames it when it is whole,
 * so that an interrupted build is never taken for a finished one.
 */
export async function cached(path: string, make: (aside: string) => Promise<void>): Promise<string> {
  if (await isThere(path)) return path;
  const aside = `${path}.${process.pid}.part`;
  await rm(aside, { recursive: true, force: true });
  await mkdir(dirname(path), { recursive: true });
  try {
    await make(aside);
    await rename(aside, path).catch(async (error: unknown) => {
      // Somebody else finished the same folder in the meantime: that one is as good.
      if (!(await isThere(path))) throw error;
    });
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return path;
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
