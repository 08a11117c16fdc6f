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
import type { KnownShape } from '../../src/boot/shapes.ts';
import type { Lease } from '../../src/dhcp/lease.ts';
import type { Lease6 } from '../../src/dhcp6/lease.ts';
import { BootwrightError } from '../../src/errors.ts';
import { holdRoot } from '../../src/release/root.ts';
import type { Batch } from '../../src/store/batch.ts';
import { loadBoots } from '../../src/store/boots.ts';
import { startCommitter } from '../../src/store/commit.ts';
import { openStore, type Store } from '../../src/store/database.ts';
import { storedImages } from '../../src/store/images.ts';
import { loadLeases } from '../../src/store/leases.ts';
import { loadLeases6 } from '../../src/store/leases6.ts';
import { storedReservations } from '../../src/store/reservations.ts';
import { loadShapes } from '../../src/store/shapes.ts';

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

/** One batch after the other, by a process that then ends. */
async function saved(path: string, ...batches: readonly Batch[]): Promise<void> {
  await reopened(path, async (store) => {
    const committer = startCommitter(store, path);
    for (const batch of batches) await committer.commit(batch);
    await committer.close();
  });
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
  addresses: [lease(last).address],
  transaction: 0xffff_ffff - last,
  releaseId: 'live-0123456789ab',
  decidedMs: 1_800_000_000_000,
  ...changes,
});

describe('what was saved is there', () => {
  it('leases, each over the earlier one of its address, thousands at once', async () => {
    const path = newPath();
    const first = Array.from({ length: 2500 }, (_, index) => lease(index));
    const changed = [
      lease(3, { mac: '52:54:00:ff:ff:ff', state: 'declined' }),
      lease(4, { state: 'released', hostName: 'näme "of" a machine' }),
      lease(5, { mac: `id:${'0f'.repeat(255)}`, reservation: `id:${'0f'.repeat(255)}` }),
    ];
    await saved(path, { leases: first }, { leases: changed }, {});
    const byAddress = new Map([...first, ...changed].map((row) => [row.address, row]));
    const found = await reopened(path, loadLeases);
    expect(new Map(found.map((row) => [row.address, row]))).toEqual(byAddress);
    expect(found).toHaveLength(2500);
  });

  it('leases of IPv6', async () => {
    const path = newPath();
    const one: Lease6 = {
      address: '2001:db8:1234:5678:9abc:def0:1234:5678',
      duid: '0004'.padEnd(36, 'f'),
      iaid: 0xffff_ffff,
      state: 'bound',
      expiresMs: 1_800_000_000_000,
    };
    const other: Lease6 = { ...one, address: '2001:db8::1', mac: lease(1).mac };
    await saved(path, { leases6: [one, other] }, { leases6: [{ ...other, state: 'released' }] });
    const found = await reopened(path, loadLeases6);
    expect(found.toSorted((a, b) => b.address.localeCompare(a.address))).toEqual([
      one,
      { ...other, state: 'released' },
    ]);
  });

  it('boots, one for a machine, with all of its addresses; not one that was forgotten', async () => {
    const path = newPath();
    const first = Array.from({ length: 2500 }, (_, index) => boot(index));
    const moved = boot(7, { addresses: ['10.9.9.9', '2001:db8::7', 'fe80::5054:ff:fe00:7'] });
    const heir = boot(9999, { addresses: boot(8).addresses });
    await saved(path, { boots: first }, { boots: [moved, boot(8, { addresses: [] }), heir] });
    const kept = first.filter((_, index) => ![7, 8].includes(index));
    const found = await reopened(path, loadBoots);
    expect(new Map(found.map((row) => [row.mac, row]))).toEqual(
      new Map([...kept, moved, heir].map((row) => [row.mac, row])),
    );
  });

  it('the shape of offer that works, for each firmware of a machine', async () => {
    const path = newPath();
    const rom: KnownShape = { mac: lease(1).mac, firmware: 'bios', shape: 'plain', worked: true };
    const ipxe: KnownShape = { ...rom, firmware: 'ipxe-bios', shape: 'direct' };
    const other: KnownShape = { ...rom, mac: lease(2).mac, shape: 'menu' };
    await saved(
      path,
      { shapes: [rom, ipxe, other] },
      {
        shapes: [
          { ...rom, shape: 'binl' },
          { ...other, worked: false },
        ],
      },
    );
    const found = await reopened(path, loadShapes);
    expect(found.toSorted((one, next) => one.firmware.localeCompare(next.firmware))).toEqual([
      { ...rom, shape: 'binl' },
      ipxe,
    ]);
  });

  it('reservations, each over the earlier one of its address', async () => {
    const path = newPath();
    await reopened(path, async (store) => {
      const reservations = storedReservations(store);
      await reservations.save({ address: '10.0.0.1', mac: lease(1).mac });
      await reservations.save({ address: '10.0.0.1', clientId: '01525400000001', hostName: 'one' });
      await reservations.save({ address: '10.0.0.2', uuid: '6f1c0b1e-0000-4000-8000-000000000002' });
      await reservations.save({ address: '10.0.0.3', mac: lease(3).mac });
      expect(await reservations.remove('10.0.0.3')).toBe(true);
      expect(await reservations.remove('10.0.0.3')).toBe(false);
    });
    expect(await reopened(path, (store) => storedReservations(store).load())).toEqual([
      { address: '10.0.0.1', clientId: '01525400000001', hostName: 'one' },
      { address: '10.0.0.2', uuid: '6f1c0b1e-0000-4000-8000-000000000002' },
    ]);
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
      const leases = await loadLeases(store);
      expect(leases.map(({ expiresMs }) => expiresMs).sort()).toEqual(rounds);
      expect((await loadBoots(store)).map(({ transaction }) => transaction).sort()).toEqual(rounds);
      expect(await loadShapes(store)).toHaveLength(rounds.length);
      for (const round of rounds) expect(await storedImages(store).find(`${round}.iso`)).toBeDefined();
    });
  });
});

it('what SQLite takes back by itself, as where the disk is full, fails for its own reason', async () => {
  const path = newPath();
  await saved(path, { leases: [lease(1)] });
  await reopened(path, async (store) => {
    const twice = store.transaction().execute(async (transaction) => {
      await sql`DELETE FROM leases`.execute(transaction);
      for (const mac of ['one', 'other']) {
        await sql`INSERT OR ROLLBACK INTO leases VALUES ('10.0.0.2', ${mac}, 'bound', 1, NULL, NULL)`.execute(
          transaction,
        );
      }
    });
    await expect(twice).rejects.toThrow('UNIQUE');
    expect(await loadLeases(store)).toEqual([lease(1)]);
  });
  await saved(path, { leases: [lease(2)] });
  expect(await reopened(path, loadLeases)).toHaveLength(2);
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
    await saved(path, { boots: [boot(1)] });
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
