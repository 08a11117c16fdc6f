import { Networks } from '../../src/dhcp/choose-network.ts';
import type { LeaseTable } from '../../src/dhcp/lease-table.ts';
import type { Network } from '../../src/dhcp/network.ts';
import { encodeOptions, type OptionName, type OptionValues, readOption } from '../../src/dhcp/options.ts';
import { type DhcpPacket, decodePacket, encodePacket, noAddress } from '../../src/dhcp/packet.ts';
import { type PoolRange, readPools } from '../../src/dhcp/pool.ts';
import { type Answer, answer, type Circumstances } from '../../src/dhcp/reply.ts';
import { parseMac } from '../../src/wire/addresses.ts';

export const mac = '52:54:00:12:34:56';

/** Two addresses to give. */
export const network = networkOf('10.0.0', [{ first: '10.0.0.10', last: '10.0.0.11' }], {
  router: '10.0.0.254',
  dns: ['10.0.0.1', '10.0.0.2'],
  domain: 'example.net',
});

/** A network of 256 addresses that begin with `prefix`, such as `10.0.0`; the server is the first in it. */
export function networkOf(prefix: string, ranges: readonly PoolRange[], changes: Partial<Network> = {}): Network {
  const subnet = { address: `${prefix}.0`, netmask: '255.255.255.0' };
  const serverAddress = changes.serverAddress ?? `${prefix}.1`;
  const { router, dns = [] } = changes;
  return {
    name: `${prefix}.0/24`,
    mode: 'server',
    serverAddress,
    httpPort: 80,
    subnet,
    pools: readPools(ranges, subnet, [serverAddress, ...dns, ...(router === undefined ? [] : [router])]),
    leaseSeconds: 600,
    reservations: [],
    ...changes,
  };
}

/** What the firmware of a machine adds to its messages. */
export const uefiX64: OptionValues = {
  maximumMessageSize: 1472,
  machineIdentifier: new Uint8Array(17),
  networkInterface: { type: 1, major: 3, minor: 16 },
  architectures: [7],
  vendorClass: 'PXEClient:Arch:00007:UNDI:003016',
};

/** One message; `options` and the fields that differ from a machine without an address. */
export function message(options: OptionValues, fields: Partial<DhcpPacket> & { mac?: string } = {}): Uint8Array {
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

/** Without sockets: a boot file for everybody who may have one. */
type Changes = Partial<Omit<Circumstances, 'networks'>> & {
  readonly network?: Network;
  readonly relayed?: readonly Network[];
};

/** A server without sockets, with one network on `eth0`; `leases` are those of that network. */
export function counter({ network: local = network, relayed = [], ...changes }: Changes = {}) {
  const networks = new Networks([{ interface: 'eth0', network: local }], relayed);
  const circumstances: Circumstances = {
    networks,
    interface: 'eth0',
    from: '10.0.0.77',
    port: 'server',
    mayProbe: false,
    nowMs: 0,
    bootFor: () => ({ releaseId: 'r1', bootFile: 'releases/r1/bootx64.efi', by: 'tftp' }),
    shapeFor: (_, [first = 'direct']) => ({ shape: first }),
    place: () => {},
    ...changes,
  };
  return {
    networks,
    leases: networks.on('eth0')?.leases as LeaseTable,
    ask: (bytes: Uint8Array, nowMs = 0, now: Partial<Circumstances> = {}): Answer | undefined =>
      answer(bytes, { ...circumstances, nowMs, ...now }),
  };
}

/** The reply in an answer, as a machine would read it. */
export function replyIn(given: Answer | undefined) {
  if (given?.datagram === undefined) throw new Error(`silence: ${JSON.stringify(given?.events)}`);
  const packet = decodePacket(given.datagram.bytes);
  return {
    packet,
    to: given.datagram.to.address,
    port: given.datagram.to.port,
    sizeBytes: given.datagram.bytes.length,
    option: <Name extends OptionName>(name: Name) => readOption(packet.options, name),
  };
}
