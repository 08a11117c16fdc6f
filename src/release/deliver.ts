import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { BootwrightError } from '../errors.ts';
import { describeWriteFailure, syncFolder } from '../platform/durable.ts';
import { exchangePaths } from '../platform/libc.ts';
import { type BuildRequest, build } from './build.ts';
import { manifestName } from './layout.ts';
import { type Manifest, parseManifest } from './manifest.ts';
import { packTar } from './tar.ts';

export type OutputFormat = 'pxe-dir' | 'pxe-tar';

/** What is at a path: nothing (or an empty folder), something that we made, or something else. */
type Occupied = 'free' | 'ours' | 'foreign';

async function lookAtFolder(path: string): Promise<Occupied> {
  const names = await readdir(path);
  if (names.length === 0) return 'free';
  if (!names.includes(manifestName)) return 'foreign';
  try {
    parseManifest(await readFile(join(path, manifestName), 'utf8'), path);
    return 'ours';
  } catch {
    return 'foreign';
  }
}

/** Our archives start with the manifest; a tar header starts with the name (POSIX.1-2017, pax, ustar). */
async function lookAtFile(path: string): Promise<Occupied> {
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(512), 0, 512, 0);
    const name = buffer.toString('latin1', 0, Math.min(bytesRead, 100)).replace(/\0.*$/s, '');
    return name === manifestName ? 'ours' : 'foreign';
  } finally {
    await handle.close();
  }
}

async function lookAt(path: string, format: OutputFormat): Promise<Occupied> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return 'free';
  if (format === 'pxe-dir') return found.isDirectory() ? lookAtFolder(path) : 'foreign';
  return found.isFile() ? lookAtFile(path) : 'foreign';
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Removes what earlier builds of the same output left behind that were killed. */
async function clearStale(parent: string, prefix: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix)) continue;
    const pid = Number.parseInt(name.slice(prefix.length), 10);
    if (Number.isInteger(pid) && !isAlive(pid)) await rm(join(parent, name), { recursive: true, force: true });
  }
}

async function putFolder(staged: string, output: string, occupied: Occupied): Promise<void> {
  if (occupied === 'free') {
    await rename(staged, output);
    return;
  }
  try {
    exchangePaths(staged, output);
  } catch {
    // A file system that can't swap two names: the old one goes aside, and for a moment there is none.
    const old = `${staged}.old`;
    await rename(output, old);
    await rename(staged, output);
    await rm(old, { recursive: true, force: true });
  }
}

/**
 * Builds into a folder or a tar file of the user's. What is at `output` is replaced in one step at the end, and only if
 * Bootwright made it. Throws OUTPUT_NOT_OURS, OUTPUT_FULL, OUTPUT_UNWRITABLE and what the build throws.
 */
export async function deliver(request: BuildRequest, output: string, format: OutputFormat): Promise<Manifest> {
  const path = resolve(output);
  const parent = dirname(path);
  const prefix = `.${basename(path)}.bootwright-`;
  const occupied = await lookAt(path, format);
  if (occupied === 'foreign') throw new BootwrightError('OUTPUT_NOT_OURS', { path });
  let staging: string;
  try {
    await mkdir(parent, { recursive: true });
    await clearStale(parent, prefix);
    staging = await mkdtemp(join(parent, `${prefix}${process.pid}-`));
  } catch (error) {
    throw describeWriteFailure(error, parent);
  }
  try {
    const folder = join(staging, 'release');
    await mkdir(folder, { mode: 0o755 });
    const manifest = await build(request, folder);
    if (format === 'pxe-dir') {
      await putFolder(folder, path, occupied);
    } else {
      const archive = join(staging, 'release.tar');
      await packTar(folder, manifest, archive);
      await rename(archive, path);
    }
    await syncFolder(parent);
    return manifest;
  } catch (error) {
    throw describeWriteFailure(error, path);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}
