import type { Logger } from 'pino';
import { BootLedger } from './boot/ledger.ts';
import { planBoot } from './boot/plan.ts';
import { createResolver } from './boot/resolve.ts';
import type { Settings } from './config/settings.ts';
import { startDhcpServer } from './dhcp/server.ts';
import { BlockCache } from './http/block-cache.ts';
import { startHttpServer } from './http/server.ts';
import { imageReportTo, reportTo } from './log.ts';
import { systemClock } from './platform/clock.ts';
import { chooseNetwork } from './platform/network.ts';
import { nodeUdp } from './platform/udp-node.ts';
import { ReleaseCatalog } from './release/catalog.ts';
import { clearStaging } from './release/publish.ts';
import { holdRoot } from './release/root.ts';
import { watchImages } from './release/watch.ts';
import { loadBoots, saveBoots } from './store/boots.ts';
import { openStore } from './store/database.ts';
import { storedImages } from './store/images.ts';
import { storedLeases } from './store/leases.ts';
import { startTftpServer } from './tftp/server.ts';

export interface Bootwright {
  readonly address: string;
  readonly httpPort: number;
  /** Undoes everything that was started, in the opposite order; transfers may finish for `stopSeconds`. */
  close(): Promise<void>;
}

function splitRange(range: string): { first: string; last: string } {
  const [first = '', last = ''] = range.split('-').map((part) => part.trim());
  return { first, last };
}

/**
 * The composition root: settings in, started servers out. Throws a BootwrightError where something can't be started;
 * then everything that had been started is stopped again.
 */
export async function startBootwright(settings: Settings, log: Logger): Promise<Bootwright> {
  const clock = systemClock;
  const graceMs = settings.stopSeconds * 1000;
  const network = chooseNetwork(settings);
  const undo: (() => Promise<unknown>)[] = [];
  /** Every step is taken, also after one that failed; the first failure is thrown at the end. */
  async function close(): Promise<void> {
    const failures: unknown[] = [];
    for (const step of undo.splice(0).reverse()) {
      await step().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }

  try {
    const root = await holdRoot(settings.root);
    undo.push(() => root.release());
    const { layout } = root;
    await clearStaging(layout);
    const store = await openStore(layout.state);
    undo.push(() => store.destroy());

    const catalog = new ReleaseCatalog(layout);
    const ledger = new BootLedger(await loadBoots(store), (boots) => saveBoots(store, boots));
    const report = reportTo(log, (address) => ledger.machineAt(address));
    const { address } = network;
    // Both may take their time to end what they send, side by side.
    const transfers: (() => Promise<void>)[] = [];
    undo.push(() => Promise.all(transfers.map((stop) => stop())));
    const resolve = createResolver({ catalog, ledger, httpPort: settings.http.port });

    const http = await startHttpServer({
      address,
      port: settings.http.port,
      resolve,
      report,
      clock,
      cache: new BlockCache(settings.http.cacheMiB * 1024 * 1024),
      health: () => ({ activeRelease: catalog.activeId ?? null }),
    });
    transfers.push(() => http.close(graceMs));
    log.info({ address, port: http.port }, `HTTP on ${address}:${http.port}`);

    const tftp = await startTftpServer({
      udp: nodeUdp,
      clock,
      address,
      port: settings.tftp.port,
      resolve,
      report,
      maxTransfers: settings.tftp.maxTransfers,
      // Jumbo frames on our side say nothing of the machine's.
      mtuBytes: Math.min(network.mtuBytes, 1500),
    });
    transfers.push(() => tftp.close({ graceMs }));
    log.info({ address, port: tftp.local.port }, `TFTP on ${address}:${tftp.local.port}`);

    const { range, port, leaseSeconds, router, dns, domain } = settings.dhcp;
    if (range === undefined) {
      log.warn('DHCP is off: give --range FIRST-LAST (or dhcp.range) to hand out addresses and boot machines');
    } else {
      const dhcp = await startDhcpServer({
        ...network,
        udp: nodeUdp,
        clock,
        port,
        clientPort: port + 1,
        pool: splitRange(range),
        leaseSeconds,
        dns,
        ...(router === undefined ? {} : { router }),
        ...(domain === undefined ? {} : { domain }),
        store: storedLeases(store),
        bootFor: (request) => ledger.decide(request, clock.nowMs(), (pinned) => planBoot(request, catalog, pinned)),
        beforeReply: () => ledger.flush(),
        report,
      });
      undo.push(() => dhcp.close());
      log.info({ range, port }, `DHCP on ${network.interface}, port ${port}, handing out ${range}`);
    }

    await root.announce({ address, httpPort: http.port });

    const { activeId } = catalog;
    if (activeId === undefined) {
      log.warn({ images: settings.images }, `nothing to boot yet: LiveOS ISOs in ${settings.images} will be published`);
    } else {
      log.info({ releaseId: activeId }, `machines boot ${activeId}`);
    }
    const watch = watchImages({
      images: settings.images,
      layout,
      built: storedImages(store),
      clock,
      kernelArguments: settings.build.kernelArguments,
      report: imageReportTo(log),
    });
    undo.push(() => watch.close());
    return { address, httpPort: http.port, close };
  } catch (error) {
    // What went wrong first is what a person needs to know.
    await close().catch(() => {});
    throw error;
  }
}
