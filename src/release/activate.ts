import { existsSync, readlinkSync } from 'node:fs';
import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BootwrightError } from '../errors.ts';
import { describeWriteFailure, syncFolder } from '../platform/durable.ts';
import { manifestName, type RootLayout } from './layout.ts';

function isRelease(layout: RootLayout, id: string): boolean {
  return /^[a-z0-9][a-z0-9._-]*$/.test(id) && existsSync(join(layout.releases, id, manifestName));
}

/** The release that machines boot which have no other; `undefined` before the first one, or if it was removed. */
export function activeReleaseId(layout: RootLayout): string | undefined {
  try {
    const id = basename(readlinkSync(layout.active));
    return isRelease(layout, id) ? id : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Makes a release the active one: from the next DHCP exchange on, machines boot it. One rename decides; boots that run
 * keep what they were given. Throws RELEASE_NOT_FOUND, OUTPUT_FULL or OUTPUT_UNWRITABLE.
 */
export async function activate(layout: RootLayout, id: string): Promise<void> {
  if (!isRelease(layout, id)) throw new BootwrightError('RELEASE_NOT_FOUND', { id, root: layout.root });
  const aside = join(layout.staging, `active.${process.pid}.${Date.now()}`);
  try {
    await mkdir(layout.staging, { recursive: true });
    await symlink(join('releases', id), aside);
    await rename(aside, layout.active);
    await syncFolder(layout.root);
  } catch (error) {
    await rm(aside, { force: true });
    throw describeWriteFailure(error, layout.active);
  }
}
