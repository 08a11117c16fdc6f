import type { Firmware, Shape } from '../boot/firmware.ts';
import type { KnownShape } from '../boot/shapes.ts';
import type { Store } from './database.ts';
import type { Rows } from './rows.ts';

/** The shapes of offers with which machines booted. */
export async function loadShapes(store: Store): Promise<KnownShape[]> {
  const rows = await store.selectFrom('shapes').selectAll().execute();
  return rows.map(({ mac, firmware, shape }) => ({
    mac,
    firmware: firmware as Firmware,
    shape: shape as Shape,
    worked: true,
  }));
}

export const shapeRows: Rows<KnownShape, 'shapes'> = {
  table: 'shapes',
  keyColumns: ['mac', 'firmware'],
  otherColumns: ['shape'],
  key: ({ mac, firmware }) => [mac, firmware],
  others: ({ shape, worked }) => (worked ? [shape] : undefined),
};
