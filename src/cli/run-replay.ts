import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BootCatalog } from '../boot/plan.ts';
import { createResolver } from '../boot/resolve.ts';
import { readCapture } from '../capture/read.ts';
import { type Recording, readRecording } from '../capture/recording.ts';
import { type Recording6, readRecording6 } from '../capture/recording6.ts';
import { replay } from '../capture/replay.ts';
import { DhcpReplay } from '../capture/replay-dhcp.ts';
import { Dhcp6Replay } from '../capture/replay-dhcp6.ts';
import { networkOf } from '../capture/replay-network.ts';
import { loadSettings } from '../config/load.ts';
import { planNetworks } from '../config/networks.ts';
import type { Settings } from '../config/settings.ts';
import { Networks } from '../dhcp/choose-network.ts';
import { exit } from '../errors/row.ts';
import { BootwrightError } from '../errors.ts';
import { openFile } from '../platform/files-node.ts';
import { chooseAddress6, chooseNetwork } from '../platform/network.ts';
import { ReleaseCatalog } from '../release/catalog.ts';
import { rootLayout } from '../release/layout.ts';
import { formatIpv4 } from '../wire/addresses.ts';
import { type Standpoint6, standpoint6ByHand, standpoint6BySettings } from './replay-networks6.ts';
import { replayPrinter } from './replay-report.ts';

export interface ReplayFlags {
  readonly config?: string;
  readonly machine?: string;
  readonly root?: string;
  readonly serverAddress?: { readonly address: string; readonly prefixBits: number };
  readonly range?: { readonly first: string; readonly last: string };
  /** `undefined`: what a server was that is recorded. */
  readonly mode?: 'server' | 'proxy';
  readonly strict?: boolean;
  readonly json: boolean;
}

const defaultHttpPort = 80;
const interfaceName = 'recorded';
const noMac = '00:00:00:00:00:00';

/** Instead of releases: the one that was recorded, or a made-up one, for UEFI x64; and every loader of ours. */
function madeUpCatalog(releaseId = 'release'): BootCatalog {
  return {
    activeId: releaseId,
    loaderOf: (id) => (id === releaseId ? { file: 'bootx64.efi', architecture: 'x64' } : undefined),
    hasLoader: () => true,
    whyNoLoader: () => '',
  };
}

interface RealCatalog {
  readonly catalog: ReleaseCatalog;
  readonly boot: BootCatalog;
}

/** Settings of another computer may name a root that is not here. Throws FILE_NOT_FOUND for one that was asked for. */
function catalogIn(asked: string | undefined, ofSettings: string | undefined): RealCatalog | undefined {
  if (asked !== undefined && !existsSync(asked)) throw new BootwrightError('FILE_NOT_FOUND', { path: asked });
  const root = asked ?? ofSettings;
  return root === undefined || !existsSync(root) ? undefined : catalogOf(root);
}

function catalogOf(root: string): RealCatalog {
  const layout = rootLayout(root);
  const catalog = new ReleaseCatalog(layout);
  return {
    catalog,
    boot: {
      get activeId() {
        return catalog.activeId;
      },
      loaderOf: (id) => catalog.loaderOf(id),
      // A server makes what is missing there from packages that this computer need not have.
      hasLoader: () => true,
      whyNoLoader: (path) => `there is no ${join(layout.loaders, path)}`,
    },
  };
}

/** Our address in the recorded network, where neither this computer nor its settings have one there. */
function standpointIn(recording: Recording, wanted: { interface?: string | undefined; address?: string | undefined }) {
  try {
    return chooseNetwork(wanted);
  } catch (error) {
    const { server } = recording;
    if (server === undefined) throw error;
    const { address = server.address, interface: name = interfaceName } = wanted;
    return { interface: name, mac: noMac, address, netmask: server.netmask, mtuBytes: 1500 };
  }
}

function networksBySettings(settings: Settings, recording: Recording): { networks: Networks; on: string } {
  const locals = {
    network: (wanted: Parameters<typeof standpointIn>[1]) => standpointIn(recording, wanted),
    network6: chooseAddress6,
  };
  const networks = settings.networks.map(({ dhcp6: _, ...rest }) => rest);
  const ofVersion4 = { ...settings, networks, dhcp6: { ...settings.dhcp6, mode: 'off' as const } };
  const { interfaces, relayed } = planNetworks(ofVersion4, locals);
  const listeners = interfaces.map(({ interface: name, dhcp }) => ({ interface: name, network: dhcp }));
  return { networks: new Networks(listeners, relayed), on: interfaces[0]?.interface ?? interfaceName };
}

function networksByHand(
  path: string,
  flags: ReplayFlags,
  recording: Recording,
  recording6: Recording6,
): { networks: Networks; on: string } {
  const { serverAddress, range } = flags;
  const isProxy = recording.proxy !== undefined && serverAddress === undefined && range === undefined;
  const mode = flags.mode ?? (isProxy ? 'proxy' : 'server');
  const server =
    serverAddress === undefined
      ? undefined
      : { address: serverAddress.address, netmask: formatIpv4(~(0xffffffff >>> serverAddress.prefixBits) >>> 0) };
  const network = networkOf(
    {
      mode,
      httpPort: defaultHttpPort,
      ...(server === undefined ? {} : { server }),
      ...(range === undefined ? {} : { range }),
    },
    (mode === 'proxy' ? recording.proxy : undefined) ?? recording.server,
  );
  if (network === undefined) {
    if (recording6.server === undefined) throw new BootwrightError('CAPTURE_WITHOUT_NETWORK', { path });
    return { networks: new Networks([], []), on: interfaceName };
  }
  const networks = new Networks([{ interface: interfaceName, network }], []);
  // As if it had been we who gave them.
  if (range === undefined) {
    const leases = [...recording.addresses].map(([mac, address]) => {
      return { address, mac, state: 'released' as const, expiresMs: 0 };
    });
    networks.on(interfaceName)?.leases.restore(leases);
  }
  return { networks, on: interfaceName };
}

/** `undefined`: no DHCPv6 is replayed, since nobody speaks it there, or the settings have none of it. */
function standpoint6(
  settings: Settings | undefined,
  flags: ReplayFlags,
  recording: Recording,
  recording6: Recording6,
): Standpoint6 | undefined {
  if (settings === undefined) return standpoint6ByHand(recording6, flags.mode ?? 'server', defaultHttpPort);
  return standpoint6BySettings(settings, recording6, (wanted) => standpointIn(recording, wanted));
}

/** Prints what would happen; the exit status of the command. */
export async function runReplay(path: string, flags: ReplayFlags): Promise<number> {
  const source = await openFile(path);
  try {
    const recording = await readRecording(readCapture(source, path));
    const recording6 = await readRecording6(readCapture(source, path));
    const settings = flags.config === undefined ? undefined : loadSettings(flags.config, process.env, {});
    const { networks, on } =
      settings === undefined
        ? networksByHand(path, flags, recording, recording6)
        : networksBySettings(settings, recording);
    const six = standpoint6(settings, flags, recording, recording6);
    const real = catalogIn(flags.root, settings?.root);
    const overrides = settings?.firmware ?? {};
    const catalog = real?.boot ?? madeUpCatalog(recording.releaseId ?? recording6.releaseId);
    const dhcp = new DhcpReplay({ networks, interface: on, catalog, overrides }, recording);
    const dhcp6 = six && new Dhcp6Replay({ ...six, catalog, overrides, ledger: dhcp.ledger }, recording6);
    const httpPort = settings?.http.port ?? defaultHttpPort;
    const resolve =
      real === undefined ? undefined : createResolver({ catalog: real.catalog, ledger: dhcp.ledger, httpPort });
    const printer = replayPrinter(flags.json);
    const replaying = replay(
      readCapture(source, path, () => printer.cut(path)),
      {
        dhcp,
        ...(dhcp6 === undefined ? {} : { dhcp6 }),
        httpPorts: [...new Set([httpPort, 80, 8080])],
        ...(flags.machine === undefined ? {} : { machine: flags.machine }),
        ...(resolve === undefined ? {} : { resolve }),
      },
    );
    for await (const replayed of replaying) printer.print(replayed);
    return printer.end() || flags.strict !== true ? 0 : exit.unbootable;
  } finally {
    await source.close();
  }
}
