import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../platform/durable.ts';
import { type BuildRequest, build } from './build.ts';
import type { RootLayout } from './layout.ts';
import type { Manifest } from './manifest.ts';

export interface Published {
  readonly manifest: Manifest;
  /** The same content was published before: nothing changed. */
  readonly already: boolean;
}

/**
 * Builds a release aside and makes it appear, whole, by one rename. Until then nothing of it can be seen, and
 * afterwards nothing of it changes.
 */
export async function publish(layout: RootLayout, request: BuildRequest): Promise<Published> {
  await mkdir(layout.staging, { recursive: true });
  await mkdir(layout.releases, { recursive: true });
  const folder = await mkdtemp(join(layout.staging, 'release-'));
  try {
    const manifest = await build(request, folder);
    const target = join(layout.releases, manifest.id);
    if (existsSync(target)) return { manifest, already: true };
    await rename(folder, target);
    await syncFolder(layout.releases);
    return { manifest, already: false };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Removes what builds left behind that were killed. Only for who holds the lock of the root. */
export async function clearStaging(layout: RootLayout): Promise<void> {
  await mkdir(layout.staging, { recursive: true });
  for (const name of await readdir(layout.staging)) {
    await rm(join(layout.staging, name), { recursive: true, force: true });
  }
}
