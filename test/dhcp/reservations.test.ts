import { describe, expect, it } from 'vitest';
import type { Lease } from '../../src/dhcp/lease.ts';
import type { Reservation } from '../../src/dhcp/network.ts';
import type { OptionValues } from '../../src/dhcp/options.ts';
import { hex } from '../support/hex.ts';
import { counter, mac, message, networkOf, replyIn } from './machine.ts';

const ours = '10.0.0.1';
const other = '52:54:00:00:00:99';
/** 4c4c4544-0042-3510-8052-b4c04f4e4d32 as SMBIOS keeps it: EDK2 sends it so. */
const uuidOfEdk2 = hex('00 44454c4c 4200 1035 8052b4c04f4e4d32');
const uuidOfIpxe = hex('00 4c4c4544 0042 3510 8052b4c04f4e4d32');
const uuid = '4c4c4544-0042-3510-8052-b4c04f4e4d32';
const identifier = hex('ff 00000001 0003 0001 525400123456');

function withReserved(...reservations: readonly Reservation[]) {
  const pool = { first: '10.0.0.10', last: '10.0.0.12' };
  return counter({ network: networkOf('10.0.0', [pool], { reservations }) });
}

const discover = (options: OptionValues = {}, machine = mac) =>
  message({ messageType: 'discover', ...options }, { mac: machine });
const select = (requestedAddress: string, options: OptionValues = {}, machine = mac) =>
  message({ messageType: 'request', requestedAddress, serverIdentifier: ours, ...options }, { mac: machine });
const renew = (ciaddr: string, machine = mac) => message({ messageType: 'request' }, { ciaddr, mac: machine });

type Asking = Pick<ReturnType<typeof counter>, 'ask'>;
const offered = ({ ask }: Asking, bytes: Uint8Array, nowMs = 0) => replyIn(ask(bytes, nowMs)).packet.yiaddr;
const verdict = ({ ask }: Asking, bytes: Uint8Array, nowMs = 0) => replyIn(ask(bytes, nowMs)).option('messageType');

describe('a reserved address', () => {
  it.each<[string, Omit<Reservation, 'address'>, OptionValues]>([
    ['MAC address', { mac }, {}],
    ['MAC address in other letters', { mac: mac.toUpperCase().replaceAll(':', '-') }, {}],
    ['client identifier', { clientId: 'ff0000000100030001525400123456' }, { clientIdentifier: identifier }],
    ['UUID, as EDK2 sends it', { uuid }, { machineIdentifier: uuidOfEdk2 }],
    ['UUID, as iPXE sends it', { uuid }, { machineIdentifier: uuidOfIpxe }],
  ])('is offered to its machine, known by its %s', (_, who, options) => {
    expect(offered(withReserved({ ...who, address: '10.0.0.11' }), discover(options))).toBe('10.0.0.11');
    expect(offered(withReserved({ ...who, address: '10.0.0.200' }), discover(options))).toBe('10.0.0.200');
  });

  it('is given to nobody else, not to who wishes it, nor when everything else is taken', () => {
    const server = withReserved({ mac, address: '10.0.0.11' });
    expect(offered(server, discover({ requestedAddress: '10.0.0.11' }, other))).toBe('10.0.0.10');
    expect(verdict(server, select('10.0.0.11', {}, other))).toBe('nak');
    expect(offered(server, discover({}, '52:54:00:00:00:01'))).toBe('10.0.0.12');
    expect(server.ask(discover({}, '52:54:00:00:00:02'))?.datagram).toBeUndefined();
    expect(offered(server, discover())).toBe('10.0.0.11');
  });

  it('comes with the name of the machine, where it has one', () => {
    const server = withReserved({ mac, address: '10.0.0.11', hostName: 'rack7' });
    expect(replyIn(server.ask(discover())).option('hostName')).toBe('rack7');
    expect(replyIn(server.ask(discover({ parameterList: [1, 3] }))).option('hostName')).toBeUndefined();
    expect(replyIn(server.ask(discover({}, other))).option('hostName')).toBeUndefined();
  });

  it('is confirmed to a machine that remembers it, also where its lease is not known', () => {
    const server = withReserved({ mac, address: '10.0.0.200' });
    expect(verdict(server, message({ messageType: 'request', requestedAddress: '10.0.0.200' }))).toBe('ack');
  });
});

describe('a machine with a reservation for its UUID', () => {
  const reservation = { uuid, address: '10.0.0.200' };

  it('keeps the address in its operating system, which does not send the UUID', () => {
    const server = withReserved(reservation);
    server.ask(discover({ machineIdentifier: uuidOfEdk2 }));
    expect(verdict(server, select('10.0.0.200', { machineIdentifier: uuidOfEdk2 }))).toBe('ack');
    expect(offered(server, discover())).toBe('10.0.0.200');
    expect(verdict(server, select('10.0.0.200'))).toBe('ack');
    expect(verdict(server, renew('10.0.0.200'), 300_000)).toBe('ack');
  });

  it('keeps it across a restart of the server', () => {
    const before = withReserved(reservation);
    before.ask(select('10.0.0.200', { machineIdentifier: uuidOfEdk2 }));
    before.ask(renew('10.0.0.200'), 1000);
    const kept = before.leases.takeChanges();
    expect(kept).toMatchObject([{ reservation: 'uuid:4c4c4544004235108052b4c04f4e4d32' }]);
    const after = withReserved(reservation);
    after.leases.restore(kept);
    expect(verdict(after, renew('10.0.0.200'), 300_000)).toBe('ack');
    expect(offered(after, discover(), 300_000)).toBe('10.0.0.200');
  });

  it('gets another one for its second network card, while the first has it', () => {
    const server = withReserved(reservation);
    server.ask(select('10.0.0.200', { machineIdentifier: uuidOfEdk2 }));
    expect(offered(server, discover({ machineIdentifier: uuidOfEdk2 }, other))).toBe('10.0.0.10');
  });
});

describe('a reservation that is made while the server runs', () => {
  it('of an address that another machine has: that one keeps it, and is refused when it renews', () => {
    const server = withReserved();
    server.ask(select('10.0.0.10', {}, other));
    server.leases.reserve({ mac, address: '10.0.0.10' });
    expect(offered(server, discover())).toBe('10.0.0.11');
    const nak = replyIn(server.ask(renew('10.0.0.10', other), 300_000));
    expect(nak.option('message')).toBe('10.0.0.10 is reserved for another machine');
    expect(offered(server, discover({}, other), 300_000)).toBe('10.0.0.12');
    expect(offered(server, discover(), 600_000)).toBe('10.0.0.10');
  });

  it('for a machine that has another address: it is refused when it renews, and gets the reserved one', () => {
    const server = withReserved();
    server.ask(select('10.0.0.10'));
    server.leases.reserve({ mac, address: '10.0.0.200' });
    expect(replyIn(server.ask(renew('10.0.0.10'), 300_000)).option('message')).toBe(
      '10.0.0.10 is not the address of this machine, which is 10.0.0.200',
    );
    expect(offered(server, discover(), 300_000)).toBe('10.0.0.200');
  });

  it('holds for an address that nobody had yet', () => {
    const server = withReserved();
    server.leases.reserve({ mac, address: '10.0.0.10' });
    expect(offered(server, discover({}, other))).toBe('10.0.0.11');
  });

  it('and is taken back: the address is for everybody again, once its machine has left it', () => {
    const server = withReserved({ mac, address: '10.0.0.10' }, { mac: other, address: '10.0.0.200' });
    server.ask(select('10.0.0.10'));
    expect(server.leases.unreserve('10.0.0.10')).toMatchObject({ mac });
    expect(server.leases.unreserve('10.0.0.200')).toMatchObject({ mac: other });
    expect(verdict(server, renew('10.0.0.10'), 1000)).toBe('ack');
    expect(offered(server, discover({}, other), 1000)).toBe('10.0.0.11');
    expect(offered(server, discover({}, '52:54:00:00:00:01'), 1000)).toBe('10.0.0.12');
    expect(offered(server, discover({}, '52:54:00:00:00:02'), 700_000)).toBe('10.0.0.11');
    expect(server.leases.unreserve('10.0.0.10')).toBeUndefined();
  });
});

describe('a reserved address that somebody uses unasked', () => {
  it('is set aside: the machine gets another one, keeps that one, and gets its own when it boots again', () => {
    const server = withReserved({ mac, address: '10.0.0.200' });
    server.ask(discover());
    server.leases.setAside('10.0.0.200', other, 0);
    expect(offered(server, discover())).toBe('10.0.0.10');
    expect(verdict(server, select('10.0.0.10'))).toBe('ack');
    expect(verdict(server, renew('10.0.0.10'), 700_000)).toBe('ack');
    expect(offered(server, discover(), 1_000_000)).toBe('10.0.0.200');
  });
});

describe('a reservation that cannot be kept is refused with the reason', () => {
  it.each<[string, Reservation, string]>([
    ['outside of the network', { mac, address: '10.0.1.5' }, 'no machine in 10.0.0.0/24 can have it'],
    ['of the broadcast address', { mac, address: '10.0.0.255' }, 'no machine in 10.0.0.0/24 can have it'],
    ['of our own address', { mac, address: ours }, 'that of this server'],
    ['of no address', { mac, address: 'x' }, 'no IPv4 address'],
    ['for nobody', { address: '10.0.0.20' }, 'it names no machine'],
    ['for no MAC address', { mac: 'x', address: '10.0.0.20' }, '"x" is no MAC address'],
    ['for no client identifier', { clientId: '123', address: '10.0.0.20' }, 'no bytes in hexadecimal'],
    ['for no UUID', { uuid: 'x', address: '10.0.0.20' }, 'no UUID'],
    ['for the UUID of boards without one', { uuid: '0'.repeat(32), address: '10.0.0.20' }, 'boards that have none'],
    ['of an address that is reserved', { mac, address: '10.0.0.50' }, 'reserved already'],
    ['for a machine that has one', { mac: other, address: '10.0.0.51' }, 'the machine has 10.0.0.50 already'],
  ])('one %s', (_, reservation, reason) => {
    const there = { mac: other, address: '10.0.0.50' };
    expect(() => withReserved(there, reservation)).toThrow(reason);
  });
});

it('leases of addresses that are neither in a pool nor reserved any more are left out', () => {
  const kept: Lease = { address: '10.0.0.200', mac, state: 'bound', expiresMs: 1_000_000 };
  const server = withReserved();
  server.leases.restore([kept]);
  expect(server.leases.addressOf(mac)).toBeUndefined();
});
