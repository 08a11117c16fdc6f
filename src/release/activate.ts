import { existsSync, readlinkSync } from 'node:fs';
import { rename, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BootwrightError } from '../errors.ts';
import { syncFolder } from '../platform/durable.ts';
import { manifestName, type RootLayout } from './layout.ts';

/** The release that machines boot which have no other; `undefined` before the first one. */
export function activeReleaseId(layout: RootLayout): string | undefined {
  try {
    return basename(readlinkSync(layout.active));
  } catch {
    return undefined;
  }
}

/**
 * Makes a release the active one: from the next DHCP exchange on, machines boot it. One rename decides; boots that run
 * keep what they were given. Throws RELEASE_NOT_FOUND.
 */
export async function activate(layout: RootLayout, id: string): Promise<void> {
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(id) || !existsSync(join(layout.releases, id, manifestName))) {
    throw new BootwrightError('RELEASE_NOT_FOUND', { id, root: layout.root });
  }
  const aside = join(layout.own, `active.${process.pid}.${Date.now()}`);
  await symlink(join('releases', id), aside);
  await rename(aside, layout.active);
  await syncFolder(layout.root);
}
