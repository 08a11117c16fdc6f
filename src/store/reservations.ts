import type { Reservation } from '../dhcp/network.ts';
import type { Store } from './database.ts';

/** Reservations that people made while the server ran; those of the configuration are not here. */
export interface StoredReservations {
  load(): Promise<Reservation[]>;
  /** Over the earlier one of the same address. */
  save(reservation: Reservation): Promise<void>;
  /** False where there was none of that address. */
  remove(address: string): Promise<boolean>;
}

export function storedReservations(store: Store): StoredReservations {
  return {
    async load() {
      const rows = await store.selectFrom('reservations').selectAll().orderBy('address').execute();
      return rows.map(
        ({ address, mac, client_id, uuid, host_name }): Reservation => ({
          address,
          ...(mac === null ? {} : { mac }),
          ...(client_id === null ? {} : { clientId: client_id }),
          ...(uuid === null ? {} : { uuid }),
          ...(host_name === null ? {} : { hostName: host_name }),
        }),
      );
    },

    async save({ address, mac = null, clientId = null, uuid = null, hostName = null }) {
      const row = { mac, client_id: clientId, uuid, host_name: hostName };
      await store
        .insertInto('reservations')
        .values({ address, ...row })
        .onConflict((conflict) => conflict.column('address').doUpdateSet(row))
        .execute();
    },

    async remove(address) {
      const { numDeletedRows } = await store
        .deleteFrom('reservations')
        .where('address', '=', address)
        .executeTakeFirstOrThrow();
      return numDeletedRows > 0n;
    },
  };
}
