import type { Logger } from 'pino';
import type { FirmwareOverrides } from '../boot/firmware.ts';
import { BootLedger } from '../boot/ledger.ts';
import { type BootAnswer, type BootCatalog, type BootRequest, type NoBoot, planBoot } from '../boot/plan.ts';
import { ShapeBook } from '../boot/shapes.ts';
import type { BootEvent, Report } from '../boot/timeline.ts';
import { bootLog } from '../log.ts';
import type { Clock } from '../platform/clock.ts';
import type { Batch } from '../store/batch.ts';
import { loadBoots } from '../store/boots.ts';
import type { Committer } from '../store/commit.ts';
import type { Store } from '../store/database.ts';
import { loadShapes } from '../store/shapes.ts';

export interface BootStateOptions {
  readonly store: Store;
  readonly committer: Committer;
  readonly catalog: BootCatalog;
  readonly overrides: FirmwareOverrides;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What is known of every machine's boot, and decided for it; DHCP of both kinds, TFTP and HTTP meet here. */
export interface BootState {
  readonly ledger: BootLedger;
  readonly bootFor: (request: BootRequest) => BootAnswer | NoBoot;
  readonly shapeFor: ShapeBook['shapeFor'];
  readonly report: Report;
  /** Calls back when the firmware of a machine asks, with the addresses that it has or had: nothing else runs on it now. */
  whenStarted(listener: (addresses: readonly string[]) => void): void;
  /** Makes leases safe, with all that was decided for boots since, in one transaction. */
  readonly commit: (leases: Pick<Batch, 'leases' | 'leases6'>) => Promise<void>;
  /** Writes what is still to be written to the log. */
  close(): void;
}

/** Whose firmware was answered, and where it is or will be. */
function starting(event: BootEvent): { readonly mac: string; readonly address: string } | undefined {
  if (event.step !== 'offered' && event.step !== 'acknowledged') return undefined;
  return event.bootFile === undefined ? undefined : event;
}

/** The address of a machine that fetches something. */
function fetching(event: BootEvent): string | undefined {
  return event.step === 'served' || event.step === 'missing' ? event.address : undefined;
}

export async function openBootState(options: BootStateOptions): Promise<BootState> {
  const { store, committer, catalog, overrides, clock, log } = options;
  const ledger = new BootLedger(await loadBoots(store));
  const shapes = new ShapeBook(await loadShapes(store));
  const lines = bootLog(log, clock, (address) => ledger.machineAt(address));
  const tell = lines.report;
  const listeners: ((addresses: readonly string[]) => void)[] = [];

  return {
    ledger,
    bootFor: (request) =>
      ledger.decide(request, clock.nowMs(), (pinned) => planBoot(request, catalog, overrides, pinned)),
    shapeFor: (...asked) => shapes.shapeFor(...asked),
    report(event) {
      tell(event);
      const started = starting(event);
      if (started !== undefined) {
        const addresses = [started.address, ...ledger.addressesOf(started.mac)];
        for (const listener of listeners) listener(addresses);
      }
      const address = fetching(event);
      const mac = address === undefined ? undefined : ledger.machineAt(address);
      const news = mac === undefined ? undefined : shapes.transferred(mac, clock.nowMs());
      if (news !== undefined) tell({ step: 'shape-worked', mac: news.mac, shape: news.shape });
    },
    whenStarted: (listener) => void listeners.push(listener),
    close: () => lines.close(),
    async commit(leases) {
      const boots = ledger.takeUnsaved();
      const known = shapes.takeUnsaved();
      try {
        await committer.commit({ ...leases, boots, shapes: known });
      } catch (error) {
        ledger.restoreUnsaved(boots);
        shapes.restoreUnsaved(known);
        throw error;
      }
    },
  };
}
