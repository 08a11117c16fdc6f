import type { Database } from 'better-sqlite3';

/** Whatever this connection commits from now on is there after a `kill -9` and after a power cut. */
export function makeDurable(database: Database): void {
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
}
