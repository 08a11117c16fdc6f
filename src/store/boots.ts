import type { PinnedBoot } from '../boot/ledger.ts';
import type { Store } from './database.ts';

/** The boots that were pinned, one for each machine. */
export async function loadBoots(store: Store): Promise<PinnedBoot[]> {
  const rows = await store.selectFrom('boots').selectAll().execute();
  return rows.map((row) => ({
    mac: row.mac,
    address: row.address,
    transaction: Number(row.transaction_id),
    releaseId: row.release_id,
    decidedMs: Number(row.decided_ms),
  }));
}

/** SQLite takes 32,766 values in one statement; a boot has five. */
const bootsPerStatement = 1000;

/** Writes all of them or none, each over the machine's earlier one, and over the one of whoever had its address. */
export async function saveBoots(store: Store, boots: readonly PinnedBoot[]): Promise<void> {
  const rows = boots.map(({ mac, address, transaction, releaseId, decidedMs }) => ({
    mac,
    address,
    transaction_id: transaction,
    release_id: releaseId,
    decided_ms: decidedMs,
  }));
  await store.transaction().execute(async (transaction) => {
    for (let start = 0; start < rows.length; start += bootsPerStatement) {
      const some = rows.slice(start, start + bootsPerStatement);
      const addresses = some.map(({ address }) => address);
      await transaction.deleteFrom('boots').where('address', 'in', addresses).execute();
      await transaction
        .insertInto('boots')
        .values(some)
        .onConflict((conflict) =>
          conflict.column('mac').doUpdateSet(({ ref }) => ({
            address: ref('excluded.address'),
            transaction_id: ref('excluded.transaction_id'),
            release_id: ref('excluded.release_id'),
            decided_ms: ref('excluded.decided_ms'),
          })),
        )
        .execute();
    }
  });
}
