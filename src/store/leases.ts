import type { Lease, LeaseState } from '../dhcp/lease.ts';
import type { Store } from './database.ts';
import type { Rows } from './rows.ts';

/** All leases that were ever saved: the last one of each address, in any order. */
export async function loadLeases(store: Store): Promise<Lease[]> {
  const rows = await store.selectFrom('leases').selectAll().execute();
  return rows.map(({ address, mac, state, expires_ms, host_name, reservation }) => ({
    address,
    mac,
    state: state as LeaseState,
    expiresMs: Number(expires_ms),
    ...(host_name === null ? {} : { hostName: host_name }),
    ...(reservation === null ? {} : { reservation }),
  }));
}

export const leaseRows: Rows<Lease, 'leases'> = {
  table: 'leases',
  keyColumns: ['address'],
  otherColumns: ['mac', 'state', 'expires_ms', 'host_name', 'reservation'],
  key: ({ address }) => [address],
  others: ({ mac, state, expiresMs, hostName = null, reservation = null }) => [
    mac,
    state,
    expiresMs,
    hostName,
    reservation,
  ],
};
