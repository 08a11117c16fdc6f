import type { Logger } from 'pino';
import { createResolver } from './boot/resolve.ts';
import type { Report } from './boot/timeline.ts';
import { type NetworkPlan, planNetworks } from './config/networks.ts';
import type { Settings } from './config/settings.ts';
import { makeLoaders } from './loaders/loaders.ts';
import { imageReportTo } from './log.ts';
import { systemClock } from './platform/clock.ts';
import { openFile } from './platform/files-node.ts';
import { giveMemoryBack } from './platform/give-memory-back.ts';
import { chooseAddress6, chooseNetwork } from './platform/network.ts';
import { SharedFiles } from './platform/shared-files.ts';
import { ReleaseCatalog } from './release/catalog.ts';
import { clearStaging } from './release/publish.ts';
import { holdRoot } from './release/root.ts';
import { watchImages } from './release/watch.ts';
import { openBootState } from './serve/boot-state.ts';
import { serveControl } from './serve/control.ts';
import { serveDhcp } from './serve/dhcp.ts';
import { serveDhcp6 } from './serve/dhcp6.ts';
import { type FileAddress, serveFiles } from './serve/files.ts';
import { whenQuiet } from './serve/quiet.ts';
import { startCommitter } from './store/commit.ts';
import { openStore } from './store/database.ts';
import { storedImages } from './store/images.ts';

/** After a storm, when its last machine has been silent for so long, memory is given back. */
const quietMs = 10_000;

export interface Bootwright {
  /** Of the first network. */
  readonly address: string;
  readonly httpPort: number;
  /** Reads what can change while it runs: the certificate of HTTPS. It is looked for by itself as well. */
  reload(): Promise<void>;
  /** Undoes everything that was started, in the opposite order; transfers may finish for `stopSeconds`. */
  close(): Promise<void>;
}

/** Every address of ours that machines are told, each once. */
function addressesOf({ interfaces, relayed, relayed6 }: NetworkPlan): readonly FileAddress[] {
  const near = interfaces.flatMap(({ address, mtuBytes, dhcp6 }) => [
    { address, mtuBytes },
    ...(dhcp6 === undefined ? [] : [{ address: dhcp6.serverAddress, mtuBytes }]),
  ]);
  const far = [...relayed, ...relayed6].map(({ serverAddress }) => ({ address: serverAddress, mtuBytes: 1500 }));
  return [...new Map([...far, ...near].map((each) => [each.address, each])).values()];
}

/**
 * The composition root: settings in, started servers out. Throws a BootwrightError where something can't be started;
 * then everything that had been started is stopped again.
 */
export async function startBootwright(settings: Settings, log: Logger): Promise<Bootwright> {
  const clock = systemClock;
  const plan = planNetworks(settings, { network: chooseNetwork, network6: chooseAddress6 });
  await using starting = new AsyncDisposableStack();
  const root = await holdRoot(settings.root);
  starting.defer(() => root.release());
  const { layout } = root;
  await clearStaging(layout);
  const store = await openStore(layout.state);
  starting.defer(() => store.destroy());
  const committer = startCommitter(store, layout.state);
  starting.defer(() => committer.close());

  const loaders = await makeLoaders({ httpPort: settings.http.port, folder: layout.loaders });
  const catalog = new ReleaseCatalog(layout);
  const bootCatalog = {
    get activeId() {
      return catalog.activeId;
    },
    loaderOf: (id: string) => catalog.loaderOf(id),
    hasLoader: (path: string) => loaders.has(path),
    whyNoLoader: (path: string) => loaders.why(path),
  };
  const state = await openBootState({
    store,
    committer,
    catalog: bootCatalog,
    overrides: settings.firmware,
    clock,
    log,
  });
  starting.defer(() => state.close());
  const quiet = whenQuiet(clock, quietMs, giveMemoryBack);
  starting.defer(() => quiet.close());
  const report: Report = (event) => {
    quiet.disturb();
    state.report(event);
  };
  const shared = new SharedFiles({ clock, open: openFile });
  starting.defer(() => shared.close());
  const resolve = createResolver({
    catalog,
    ledger: state.ledger,
    loaders,
    httpPort: settings.http.port,
    open: (path) => shared.open(path),
  });

  const addresses = addressesOf(plan);
  const activeRelease = () => catalog.activeId;
  const files = await serveFiles({ settings, addresses, resolve, report, clock, log, activeRelease }, starting);
  state.whenStarted((addresses) => files.forget(addresses));
  const serving = { settings, plan, store, state, clock, log };
  const [dhcp, dhcp6] = await Promise.all([serveDhcp(serving, starting), serveDhcp6(serving, starting)]);
  await serveControl({ layout, plan, store, dhcp, dhcp6, clock, log }, starting);
  const address = plan.interfaces[0]?.address ?? '';
  await root.announce({ address, httpPort: settings.http.port });

  for (const { path, reason } of loaders.missing()) log.info({ path }, `no ${path}: ${reason}`);
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
  starting.defer(() => watch.close());
  const started = starting.move();
  const reload = () => files.reload();
  return { address, httpPort: settings.http.port, reload, close: () => started.disposeAsync() };
}
