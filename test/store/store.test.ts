import { once } from 'node:events';
import { mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import SqliteDatabase from 'better-sqlite3';
import { execa } from 'execa';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PinnedBoot } from '../../src/boot/ledger.ts';
import type { Lease } from '../../src/dhcp/lease.ts';
import { BootwrightError } from '../../src/errors.ts';
import { holdRoot } from '../../src/release/root.ts';
import { loadBoots, saveBoots } from '../../src/store/boots.ts';
import { openStore, type Store } from '../../src/store/database.ts';
import { storedImages } from '../../src/store/images.ts';
import { storedLeases } from '../../src/store/leases.ts';

let folder: string;
let made = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bootwright-store-'));
});
afterAll(() => rm(folder, { recursive: true }));

function newPath(): string {
  made += 1;
  return join(folder, `${made}.db`);
}

/** What another process would find. */
async function reopened<Result>(path: string, read: (store: Store) => Promise<Result>): Promise<Result> {
  const store = await openStore(path);
  try {
    return await read(store);
  } finally {
    await store.destroy();
  }
}

async function failureOf(opening: Promise<unknown>): Promise<BootwrightError> {
  const error = await opening.then(
    () => 'it worked',
    (reason: unknown) => reason,
  );
  if (error instanceof BootwrightError) return error;
  throw error;
}

/** Starts a process of this folder, waits for its word, and gives what kills it as a power cut would. */
async function start(script: URL, ...args: readonly string[]): Promise<() => Promise<void>> {
  const child = execa(process.execPath, [fileURLToPath(script), ...args], { reject: false });
  await Promise.race([once(child.stdout, 'data'), child]);
  return async () => {
    child.kill('SIGKILL');
    await child;
  };
}

const lease = (last: number, changes: Partial<Lease> = {}): Lease => ({
  address: `10.0.${last >> 8}.${last & 255}`,
  mac: `52:54:00:00:${(last >> 8).toString(16).padStart(2, '0')}:${(last & 255).toString(16).padStart(2, '0')}`,
  state: 'bound',
  expiresMs: 1_800_000_000_000 + last,
  ...changes,
});

const boot = (last: number, changes: Partial<PinnedBoot> = {}): PinnedBoot => ({
  mac: lease(last).mac,
  address: lease(last).address,
  transaction: 0xffff_ffff - last,
  releaseId: 'live-0123456789ab',
  decidedMs: 1_800_000_000_000,
  ...changes,
});

describe('what was saved is there', () => {
  it('leases, each over the earlier one of its address, more than fit into one statement', async () => {
    const path = newPath();
    const first = Array.from({ length: 2500 }, (_, index) => lease(index));
    const changed = [
      lease(3, { mac: '52:54:00:ff:ff:ff', state: 'declined' }),
      lease(4, { state: 'released', hostName: 'näme "of" a machine' }),
    ];
    await reopened(path, async (store) => {
      await storedLeases(store).save(first);
      await storedLeases(store).save(changed);
      await storedLeases(store).save([]);
    });
    const byAddress = new Map([...first, ...changed].map((row) => [row.address, row]));
    const found = await reopened(path, (store) => storedLeases(store).load());
    expect(new Map(found.map((row) => [row.address, row]))).toEqual(byAddress);
    expect(found).toHaveLength(2500);
  });

  it('boots: one for a machine, and one for an address', async () => {
    const path = newPath();
    const first = Array.from({ length: 2500 }, (_, index) => boot(index));
    const moved = boot(7, { address: '10.9.9.9' });
    const heir = boot(9999, { address: lease(8).address });
    // These two change places.
    const swapped = [boot(11, { address: lease(12).address }), boot(12, { address: lease(11).address })];
    await reopened(path, async (store) => {
      await saveBoots(store, first);
      await saveBoots(store, [moved, heir, ...swapped]);
      await saveBoots(store, []);
    });
    const kept = first.filter((_, index) => ![7, 8, 11, 12].includes(index));
    const found = await reopened(path, loadBoots);
    expect(new Map(found.map((row) => [row.mac, row]))).toEqual(
      new Map([...kept, moved, heir, ...swapped].map((row) => [row.mac, row])),
    );
  });

  it('what was built of an ISO', async () => {
    const path = newPath();
    const image = {
      path: '/images/a.iso',
      sizeBytes: 5e12,
      modifiedMs: 1_800_000_000_001,
      recipe: '{}',
      releaseId: 'a',
    };
    await reopened(path, async (store) => {
      await storedImages(store).save({ ...image, releaseId: 'before' });
      await storedImages(store).save(image);
    });
    await reopened(path, async (store) => {
      expect(await storedImages(store).find(image.path)).toEqual(image);
      expect(await storedImages(store).find('/images/b.iso')).toBeUndefined();
    });
  });

  it('also where the process was killed right after it saved, five times', async () => {
    const path = newPath();
    const rounds = [1, 2, 3, 4, 5];
    for (const round of rounds) {
      const kill = await start(new URL('save-and-die.ts', import.meta.url), path, String(round));
      await kill();
    }
    await reopened(path, async (store) => {
      const leases = await storedLeases(store).load();
      expect(leases.map(({ expiresMs }) => expiresMs).sort()).toEqual(rounds);
      expect((await loadBoots(store)).map(({ transaction }) => transaction).sort()).toEqual(rounds);
      for (const round of rounds) expect(await storedImages(store).find(`${round}.iso`)).toBeDefined();
    });
  });
});

it('what SQLite takes back by itself, as where the disk is full, fails for its own reason', async () => {
  await reopened(newPath(), async (store) => {
    const leases = storedLeases(store);
    await leases.save([lease(1)]);
    const twice = store.transaction().execute(async (transaction) => {
      await sql`DELETE FROM leases`.execute(transaction);
      for (const mac of ['one', 'other']) {
        await sql`INSERT OR ROLLBACK INTO leases VALUES ('10.0.0.2', ${mac}, 'bound', 1, NULL)`.execute(transaction);
      }
    });
    await expect(twice).rejects.toThrow('UNIQUE');
    expect(await leases.load()).toEqual([lease(1)]);
    await leases.save([lease(2)]);
    expect(await leases.load()).toHaveLength(2);
  });
});

describe('what cannot be opened is named and stays as it is', () => {
  it('a file that is no database', async () => {
    const path = newPath();
    await writeFile(path, 'This is a letter to my aunt.'.repeat(100));
    const error = await failureOf(openStore(path));
    expect([error.code, error.exitStatus]).toEqual(['STORE_UNREADABLE', 5]);
    expect(error.message).toContain(path);
    expect(error.message).toContain('file is not a database');
  });

  it('a state that a newer version wrote', async () => {
    const path = newPath();
    await reopened(path, (store) => saveBoots(store, [boot(1)]));
    const newer = new SqliteDatabase(path);
    newer.prepare("INSERT INTO kysely_migration VALUES ('9999-something-new', '2099-01-01')").run();
    newer.close();
    const error = await failureOf(openStore(path));
    expect(error.code).toBe('STORE_UNREADABLE');
    expect(error.message).toContain('9999-something-new');
  });

  it('a folder that is not there', async () => {
    expect((await failureOf(openStore(join(folder, 'none', 'state.db')))).code).toBe('STORE_UNREADABLE');
  });

  it('nothing stays open', async () => {
    const open = await readdir('/proc/self/fd');
    const targets = await Promise.all(open.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
    expect(targets.filter((target) => target.startsWith(folder))).toEqual([]);
  });
});

describe('two processes on one root', () => {
  it('the second is refused and told who is there; after the first was killed, the next one starts', async () => {
    const root = join(folder, 'root');
    const kill = await start(new URL('hold-root.ts', import.meta.url), root);
    const error = await failureOf(holdRoot(root));
    expect([error.code, error.exitStatus]).toEqual(['ROOT_IN_USE', 5]);
    expect(error.message).toMatch(/served by process \d+ already/);
    await kill();
    const held = await holdRoot(root);
    await held.release();
    await (await holdRoot(root)).release();
  });
});
