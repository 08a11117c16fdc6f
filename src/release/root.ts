import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { BootwrightError } from '../errors.ts';
import { describeWriteFailure, replaceFile } from '../platform/durable.ts';
import { type RootLayout, rootLayout } from './layout.ts';

/** What may be in a folder that is to become a root. */
const harmless = new Set(['README.md', '.gitignore', '.gitkeep', 'lost+found']);
const ours = new Set(['.bootwright', 'releases', 'active', 'loaders']);

/** Where the server of a root can be reached; `.bootwright/server.json` holds it while the server runs. */
export interface ServerAddress {
  readonly pid: number;
  readonly address: string;
  readonly httpPort: number;
}

export interface HeldRoot {
  readonly layout: RootLayout;
  /** Tells other commands where the server is. */
  announce(server: Omit<ServerAddress, 'pid'>): Promise<void>;
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

/** What the server of a root said of itself; nothing where there is none, or it did not say. */
export async function serverOf(layout: RootLayout): Promise<Partial<ServerAddress>> {
  try {
    return JSON.parse(await readFile(layout.server, 'utf8')) as Partial<ServerAddress>;
  } catch {
    return {};
  }
}

async function takeLock(layout: RootLayout): Promise<SqliteDatabase.Database> {
  let lock: SqliteDatabase.Database | undefined;
  try {
    lock = new SqliteDatabase(layout.lock, { timeout: 0 });
    lock.pragma('locking_mode = EXCLUSIVE');
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (cause) {
    lock?.close();
    const { code, message } = cause as { code?: unknown; message: string };
    if (!String(code).startsWith('SQLITE_BUSY')) {
      throw new BootwrightError('OUTPUT_UNWRITABLE', { path: layout.lock, reason: message }, { cause });
    }
    const { pid } = await serverOf(layout);
    const holder = pid === undefined ? 'another process' : `process ${pid}`;
    throw new BootwrightError('ROOT_IN_USE', { root: layout.root, holder }, { cause });
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
  const lock = await takeLock(layout);
  const tell = (server: Partial<ServerAddress>) =>
    replaceFile(layout.server, `${JSON.stringify({ pid: process.pid, ...server })}\n`).catch((error: unknown) => {
      throw describeWriteFailure(error, layout.server);
    });
  try {
    await tell({});
  } catch (error) {
    lock.close();
    throw error;
  }
  return {
    layout,
    announce: tell,
    async release() {
      await rm(layout.server, { force: true });
      lock.close();
    },
  };
}
