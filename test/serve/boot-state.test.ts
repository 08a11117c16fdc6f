import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { BootRequest } from '../../src/boot/plan.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { type BootState, openBootState } from '../../src/serve/boot-state.ts';
import type { Batch } from '../../src/store/batch.ts';
import { openStore, type Store } from '../../src/store/database.ts';

const mac = '52:54:00:12:34:56';
const firmware = { mac, firmware: 'efi-x64', vendorClass: 'PXEClient:Arch:00007', address: '10.0.0.10' } as const;
const catalog = {
  activeId: 'liveos-1',
  loaderOf: () => ({ file: 'bootx64.efi', architecture: 'x64' }),
  hasLoader: () => false,
  whyNoLoader: () => 'it is no test of loaders',
};

let folder: string;
let store: Store;
let saved: Batch[];
let fails: boolean;
let lines: string[];
let state: BootState;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bootwright-boot-state-'));
  store = await openStore(join(folder, 'state.db'));
  [saved, fails, lines] = [[], false, []];
  const committer = {
    commit: async (batch: Batch) => {
      if (fails) throw new Error('disk full');
      saved.push(batch);
    },
    close: async () => {},
  };
  const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line).msg) });
  state = await openBootState({ store, committer, catalog, overrides: {}, clock: systemClock, log });
});
afterEach(async () => {
  await store.destroy();
  await rm(folder, { recursive: true });
});

const ask = (request: Partial<BootRequest> = {}) => state.bootFor({ ...firmware, transaction: 1, ...request });
const acknowledged = (address: string) => ({ step: 'acknowledged', mac, address, bootFile: 'x' }) as const;

it('what was decided for a boot becomes safe with the lease, or with the next one', async () => {
  ask();
  fails = true;
  await expect(state.commit({ leases: [] })).rejects.toThrow('disk full');
  fails = false;
  await state.commit({ leases: [] });
  await state.commit({ leases: [] });
  expect(saved.map(({ boots }) => boots?.map(({ releaseId }) => releaseId))).toEqual([['liveos-1'], []]);
});

it('of firmware that asks, nothing is open any more at any address that it had', () => {
  const gone: (readonly string[])[] = [];
  state.whenStarted((addresses) => gone.push(addresses));
  ask();
  state.report(acknowledged('10.0.0.10'));
  // Its operating system asks, and goes on with what it fetches.
  state.report({ step: 'acknowledged', mac, address: '10.0.0.10' });
  // Beside another server, we don't know yet which address it will have, but which it had.
  ask({ address: '0.0.0.0', transaction: 2 });
  state.report({ ...acknowledged('0.0.0.0'), step: 'offered' });
  expect(gone.map((addresses) => addresses.includes('10.0.0.10'))).toEqual([true, true]);
});

it('a shape that works is told once, when the machine fetches something', () => {
  const discover = (transaction: number) =>
    state.shapeFor({ mac, firmware: 'efi-x64', transaction }, ['direct', 'plain'], Date.now(), true);
  for (const transaction of [1, 2, 3]) discover(transaction);
  ask({ transaction: 3 });
  const missing = { step: 'missing', protocol: 'tftp', address: '10.0.0.10', path: '/x' } as const;
  state.report(missing);
  state.report(missing);
  expect(lines).toEqual([`${mac} boots by offers that are "plain"; that is remembered`]);
});
