import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

// Column types are those that SQLite and PostgreSQL both know. A migration is never changed once it was released.
const first: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('leases')
      .addColumn('address', 'varchar(15)', (column) => column.primaryKey())
      .addColumn('mac', 'varchar(17)', (column) => column.notNull())
      .addColumn('state', 'varchar(16)', (column) => column.notNull())
      .addColumn('expires_ms', 'bigint', (column) => column.notNull())
      .addColumn('host_name', 'varchar(255)')
      .execute();
    await db.schema
      .createTable('boots')
      .addColumn('mac', 'varchar(17)', (column) => column.primaryKey())
      .addColumn('address', 'varchar(15)', (column) => column.notNull())
      .addColumn('transaction_id', 'bigint', (column) => column.notNull())
      .addColumn('release_id', 'varchar(255)', (column) => column.notNull())
      .addColumn('decided_ms', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('images')
      .addColumn('path', 'text', (column) => column.primaryKey())
      .addColumn('size_bytes', 'bigint', (column) => column.notNull())
      .addColumn('modified_ms', 'bigint', (column) => column.notNull())
      .addColumn('recipe', 'text', (column) => column.notNull())
      .addColumn('release_id', 'varchar(255)', (column) => column.notNull())
      .execute();
  },
};

/** In the order in which they are applied. */
export const migrations: Record<string, Migration> = { '0001-leases-boots-images': first };
