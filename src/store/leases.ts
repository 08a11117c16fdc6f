import type { Lease, LeaseState, LeaseStore } from '../dhcp/lease.ts';
import type { Store } from './database.ts';

/** SQLite takes 32,766 values in one statement; a lease has five. */
const leasesPerStatement = 1000;

/** Leases in the store. */
export function storedLeases(store: Store): LeaseStore {
  return {
    async load() {
      const rows = await store.selectFrom('leases').selectAll().execute();
      return rows.map(
        ({ address, mac, state, expires_ms, host_name }): Lease => ({
          address,
          mac,
          state: state as LeaseState,
          expiresMs: Number(expires_ms),
          ...(host_name === null ? {} : { hostName: host_name }),
        }),
      );
    },

    async save(leases) {
      const rows = leases.map(({ address, mac, state, expiresMs, hostName }) => ({
        address,
        mac,
        state,
        expires_ms: expiresMs,
        host_name: hostName ?? null,
      }));
      await store.transaction().execute(async (transaction) => {
        for (let start = 0; start < rows.length; start += leasesPerStatement) {
          await transaction
            .insertInto('leases')
            .values(rows.slice(start, start + leasesPerStatement))
            .onConflict((conflict) =>
              conflict.column('address').doUpdateSet(({ ref }) => ({
                mac: ref('excluded.mac'),
                state: ref('excluded.state'),
                expires_ms: ref('excluded.expires_ms'),
                host_name: ref('excluded.host_name'),
              })),
            )
            .execute();
        }
      });
    },
  };
}
