import SqliteDatabase from 'better-sqlite3';
import { type Driver, Kysely, SqliteAdapter, SqliteDialect } from 'kysely';
import { Migrator } from 'kysely/migration';
import { BootwrightError } from '../errors.ts';
import { makeDurable } from './durable.ts';
import { migrations } from './migrations.ts';
import type { Tables } from './schema.ts';

export type Store = Kysely<Tables>;

/** Kysely leaves SQLite's tables half changed where a migration ends in the middle; SQLite need not. */
class WholeMigrations extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** Where the disk is full, SQLite may have rolled back by itself: a second time fails, and would hide the reason. */
function dialectOf(database: SqliteDatabase.Database): SqliteDialect {
  const dialect = new SqliteDialect({ database });
  dialect.createAdapter = () => new WholeMigrations();
  const createDriver = dialect.createDriver.bind(dialect);
  dialect.createDriver = (): Driver => {
    const driver = createDriver();
    const rollBack = driver.rollbackTransaction.bind(driver);
    driver.rollbackTransaction = async (connection) => {
      if (database.inTransaction) await rollBack(connection);
    };
    return driver;
  };
  return dialect;
}

/**
 * Opens the state of one server and brings its tables up to date, all or none. Whatever was committed is there after a
 * `kill -9` and after a power cut. Throws STORE_UNREADABLE.
 */
export async function openStore(path: string): Promise<Store> {
  let sqlite: SqliteDatabase.Database | undefined;
  try {
    sqlite = new SqliteDatabase(path, { timeout: 5000 });
    makeDurable(sqlite);
  } catch (cause) {
    sqlite?.close();
    throw new BootwrightError('STORE_UNREADABLE', { path, reason: (cause as Error).message }, { cause });
  }
  const store: Store = new Kysely({ dialect: dialectOf(sqlite) });
  const { error } = await new Migrator({
    db: store,
    provider: { getMigrations: () => Promise.resolve(migrations) },
  }).migrateToLatest();
  if (error !== undefined) {
    await store.destroy();
    const reason = error instanceof Error ? error.message : String(error);
    throw new BootwrightError('STORE_UNREADABLE', { path, reason }, { cause: error });
  }
  return store;
}
