import type { Lease6, LeaseState } from '../dhcp6/lease.ts';
import type { Store } from './database.ts';
import type { Rows } from './rows.ts';

/** All IPv6 leases that were ever saved: the last one of each address, in any order. */
export async function loadLeases6(store: Store): Promise<Lease6[]> {
  const rows = await store.selectFrom('leases6').selectAll().execute();
  return rows.map(({ address, duid, iaid, mac, state, expires_ms }) => ({
    address,
    duid,
    iaid: Number(iaid),
    ...(mac === null ? {} : { mac }),
    state: state as LeaseState,
    expiresMs: Number(expires_ms),
  }));
}

export const lease6Rows: Rows<Lease6, 'leases6'> = {
  table: 'leases6',
  keyColumns: ['address'],
  otherColumns: ['duid', 'iaid', 'mac', 'state', 'expires_ms'],
  key: ({ address }) => [address],
  others: ({ duid, iaid, mac = null, state, expiresMs }) => [duid, iaid, mac, state, expiresMs],
};
