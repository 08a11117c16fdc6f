import { type FileHandle, mkdir, mkdtemp, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { lockOpenFile } from '../platform/libc.ts';

/** A folder beside an output, in which the next one is made. */
export interface Staging {
  readonly folder: string;
  /** Removes it with all that is in it, and parents of the output that were made for it and hold nothing. */
  remove(): Promise<void>;
}

/** In a staging folder: the earlier output, where it could not be swapped in one step. */
export const setAsideName = 'earlier';

/** Whose a folder is: its lock, which says that the build is alive, or why there is none. */
type Lock = FileHandle | 'of another' | 'unknown';

async function lockFolder(folder: string): Promise<Lock> {
  const handle = await open(folder, 'r').catch(() => undefined);
  if (handle === undefined) return 'of another';
  try {
    if (lockOpenFile(handle.fd)) return handle;
    await handle.close();
    return 'of another';
  } catch {
    // This file system has no locks: then nobody removes what may be another's.
    await handle.close();
    return 'unknown';
  }
}

function prefixOf(output: string): string {
  return `.${basename(output)}.bootwright-`;
}

/** Removes what earlier builds of the same output left behind that were killed; an output set aside comes back. */
async function clearStale(output: string): Promise<void> {
  const parent = dirname(output);
  for (const name of await readdir(parent)) {
    // mkdtemp adds six letters or digits.
    if (!name.startsWith(prefixOf(output)) || !/^\w{6}$/.test(name.slice(prefixOf(output).length))) continue;
    const folder = join(parent, name);
    const lock = await lockFolder(folder);
    if (typeof lock === 'string') continue;
    try {
      const isThere = await stat(output).catch(() => undefined);
      if (isThere === undefined) await rename(join(folder, setAsideName), output).catch(() => {});
      await rm(folder, { recursive: true, force: true });
    } finally {
      await lock.close();
    }
  }
}

async function removeEmpty(from: string, upTo: string): Promise<void> {
  try {
    for (let folder = from; folder.startsWith(upTo); folder = dirname(folder)) await rmdir(folder);
  } catch {
    // Something is in it by now: it stays.
  }
}

/** As many other builds of one output as may begin at the same moment. */
const maxAttempts = 100;

/** A folder of our own. Before it is locked, a build that begins may take it for what a killed one left, and remove it. */
async function makeLocked(parent: string, prefix: string): Promise<{ folder: string; lock: FileHandle | undefined }> {
  for (let attempt = 1; ; attempt += 1) {
    const folder = await mkdtemp(join(parent, prefix));
    const lock = await lockFolder(folder);
    if (lock === 'unknown' || attempt === maxAttempts) return { folder, lock: undefined };
    if (lock === 'of another') continue;
    const isThere = await stat(folder).catch(() => undefined);
    if (isThere?.ino === (await lock.stat()).ino) return { folder, lock };
    await lock.close();
  }
}

/** Makes a staging folder on the file system of the output. Errors of the file system come as they are. */
export async function makeStaging(output: string): Promise<Staging> {
  const parent = dirname(output);
  const firstMade = await mkdir(parent, { recursive: true });
  const undoParents = async () => {
    if (firstMade !== undefined) await removeEmpty(parent, firstMade);
  };
  try {
    await clearStale(output);
    const { folder, lock } = await makeLocked(parent, prefixOf(output));
    return {
      folder,
      async remove() {
        await rm(folder, { recursive: true, force: true });
        await lock?.close();
        await undoParents();
      },
    };
  } catch (error) {
    await undoParents();
    throw error;
  }
}
