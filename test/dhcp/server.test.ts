import { describe, expect, it } from 'vitest';
import type { BootEvent } from '../../src/boot/timeline.ts';
import type { Lease } from '../../src/dhcp/lease.ts';
import { readOption } from '../../src/dhcp/options.ts';
import { decodePacket } from '../../src/dhcp/packet.ts';
import { type DhcpServerOptions, startDhcpServer } from '../../src/dhcp/server.ts';
import { BroadcastWire } from '../support/broadcast-wire.ts';
import { SimulatedClock } from '../support/simulated-clock.ts';
import { message, networkOf } from './machine.ts';

const pool = { first: '10.0.0.10', last: '10.0.0.19' };
const network = networkOf('10.0.0', [pool], { dns: ['10.0.0.1'] });

/** A disk that takes as long as the test wants, and fails when it says so. */
class PatientDisk {
  readonly saves: { readonly leases: readonly Lease[]; succeed(): void; fail(reason: string): void }[] = [];

  readonly commit = (leases: readonly Lease[]): Promise<void> =>
    new Promise((resolve, reject) => {
      this.saves.push({ leases, succeed: resolve, fail: (reason) => reject(new Error(reason)) });
    });
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function open(changes: Partial<DhcpServerOptions> = {}) {
  const wire = new BroadcastWire();
  const store = new PatientDisk();
  const events: BootEvent[] = [];
  const server = await startDhcpServer({
    udp: wire,
    clock: new SimulatedClock(),
    listeners: [{ interface: 'eth0', network }],
    relayed: [],
    leases: [],
    commit: store.commit,
    bootFor: () => ({ reason: 'there is none' }),
    shapeFor: (_, [first = 'direct']) => ({ shape: first }),
    place: () => {},
    report: (event) => events.push(event),
    ...changes,
  });
  const machines = await wire.open({ address: '0.0.0.0', port: 68 }, () => {});
  const say = (bytes: Uint8Array) => machines.send(bytes, { address: '255.255.255.255', port: 67 });
  const answers = () =>
    wire.sent
      .filter(({ to }) => to.port === 68)
      .map(({ bytes }) => readOption(decodePacket(bytes).options, 'messageType'));
  return { server, store, events, say, answers, wire };
}

const macOf = (machine: number) => `52:54:00:00:00:${machine.toString(16).padStart(2, '0')}`;

const request = (machine: number, address = `10.0.0.${10 + machine}`) =>
  message(
    { messageType: 'request', requestedAddress: address, serverIdentifier: network.serverAddress },
    { mac: macOf(machine) },
  );

describe('an acknowledgement', () => {
  it('goes out only after its lease is safe', async () => {
    const { store, say, answers, events } = await open();
    say(request(1));
    await settle();
    expect(store.saves.map(({ leases }) => leases.map(({ mac }) => mac))).toEqual([[macOf(1)]]);
    expect(answers()).toEqual([]);
    expect(events).toEqual([]);
    store.saves[0]?.succeed();
    await settle();
    expect(answers()).toEqual(['ack']);
    expect(events).toEqual([{ step: 'acknowledged', mac: macOf(1), address: '10.0.0.11' }]);
  });

  it('shares one save with all that came in together, and others need not wait for that', async () => {
    const { store, say, answers } = await open();
    say(request(1));
    say(request(2));
    await settle();
    say(request(3));
    say(request(4));
    say(request(5));
    await settle();
    expect(store.saves.map(({ leases }) => leases.length)).toEqual([2, 3]);
    say(message({ messageType: 'discover' }, { mac: macOf(6) }));
    await settle();
    expect(answers()).toEqual(['offer']);
    store.saves[1]?.succeed();
    await settle();
    expect(answers()).toEqual(['offer', 'ack', 'ack', 'ack']);
    store.saves[0]?.succeed();
    await settle();
    expect(answers()).toHaveLength(6);
  });

  it('does not go out where the disk fails; the machine may ask again, and the address stays its own', async () => {
    const { store, say, answers, events } = await open();
    say(request(1));
    await settle();
    store.saves[0]?.fail('disk full');
    await settle();
    expect(answers()).toEqual([]);
    const reason = 'its lease could not be saved: Error: disk full';
    expect(events).toEqual([{ step: 'not-answered', mac: macOf(1), reason }]);
    say(request(2, '10.0.0.11'));
    say(request(1));
    await settle();
    expect(store.saves[1]?.leases).toMatchObject([{ mac: macOf(1), address: '10.0.0.11' }]);
    store.saves[1]?.succeed();
    await settle();
    expect(answers()).toEqual(['nak', 'ack']);
  });

  it('goes out where an earlier save fails later, which is then made up for', async () => {
    const { store, say, answers } = await open();
    say(request(1));
    await settle();
    say(request(2));
    await settle();
    store.saves[1]?.succeed();
    store.saves[0]?.fail('disk full');
    await settle();
    expect(answers()).toEqual(['ack']);
    say(request(3));
    await settle();
    expect(store.saves[2]?.leases.map(({ mac }) => mac).toSorted()).toEqual([macOf(1), macOf(3)]);
  });
});

describe('an offer', () => {
  it('costs no save', async () => {
    const { store, say, answers } = await open();
    say(message({ messageType: 'discover' }));
    await settle();
    expect(answers()).toEqual(['offer']);
    expect(store.saves).toEqual([]);
  });

  it('is not taken back when a later save fails', async () => {
    const { store, say, answers } = await open();
    say(message({ messageType: 'discover', requestedAddress: '10.0.0.11' }, { mac: macOf(9) }));
    await settle();
    say(request(1, '10.0.0.12'));
    await settle();
    store.saves[0]?.fail('disk full');
    await settle();
    say(request(2, '10.0.0.11'));
    await settle();
    expect(answers()).toEqual(['offer', 'nak']);
  });
});

it('leases that a store has kept are there from the first message on', async () => {
  const { say, wire } = await open({
    leases: [{ address: '10.0.0.15', mac: macOf(3), state: 'bound', expiresMs: 1_000_000 }],
  });
  say(message({ messageType: 'discover' }, { mac: macOf(3) }));
  await settle();
  expect(wire.sent.map(({ bytes }) => decodePacket(bytes).yiaddr)).toEqual(['0.0.0.0', '10.0.0.15']);
});

describe('nothing that comes from the network stops the server', () => {
  it('a malformed message is reported, and the next one is answered', async () => {
    const { say, answers, events } = await open();
    say(Uint8Array.of(1, 2, 3));
    say(message({ messageType: 'discover' }));
    await settle();
    expect(events[0]).toMatchObject({ step: 'malformed', protocol: 'dhcp', address: '0.0.0.0' });
    expect(answers()).toEqual(['offer']);
  });

  it('a fault of our own costs one answer', async () => {
    const { say, answers, events } = await open({
      bootFor: () => {
        throw new Error('oops');
      },
    });
    const firmware = { vendorClass: 'PXEClient:Arch:00007:UNDI:003016' };
    say(message({ messageType: 'discover', ...firmware }));
    say(message({ messageType: 'discover' }));
    await settle();
    expect(events[0]).toMatchObject({ step: 'malformed', reason: 'Bootwright failed on it: Error: oops' });
    expect(answers()).toEqual(['offer']);
  });

  it('a flood while the disk is busy is bounded, and what is left out is reported', async () => {
    const { store, say, events } = await open();
    say(request(1));
    await settle();
    for (let count = 0; count < 5000; count += 1) say(message({ messageType: 'discover' }));
    await settle();
    const reason = '4096 other messages are waiting for the leases to be saved';
    expect(events.filter((event) => 'reason' in event && event.reason === reason)).toHaveLength(5000 - 4096);
    store.saves[0]?.succeed();
    await settle();
    expect(events.filter(({ step }) => step === 'offered')).toHaveLength(4096);
  });
});

it('closing lets the acknowledgement that is being saved go out, and hears nothing more', async () => {
  const { server, store, say, answers } = await open();
  say(request(1));
  await settle();
  const closed = server.close();
  say(request(2));
  store.saves[0]?.succeed();
  await closed;
  expect(answers()).toEqual(['ack']);
  expect(store.saves).toHaveLength(1);
});

it('never gives away the address of the router or of a name server, not even to who asks for it', async () => {
  const own = { router: '10.0.0.10', dns: ['10.0.0.11', '192.0.2.1'] };
  const crowded = networkOf('10.0.0', [{ first: '10.0.0.10', last: '10.0.0.12' }], own);
  const { wire, say } = await open({ listeners: [{ interface: 'eth0', network: crowded }] });
  for (const wish of ['10.0.0.10', '10.0.0.11']) {
    say(message({ messageType: 'discover', requestedAddress: wish }, { mac: macOf(1) }));
  }
  await settle();
  const offered = wire.sent.filter(({ to }) => to.port === 68).map(({ bytes }) => decodePacket(bytes).yiaddr);
  expect(offered).toEqual(['10.0.0.12', '10.0.0.12']);
});
