import type { FirmwareOverrides } from '../../src/boot/firmware.ts';
import { BootLedger } from '../../src/boot/ledger.ts';
import { type BootCatalog, planBoot } from '../../src/boot/plan.ts';
import { ShapeBook } from '../../src/boot/shapes.ts';
import { Networks } from '../../src/dhcp/choose-network.ts';
import type { Network } from '../../src/dhcp/network.ts';
import { encodeOptions, type OptionName, type OptionValues, readOption } from '../../src/dhcp/options.ts';
import { type DhcpPacket, decodePacket, encodePacket, noAddress } from '../../src/dhcp/packet.ts';
import { readPools } from '../../src/dhcp/pool.ts';
import { type Answer, answer, type Circumstances } from '../../src/dhcp/reply.ts';
import { parseMac } from '../../src/wire/addresses.ts';

export const mac = '52:54:00:12:34:56';
/** Of the full server, and of the proxy. */
export const ours = '10.0.0.1';
/** Another server's. */
export const theirs = '10.0.0.2';
/** The machine's, from either. */
export const machineAt = '10.0.0.10';

const subnet = { address: ours, netmask: '255.255.255.0' };

export function poolOf(of: Network['subnet'], first: string, last: string) {
  return readPools([{ first, last }], of);
}

export const fullServer: Network = {
  name: 'eth0',
  mode: 'server',
  serverAddress: ours,
  httpPort: 80,
  subnet,
  pools: poolOf(subnet, machineAt, '10.0.0.99'),
  leaseSeconds: 600,
  router: '10.0.0.254',
  reservations: [],
};

export const proxyServer: Network = { ...fullServer, mode: 'proxy', pools: [] };

const loaders = {
  r1: { file: 'bootx64.efi', architecture: 'x64' },
  arm: { file: 'bootaa64.efi', architecture: 'arm64' },
};

export interface BootCounterOptions {
  readonly network?: Network;
  readonly activeId?: keyof typeof loaders | undefined;
  readonly overrides?: FirmwareOverrides;
  readonly loaders?: readonly string[];
}

/** Who asks from where, and when. */
interface Asking {
  readonly port?: Circumstances['port'];
  readonly nowMs?: number;
  /** The sender. */
  readonly from?: string;
}

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
  const networks = new Networks([{ interface: network.name, network }], []);
  const ask = (bytes: Uint8Array, { port = 'server', nowMs = 0, from = noAddress }: Asking = {}): Answer | undefined =>
    answer(bytes, {
      networks,
      port,
      nowMs,
      from,
      interface: network.name,
      mayProbe: false,
      bootFor: (request) => ledger.decide(request, nowMs, (pinned) => planBoot(request, catalog, overrides, pinned)),
      shapeFor: (...asked) => shapes.shapeFor(...asked),
      place: (machine, address) => ledger.place(machine, address),
    });
  return { ledger, shapes, ask };
}

/** One message of a machine without an address; `fields` are what differs. */
export function said(options: OptionValues, fields: Partial<DhcpPacket> & { mac?: string } = {}): Uint8Array {
  const { mac: machine = mac, ...rest } = fields;
  return encodePacket({
    op: 'request',
    htype: 1,
    hops: 0,
    xid: 7,
    secs: 0,
    broadcast: true,
    ciaddr: noAddress,
    yiaddr: noAddress,
    siaddr: noAddress,
    giaddr: noAddress,
    chaddr: parseMac(machine) ?? new Uint8Array(6),
    sname: '',
    file: '',
    options: encodeOptions(options),
    ...rest,
  });
}

/** What is on the wire, as a machine reads it. Throws where there is silence. */
export function heard(given: Answer | undefined) {
  if (given?.datagram === undefined) throw new Error(`silence: ${JSON.stringify(given?.events)}`);
  const { bytes, to } = given.datagram;
  const packet = decodePacket(bytes);
  return {
    packet,
    to,
    bytes,
    option: <Name extends OptionName>(name: Name) => readOption(packet.options, name),
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
