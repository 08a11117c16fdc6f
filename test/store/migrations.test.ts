import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadBoots } from '../../src/store/boots.ts';
import { openStore } from '../../src/store/database.ts';
import { storedImages } from '../../src/store/images.ts';
import { loadLeases } from '../../src/store/leases.ts';
import { loadLeases6 } from '../../src/store/leases6.ts';
import { storedReservations } from '../../src/store/reservations.ts';
import { loadShapes } from '../../src/store/shapes.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bootwright-migrations-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** As version 0.1 wrote it: the schema and its rows, word by word. */
const version01 = `
  CREATE TABLE "kysely_migration" ("name" varchar(255) not null primary key, "timestamp" varchar(255) not null);
  CREATE TABLE "kysely_migration_lock" ("id" varchar(255) not null primary key, "is_locked" integer default 0 not null);
  CREATE TABLE "leases" ("address" varchar(15) primary key, "mac" varchar(17) not null, "state" varchar(16) not null,
    "expires_ms" bigint not null, "host_name" varchar(255));
  CREATE TABLE "boots" ("mac" varchar(17) primary key, "address" varchar(15) not null, "transaction_id" bigint not null,
    "release_id" varchar(255) not null, "decided_ms" bigint not null);
  CREATE TABLE "images" ("path" text primary key, "size_bytes" bigint not null, "modified_ms" bigint not null,
    "recipe" text not null, "release_id" varchar(255) not null);
  INSERT INTO "kysely_migration" VALUES ('0001-leases-boots-images', '2026-11-19T08:00:00.000Z');
  INSERT INTO "kysely_migration_lock" VALUES ('migration_lock', 0);
  INSERT INTO "leases" VALUES ('10.0.0.7', '52:54:00:00:00:07', 'bound', 1800000000000, 'seven');
  INSERT INTO "boots" VALUES ('52:54:00:00:00:07', '10.0.0.7', 4294967295, 'live-0123456789ab', 1800000000001);
  INSERT INTO "images" VALUES ('/images/a.iso', 1, 2, '{}', 'live-0123456789ab');
`;

function run(path: string, statements: string): void {
  const database = new SqliteDatabase(path);
  database.exec(statements);
  database.close();
}

it('the state of version 0.1 opens, with all that was in it', async () => {
  const path = join(folder, 'state.db');
  run(path, version01);
  for (const opening of ['the first time', 'again']) {
    const store = await openStore(path);
    expect(await loadLeases(store), opening).toEqual([
      {
        address: '10.0.0.7',
        mac: '52:54:00:00:00:07',
        state: 'bound',
        expiresMs: 1_800_000_000_000,
        hostName: 'seven',
      },
    ]);
    expect(await loadBoots(store), opening).toEqual([
      {
        mac: '52:54:00:00:00:07',
        addresses: ['10.0.0.7'],
        transaction: 0xffff_ffff,
        releaseId: 'live-0123456789ab',
        decidedMs: 1_800_000_000_001,
      },
    ]);
    expect(await storedImages(store).find('/images/a.iso')).toMatchObject({ releaseId: 'live-0123456789ab' });
    expect(await loadLeases6(store)).toEqual([]);
    expect(await loadShapes(store)).toEqual([]);
    expect(await storedReservations(store).load()).toEqual([]);
    await store.destroy();
  }
});

it('tables that could be brought up to date only in part are as they were, and no lease is lost', async () => {
  const path = join(folder, 'in-part.db');
  run(path, version01);
  // The last table that is made.
  run(path, 'CREATE TABLE shapes (in_the_way text)');
  await expect(openStore(path)).rejects.toMatchObject({ code: 'STORE_UNREADABLE' });
  run(path, 'DROP TABLE shapes');
  const store = await openStore(path);
  expect(await loadLeases(store)).toMatchObject([{ address: '10.0.0.7', hostName: 'seven' }]);
  await store.destroy();
});
