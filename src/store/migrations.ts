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

/**
 * Machines that are no Ethernet address, and that have several addresses; IPv6; what firmware wants; reservations.
 * Tables with longer columns are made anew, since SQLite has no ALTER for the type of a column.
 */
const second: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('leases').renameTo('leases_before').execute();
    await db.schema
      .createTable('leases')
      .addColumn('address', 'varchar(15)', (column) => column.primaryKey())
      .addColumn('mac', 'text', (column) => column.notNull())
      .addColumn('state', 'varchar(16)', (column) => column.notNull())
      .addColumn('expires_ms', 'bigint', (column) => column.notNull())
      .addColumn('host_name', 'varchar(255)')
      .addColumn('reservation', 'text')
      .execute();
    await sql`
      INSERT INTO leases (address, mac, state, expires_ms, host_name)
      SELECT address, mac, state, expires_ms, host_name FROM leases_before`.execute(db);
    await db.schema.dropTable('leases_before').execute();

    await db.schema.alterTable('boots').renameTo('boots_before').execute();
    await db.schema
      .createTable('boots')
      .addColumn('mac', 'text', (column) => column.primaryKey())
      .addColumn('addresses', 'varchar(255)', (column) => column.notNull())
      .addColumn('transaction_id', 'bigint', (column) => column.notNull())
      .addColumn('release_id', 'varchar(255)', (column) => column.notNull())
      .addColumn('decided_ms', 'bigint', (column) => column.notNull())
      .execute();
    await sql`
      INSERT INTO boots (mac, addresses, transaction_id, release_id, decided_ms)
      SELECT mac, address, transaction_id, release_id, decided_ms FROM boots_before`.execute(db);
    await db.schema.dropTable('boots_before').execute();

    await db.schema
      .createTable('leases6')
      .addColumn('address', 'varchar(39)', (column) => column.primaryKey())
      .addColumn('duid', 'text', (column) => column.notNull())
      .addColumn('iaid', 'bigint', (column) => column.notNull())
      .addColumn('mac', 'varchar(17)')
      .addColumn('state', 'varchar(16)', (column) => column.notNull())
      .addColumn('expires_ms', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('reservations')
      .addColumn('address', 'varchar(39)', (column) => column.primaryKey())
      .addColumn('mac', 'varchar(17)')
      .addColumn('client_id', 'text')
      .addColumn('uuid', 'varchar(36)')
      .addColumn('host_name', 'varchar(255)')
      .execute();
    await db.schema
      .createTable('shapes')
      .addColumn('mac', 'text', (column) => column.notNull())
      .addColumn('firmware', 'varchar(16)', (column) => column.notNull())
      .addColumn('shape', 'varchar(16)', (column) => column.notNull())
      .addPrimaryKeyConstraint('shapes_key', ['mac', 'firmware'])
      .execute();
  },
};

/** In the order in which they are applied. */
export const migrations: Record<string, Migration> = {
  '0001-leases-boots-images': first,
  '0002-networks': second,
};
