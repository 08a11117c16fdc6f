import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { BootwrightError } from '../errors.ts';
import { describeWriteFailure, replaceFile } from '../platform/durable.ts';
import { type RootLayout, rootLayout } from './layout.ts';

/** What may be in a folder that is to become a root. */
const harmless = new Set(['README.md', '.gitignore', '.gitkeep', 'lost+found']);
const ours = new Set(['.bootwright', 'releases', 'active']);

export interface HeldRoot {
  readonly layout: RootLayout;
  release(): Promise<void>;
}

async function makeOwn(layout: RootLayout): Promise<void> {
  try {
    await mkdir(layout.root, { recursive: true });
    const names = await readdir(layout.root);
    const foreign = names.find((name) => !harmless.has(name) && !ours.has(name));
    if (foreign !== undefined && !names.includes('.bootwright')) {
      throw new BootwrightError('ROOT_NOT_OURS', { root: layout.root, name: foreign });
    }
    await mkdir(layout.own, { recursive: true });
    await mkdir(layout.releases, { recursive: true });
  } catch (error) {
    throw describeWriteFailure(error, layout.root);
  }
}

/** Who holds the root, for a person to find. */
async function holder(layout: RootLayout): Promise<string> {
  try {
    const { pid } = JSON.parse(await readFile(layout.server, 'utf8')) as { pid?: unknown };
    return `process ${String(pid)}`;
  } catch {
    return 'another process';
  }
}

/**
 * Makes a root of a folder if it is not one yet, and holds it for this process alone. The lock is the operating
 * system's (SQLite's, on a file of its own), so it ends with the process however that ends. Throws ROOT_IN_USE,
 * ROOT_NOT_OURS or OUTPUT_UNWRITABLE.
 */
export async function holdRoot(path: string): Promise<HeldRoot> {
  const layout = rootLayout(resolve(path));
  await makeOwn(layout);
  const lock = new SqliteDatabase(layout.lock, { timeout: 0 });
  try {
    lock.pragma('locking_mode = EXCLUSIVE');
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    const code = String((cause as { code?: unknown }).code);
    if (!code.startsWith('SQLITE_BUSY')) throw describeWriteFailure(cause, layout.lock);
    throw new BootwrightError('ROOT_IN_USE', { root: layout.root, holder: await holder(layout) }, { cause });
  }
  await replaceFile(layout.server, `${JSON.stringify({ pid: process.pid })}\n`);
  return {
    layout,
    async release() {
      await rm(layout.server, { force: true });
      lock.close();
    },
  };
}
