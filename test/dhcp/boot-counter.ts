import type { FirmwareOverrides } from '../../src/boot/firmware.ts';
import { BootLedger } from '../../src/boot/ledger.ts';
import { type BootCatalog, planBoot } from '../../src/boot/plan.ts';
import { ShapeBook } from '../../src/boot/shapes.ts';
import type { Network } from '../../src/dhcp/network.ts';
import type { OptionValues } from '../../src/dhcp/options.ts';
import type { Answer, Circumstances } from '../../src/dhcp/reply.ts';
import { counter, networkOf } from './machine.ts';

/** Of the full server, and of the proxy. */
export const ours = '10.0.0.1';
/** Another server's. */
export const theirs = '10.0.0.2';
/** The machine's, from either. */
export const machineAt = '10.0.0.10';

export const fullServer = networkOf('10.0.0', [{ first: machineAt, last: '10.0.0.99' }], { router: '10.0.0.254' });

export const proxyServer: Network = { ...fullServer, mode: 'proxy', pools: [] };

const loaders = {
  r1: { file: 'bootx64.efi', architecture: 'x64' },
  arm: { file: 'bootaa64.efi', architecture: 'arm64' },
};

interface BootCounterOptions {
  readonly network?: Network;
  readonly activeId?: keyof typeof loaders | undefined;
  readonly overrides?: FirmwareOverrides;
  readonly loaders?: readonly string[];
}

/** On which port, when, and from which address. */
type Asking = Partial<Pick<Circumstances, 'port' | 'nowMs' | 'from'>>;

/** The whole decision without sockets: one network, and everything of `boot/`. */
export function bootCounter(options: BootCounterOptions = {}) {
  const { network = fullServer, overrides = {}, activeId = 'r1' } = options;
  const made = options.loaders ?? ['grub-bios.0', 'grubia32.efi', 'grubx64.efi', 'grubaa64.efi', 'ipxe.efi'];
  const catalog: BootCatalog = {
    activeId: 'activeId' in options ? options.activeId : activeId,
    loaderOf: (id) => loaders[id as keyof typeof loaders],
    hasLoader: (path) => made.includes(path.replace('loaders/', '')),
    whyNoLoader: () => 'install grub-pc-bin',
  };
  const ledger = new BootLedger([]);
  const shapes = new ShapeBook([]);
  let nowMs = 0;
  const { ask } = counter({
    network,
    bootFor: (request) => ledger.decide(request, nowMs, (pinned) => planBoot(request, catalog, overrides, pinned)),
    shapeFor: (...asked) => shapes.shapeFor(...asked),
    place: (machine, address) => ledger.place(machine, address),
  });
  return {
    ledger,
    shapes,
    ask(bytes: Uint8Array, asking: Asking = {}): Answer | undefined {
      nowMs = asking.nowMs ?? nowMs;
      return ask(bytes, nowMs, asking);
    },
  };
}

/** What one kind of firmware puts into every message. */
export const says = {
  bios: pxe(0, 'UNDI:002001'),
  x64: pxe(7),
  ia32: pxe(6),
  arm64: pxe(11),
  httpX64: { ...pxe(16), vendorClass: 'HTTPClient:Arch:00016:UNDI:003016' },
} as const;

export function pxe(architecture: number, undi = 'UNDI:003016'): OptionValues {
  return {
    maximumMessageSize: 1472,
    machineIdentifier: new Uint8Array(17),
    networkInterface: { type: 1, major: 3, minor: 16 },
    architectures: [architecture],
    vendorClass: `PXEClient:Arch:${String(architecture).padStart(5, '0')}:${undi}`,
  };
}
