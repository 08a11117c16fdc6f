import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { rootLayout } from '../src/release/layout.ts';
import type { Netns } from '../test/support/netns.ts';
import { writeRelease } from '../test/support/small-release.ts';
import { type Program, startProgram } from './program.ts';

const program = join(import.meta.dirname, '../bin/bootwright.js');

/** A root with one active release of such files. */
export interface Root {
  readonly path: string;
  /** Of the release: what a peer serves. */
  readonly files: string;
}

export async function makeRoot(folder: string, files: Readonly<Record<string, Uint8Array>>): Promise<Root> {
  const path = join(folder, 'root');
  const release = await writeRelease(path, 'benchmark', { files });
  const { active } = rootLayout(path);
  await symlink(relative(path, release.folder), active);
  await mkdir(join(folder, 'images'), { recursive: true });
  return { path, files: release.folder };
}

/**
 * Starts `bootwright serve` as a user does, with the log at "warn", since the peers write no access log either.
 *
 * @param settings what differs from the defaults
 * @param url what it gives away once it has started
 */
export async function startOurs(
  folder: string,
  settings: Readonly<Record<string, unknown>>,
  url: string,
  within?: Netns,
): Promise<Program> {
  const path = join(folder, 'bootwright.yaml');
  const standard = { root: 'root', images: 'images', log: { format: 'json', level: 'warn' }, stopSeconds: 1 };
  await writeFile(path, JSON.stringify({ ...standard, ...settings }));
  const words = [process.execPath, program, 'serve', '--config', path];
  return startProgram({ words, log: join(folder, 'ours.log'), url, within });
}
