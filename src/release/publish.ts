import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describeWriteFailure, syncFolder } from '../platform/durable.ts';
import { build } from './build.ts';
import { manifestName, type RootLayout } from './layout.ts';
import { formatManifest, type Manifest } from './manifest.ts';
import type { BuildRequest } from './request.ts';

export interface Published {
  readonly manifest: Manifest;
  /** The same content was published before: nothing changed. */
  readonly already: boolean;
}

/** Whether a release is there with all its files, as far as names and sizes tell. */
async function isThere(folder: string, manifest: Manifest): Promise<boolean> {
  try {
    if ((await readFile(join(folder, manifestName), 'utf8')) !== formatManifest(manifest)) return false;
    for (const entry of manifest.entries) {
      if (entry.kind === 'file' && (await stat(join(folder, entry.path))).size !== entry.sizeBytes) return false;
    }
    return true;
  } catch {
    return false;
  }
}

/** What the name of a release is taken by, as `rename` says it: a folder with something in it, or a file. */
const taken = ['ENOTEMPTY', 'EEXIST', 'ENOTDIR'];

/** Gives a release its place; `false` where the same is there already, be it from another build a moment ago. */
async function appear(made: string, target: string, manifest: Manifest): Promise<boolean> {
  for (let damaged = 0; ; damaged += 1) {
    try {
      await rename(made, target);
      return true;
    } catch (error) {
      if (!taken.includes((error as NodeJS.ErrnoException).code ?? '') || damaged > 3) throw error;
    }
    if (await isThere(target, manifest)) return false;
    // Somebody removed a part of a release by hand.
    await rename(target, `${made}.damaged-${damaged}`);
  }
}

async function publishAside(layout: RootLayout, request: BuildRequest): Promise<Published> {
  await mkdir(layout.staging, { recursive: true });
  await mkdir(layout.releases, { recursive: true });
  const aside = await mkdtemp(join(layout.staging, 'release-'));
  try {
    const made = join(aside, 'release');
    await mkdir(made);
    const manifest = await build(request, made, join(aside, 'scratch'));
    request.signal?.throwIfAborted();
    const already = !(await appear(made, join(layout.releases, manifest.id), manifest));
    await syncFolder(layout.releases);
    return { manifest, already };
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/**
 * Builds a release aside and makes it appear, whole, by one rename. Until then nothing of it can be seen, and
 * afterwards nothing of it changes. Throws OUTPUT_FULL, OUTPUT_UNWRITABLE and what the build throws.
 */
export async function publish(layout: RootLayout, request: BuildRequest): Promise<Published> {
  try {
    return await publishAside(layout, request);
  } catch (error) {
    throw describeWriteFailure(error, layout.root);
  }
}

/** Removes what builds left behind that were killed. Only for who holds the lock of the root. */
export async function clearStaging(layout: RootLayout): Promise<void> {
  await mkdir(layout.staging, { recursive: true });
  for (const name of await readdir(layout.staging)) {
    await rm(join(layout.staging, name), { recursive: true, force: true });
  }
  for (const name of await readdir(layout.own)) {
    if (/\.\d+\.new$/.test(name)) await rm(join(layout.own, name), { force: true });
  }
}
