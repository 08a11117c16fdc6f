import { type Kysely, sql } from 'kysely';
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

/** Machines that have several addresses, IPv6 among them; what a machine's firmware wants; reservations. */
const second: Migration = {
  async up(db: Kysely<unknown>) {
    // No ALTER of a column's type: SQLite has none.
    await db.schema
      .alterTable('boots')
      .addColumn('addresses', 'varchar(255)', (column) => column.notNull().defaultTo(''))
      .execute();
    await sql`UPDATE boots SET addresses = address`.execute(db);
    await db.schema.alterTable('boots').dropColumn('address').execute();
    await db.schema
      .createTable('shapes')
      .addColumn('mac', 'varchar(17)', (column) => column.notNull())
      .addColumn('firmware', 'varchar(16)', (column) => column.notNull())
      .addColumn('shape', 'varchar(16)', (column) => column.notNull())
      .addPrimaryKeyConstraint('shapes_key', ['mac', 'firmware'])
      .execute();
    await db.schema
      .createTable('reservations')
      .addColumn('address', 'varchar(45)', (column) => column.primaryKey())
      .addColumn('mac', 'varchar(17)')
      .addColumn('client_id', 'text')
      .addColumn('uuid', 'varchar(36)')
      .addColumn('host_name', 'varchar(255)')
      .execute();
  },
};

/** In the order in which they are applied. */
export const migrations: Record<string, Migration> = {
  '0001-leases-boots-images': first,
  '0002-networks': second,
};
