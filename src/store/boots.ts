import type { PinnedBoot } from '../boot/ledger.ts';
import type { Store } from './database.ts';
import type { Rows } from './rows.ts';

/** The boots that were pinned, one for each machine. */
export async function loadBoots(store: Store): Promise<PinnedBoot[]> {
  const rows = await store.selectFrom('boots').selectAll().execute();
  return rows.map((row) => ({
    mac: row.mac,
    addresses: row.addresses.split(' '),
    transaction: Number(row.transaction_id),
    releaseId: row.release_id,
    decidedMs: Number(row.decided_ms),
  }));
}

export const bootRows: Rows<PinnedBoot, 'boots'> = {
  table: 'boots',
  keyColumns: ['mac'],
  otherColumns: ['addresses', 'transaction_id', 'release_id', 'decided_ms'],
  key: ({ mac }) => [mac],
  others: ({ addresses, transaction, releaseId, decidedMs }) =>
    addresses.length === 0 ? undefined : [addresses.join(' '), transaction, releaseId, decidedMs],
};
