import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lease } from '../../src/dhcp/lease.ts';
import { startCommitter } from '../../src/store/commit.ts';
import { openStore } from '../../src/store/database.ts';
import { loadLeases } from '../../src/store/leases.ts';

let folder: string;
let made = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bootwright-commit-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function opened() {
  made += 1;
  const path = join(folder, `${made}.db`);
  const store = await openStore(path);
  const committer = startCommitter(store, path);
  return { path, store, committer };
}

const lease = (last: number): Lease => ({
  address: `10.0.0.${last}`,
  mac: '52:54:00:00:00:01',
  state: 'bound',
  expiresMs: last,
});

describe('batches that are written', () => {
  it('at once are safe in their order, and before it is closed', async () => {
    const { store, committer } = await opened();
    const commits = Array.from({ length: 100 }, (_, index) =>
      committer.commit({ leases: [{ ...lease(index % 10), expiresMs: index }] }),
    );
    await committer.close();
    const found = await loadLeases(store);
    expect(found.map(({ expiresMs }) => expiresMs).sort()).toEqual([90, 91, 92, 93, 94, 95, 96, 97, 98, 99]);
    await Promise.all(commits);
    await store.destroy();
  });

  it('are there for everybody once they are said to be', async () => {
    const { path, store, committer } = await opened();
    const other = new SqliteDatabase(path, { readonly: true });
    for (let round = 1; round <= 20; round++) {
      await committer.commit({ leases: [lease(round)] });
      expect(other.prepare('SELECT count(*) AS number FROM leases').get()).toEqual({ number: round });
    }
    other.close();
    await committer.close();
    await store.destroy();
  });

  it('do not stop what else this process does', async () => {
    const { store, committer } = await opened();
    let turns = 0;
    let isOver = false;
    const count = () => {
      turns += 1;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    const leases = Array.from({ length: 20_000 }, (_, index) => ({
      ...lease(0),
      address: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
    }));
    await committer.commit({ leases });
    isOver = true;
    expect(turns).toBeGreaterThan(3);
    await committer.close();
    await store.destroy();
  });
});

describe('a batch that the disk does not take', () => {
  it('is written not at all, and says why; the next ones are', async () => {
    const { path, store, committer } = await opened();
    await committer.commit({ leases: [lease(1)] });
    const other = new SqliteDatabase(path);
    other.exec(`CREATE TRIGGER full_disk BEFORE INSERT ON leases WHEN NEW.expires_ms = 3
      BEGIN SELECT RAISE(ROLLBACK, 'database or disk is full'); END`);
    await expect(committer.commit({ leases: [lease(2), lease(3), lease(4)] })).rejects.toThrow('disk is full');
    expect(await loadLeases(store)).toEqual([lease(1)]);
    other.exec('DROP TRIGGER full_disk');
    other.close();
    await committer.commit({ leases: [lease(2), lease(3)] });
    expect(await loadLeases(store)).toHaveLength(3);
    await committer.close();
    await store.destroy();
  });

  it('fails where the state is gone, and so does the next', async () => {
    const { path, store, committer } = await opened();
    await committer.close();
    await store.destroy();
    await Promise.all(['', '-wal', '-shm'].map((end) => rm(`${path}${end}`, { force: true })));
    await expect(committer.commit({ leases: [lease(1)] })).rejects.toThrow('unable to open');
    await expect(committer.commit({ leases: [lease(1)] })).rejects.toThrow('unable to open');
  });
});
