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

/** Writes all of them or none, each over the machine's earlier one. */
export async function saveBoots(store: Store, boots: readonly PinnedBoot[]): Promise<void> {
  if (boots.length === 0) return;
  await store.transaction().execute(async (transaction) => {
    for (const boot of boots) {
      const row = {
        address: boot.address,
        transaction_id: boot.transaction,
        release_id: boot.releaseId,
        decided_ms: boot.decidedMs,
      };
      await transaction
        .insertInto('boots')
        .values({ mac: boot.mac, ...row })
        .onConflict((conflict) => conflict.column('mac').doUpdateSet(row))
        .execute();
    }
  });
}
