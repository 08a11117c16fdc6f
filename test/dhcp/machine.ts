import type { Network } from '../../src/dhcp/exchange.ts';
import { LeaseTable } from '../../src/dhcp/lease-table.ts';
import { encodeOptions, type OptionName, type OptionValues, readOption } from '../../src/dhcp/options.ts';
import { type DhcpPacket, decodePacket, encodePacket, noAddress } from '../../src/dhcp/packet.ts';
import { readPool } from '../../src/dhcp/pool.ts';
import { type Answer, answer, type Circumstances } from '../../src/dhcp/reply.ts';
import { parseMac } from '../../src/wire/addresses.ts';

export const mac = '52:54:00:12:34:56';

export const network: Network = {
  address: '10.0.0.1',
  netmask: '255.255.255.0',
  leaseSeconds: 600,
  router: '10.0.0.254',
  dns: ['10.0.0.1', '10.0.0.2'],
  domain: 'example.net',
};

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

/** A server without sockets: two addresses to give, and a boot file for everybody who may have one. */
export function counter(changes: Partial<Circumstances> = {}) {
  const leases = new LeaseTable(readPool({ first: '10.0.0.10', last: '10.0.0.11' }, network));
  const circumstances: Circumstances = {
    network,
    leases,
    nowMs: 0,
    bootFor: () => ({ releaseId: 'r1', bootFile: 'releases/r1/bootx64.efi' }),
    ...changes,
  };
  return {
    leases,
    ask: (bytes: Uint8Array, nowMs = 0): Answer | undefined => answer(bytes, { ...circumstances, nowMs }),
  };
}

/** The reply in an answer, as a machine would read it. */
export function replyIn(given: Answer | undefined) {
  if (given?.datagram === undefined) throw new Error(`silence: ${JSON.stringify(given?.events)}`);
  const packet = decodePacket(given.datagram.bytes);
  return {
    packet,
    to: given.datagram.address,
    sizeBytes: given.datagram.bytes.length,
    option: <Name extends OptionName>(name: Name) => readOption(packet.options, name),
  };
}
