import { describe, expect, it } from 'vitest';
import type { BootEvent } from '../../src/boot/timeline.ts';
import type { Lease6 } from '../../src/dhcp6/lease.ts';
import { encodeOption } from '../../src/dhcp6/options.ts';
import { decodeMessage, encodeMessage } from '../../src/dhcp6/packet.ts';
import { type Dhcp6ServerOptions, startDhcp6Server } from '../../src/dhcp6/server.ts';
import { BroadcastWire } from '../support/broadcast-wire.ts';
import { SimulatedClock } from '../support/simulated-clock.ts';
import { duidLL, message, network, options, serverDuid, uefiX64, wants } from './machine.ts';

interface Save {
  readonly leases: readonly Lease6[];
  succeed(): void;
  fail(reason: string): void;
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function open(changes: Partial<Dhcp6ServerOptions> = {}) {
  const wire = new BroadcastWire();
  const saves: Save[] = [];
  const events: BootEvent[] = [];
  const server = await startDhcp6Server({
    udp: wire,
    clock: new SimulatedClock(),
    listeners: [{ interface: 'eth0', network }],
    relayed: [],
    serverDuid,
    leases: [],
    commit: (leases) =>
      new Promise((resolve, reject) => {
        saves.push({ leases, succeed: resolve, fail: (reason) => reject(new Error(reason)) });
      }),
    bootFor: () => ({ reason: 'nothing is active' }),
    place: () => {},
    report: (event) => events.push(event),
    ...changes,
  });
  const machines = await wire.open({ address: 'fe80::2%eth0', port: 546 }, () => {});
  const say = (bytes: Uint8Array, port = 547) => machines.send(bytes, { address: 'ff02::1:2', port });
  const answers = () =>
    wire.sent
      .filter(({ to }) => to.port === 546)
      .map(({ to, bytes }) => `${decodeMessage(bytes).type} to ${to.address}`);
  return { server, saves, events, say, answers, wire };
}

const macOf = (machine: number) => `52:54:00:00:00:${machine.toString(16).padStart(2, '0')}`;
const idOf = (machine: number) => options({ clientId: duidLL(macOf(machine)) });
const toUs = options({ serverId: serverDuid });
const request = (machine: number, address = `fd00::1${macOf(machine).slice(-2)}`) =>
  message('request', idOf(machine), toUs, wants(1, address));

it('on an interface that has no network of ours, hears relays, and leaves machines to others', async () => {
  const prefix = { address: 'fd00:2::', prefixBits: 64 };
  const ranges = [{ first: 'fd00:2::100', last: 'fd00:2::1ff' }];
  const relayed = [{ ...network, name: 'fd00:2::/64', prefix, ranges }];
  const { say, events, answers } = await open({ listeners: [{ interface: 'eth1' }], relayed });
  say(message('solicit', idOf(1), wants(1)));
  await settle();
  expect([events, answers()]).toEqual([[], []]);
  const options = [encodeOption('relayMessage', message('solicit', idOf(1), wants(1)))];
  say(encodeMessage({ type: 'relay-forward', hops: 0, linkAddress: 'fd00:2::fe', peerAddress: 'fe80::2', options }));
  await settle();
  expect(events).toMatchObject([{ step: 'offered', mac: macOf(1), relay: 'fe80::2' }]);
});

describe('a REPLY', () => {
  it('goes out only after its lease is safe, to the machine and the interface that asked', async () => {
    const { saves, say, answers, events } = await open();
    say(request(1));
    await settle();
    expect(saves.map(({ leases }) => leases)).toMatchObject([
      [{ address: 'fd00::101', mac: macOf(1), state: 'bound' }],
    ]);
    expect([answers(), events]).toEqual([[], []]);
    saves[0]?.succeed();
    await settle();
    expect(answers()).toEqual(['reply to fe80::2%eth0']);
    expect(events).toEqual([{ step: 'acknowledged', mac: macOf(1), address: 'fd00::101' }]);
  });

  it('shares one save with all that came in together, and with all that came while the disk was busy', async () => {
    const { saves, say, answers } = await open();
    for (const machine of [1, 2]) say(request(machine));
    await settle();
    for (const machine of [3, 4, 5]) say(request(machine));
    await settle();
    saves[0]?.succeed();
    await settle();
    expect(saves.map(({ leases }) => leases.length)).toEqual([2, 3]);
    saves[1]?.succeed();
    await settle();
    expect(answers()).toHaveLength(5);
  });

  it('does not go out where the disk fails; the machine may ask again, and the address is free for others', async () => {
    const { saves, say, answers, events } = await open();
    say(request(1));
    await settle();
    saves[0]?.fail('disk full');
    await settle();
    const reason = 'its lease could not be saved: Error: disk full';
    expect([answers(), events]).toEqual([[], [{ step: 'not-answered', mac: macOf(1), reason }]]);
    say(request(2, 'fd00::101'));
    await settle();
    expect(saves[1]?.leases).toMatchObject([{ address: 'fd00::101', mac: macOf(2) }]);
  });

  it('to a RELEASE waits for the disk, too', async () => {
    const lease: Lease6 = {
      address: 'fd00::101',
      duid: Buffer.from(duidLL(macOf(1))).toString('hex'),
      iaid: 1,
      mac: macOf(1),
      state: 'bound',
      expiresMs: 1_000_000,
    };
    const { saves, say, answers } = await open({ leases: [lease] });
    say(message('release', idOf(1), toUs, wants(1, 'fd00::101')));
    await settle();
    expect(answers()).toEqual([]);
    expect(saves[0]?.leases).toMatchObject([{ address: 'fd00::101', state: 'released' }]);
    saves[0]?.succeed();
    await settle();
    expect(answers()).toHaveLength(1);
  });
});

it('an ADVERTISE costs no save', async () => {
  const { saves, say, answers } = await open();
  say(message('solicit', idOf(1), wants(1)));
  await settle();
  expect([answers(), saves]).toEqual([['advertise to fe80::2%eth0'], []]);
});

describe('nothing that comes from the network stops the server', () => {
  it('a malformed message is reported, and the next one is answered', async () => {
    const { say, answers, events } = await open();
    say(Uint8Array.of(1, 2, 3));
    say(message('solicit', idOf(1), wants(1)));
    await settle();
    expect(events[0]).toMatchObject({ step: 'malformed', protocol: 'dhcp6', address: 'fe80::2%eth0' });
    expect(answers()).toHaveLength(1);
  });

  it('a fault of our own costs one answer', async () => {
    const { say, answers, events } = await open({
      bootFor: () => {
        throw new Error('oops');
      },
    });
    say(message('solicit', idOf(1), wants(1), uefiX64));
    say(message('solicit', idOf(2), wants(1)));
    await settle();
    expect(events[0]).toMatchObject({ step: 'malformed', reason: 'Bootwright failed on it: Error: oops' });
    expect(answers()).toHaveLength(1);
  });

  it('a flood while the disk is busy is bounded, and what is left out is reported', async () => {
    const { saves, say, events } = await open();
    say(request(1));
    await settle();
    for (let count = 0; count < 5000; count += 1) say(message('solicit', idOf(2), wants(1)));
    await settle();
    const reason = '4096 other messages are waiting for the leases to be saved';
    expect(events.filter((event) => 'reason' in event && event.reason === reason)).toHaveLength(5000 - 4096);
    saves[0]?.succeed();
    await settle();
    expect(events.filter(({ step }) => step === 'offered')).toHaveLength(4096);
  });

  it('another server is named once an hour', async () => {
    const { say, events } = await open();
    const toOther = options({ serverId: duidLL('02:00:00:00:00:99') });
    for (const machine of [1, 2, 3]) say(message('request', idOf(machine), toOther, wants(1)));
    await settle();
    expect(events.map(({ step }) => step)).toEqual(['rival']);
  });
});

it('a proxy hears at port 4011, and answers from there to the port that asked', async () => {
  const { wire, say, saves } = await open({
    listeners: [{ interface: 'eth0', network: { ...network, mode: 'proxy', ranges: [] } }],
    bootFor: () => ({ releaseId: 'r1', bootFile: 'a.efi', by: 'tftp' }),
  });
  say(message('request', idOf(1), toUs, uefiX64), 4011);
  await settle();
  // No lease, but the pin of the boot.
  expect(saves.map(({ leases }) => leases)).toEqual([[]]);
  saves[0]?.succeed();
  await settle();
  expect(wire.sent.slice(1).map(({ to, bytes }) => [to, decodeMessage(bytes).type])).toEqual([
    [{ address: 'fe80::2%eth0', port: 546 }, 'reply'],
  ]);
});

describe('while it runs', () => {
  it('an address is reserved, and no more', async () => {
    const { server } = await open();
    expect(server.reserve({ mac: macOf(1), address: 'fd00::42' })).toBe(true);
    expect(server.reserve({ mac: macOf(1), address: 'fd09::42' })).toBe(false);
    expect(server.unreserve('fd00::42')).toEqual({ mac: macOf(1), address: 'fd00::42' });
    expect(server.unreserve('fd00::42')).toBeUndefined();
  });

  it('no address is reserved where another server gives them', async () => {
    const { server } = await open({
      listeners: [{ interface: 'eth0', network: { ...network, mode: 'proxy', ranges: [] } }],
    });
    expect(server.reserve({ mac: macOf(1), address: 'fd00::42' })).toBe(false);
    expect(server.unreserve('fd00::42')).toBeUndefined();
  });

  it('a lease is ended, and it is said when that is safe', async () => {
    const { server, saves, say, events } = await open();
    say(request(1));
    await settle();
    saves[0]?.succeed();
    await settle();
    let ended: Lease6 | undefined;
    const release = server.release('fd00::101').then((lease) => (ended = lease));
    await settle();
    expect(ended).toBeUndefined();
    saves[1]?.succeed();
    await release;
    expect(ended).toMatchObject({ address: 'fd00::101', state: 'bound' });
    expect(events.at(-1)).toEqual({ step: 'released', mac: macOf(1), address: 'fd00::101' });
    expect(server.leases()).toMatchObject([{ address: 'fd00::101', state: 'released' }]);
    expect(await server.release('fd00::101')).toBeUndefined();
  });
});

it('closing lets the answer that is being saved go out, and hears nothing more', async () => {
  const { server, saves, say, answers } = await open();
  say(request(1));
  await settle();
  const closed = server.close();
  say(request(2));
  saves[0]?.succeed();
  await closed;
  expect(answers()).toHaveLength(1);
  expect(saves).toHaveLength(1);
});

it('a range that cannot be served is refused before anything is opened', async () => {
  const broken = { ...network, ranges: [{ first: 'fd00::1ff', last: 'fd00::100' }] };
  await expect(open({ listeners: [{ interface: 'eth0', network: broken }] })).rejects.toMatchObject({
    code: 'DHCP6_RANGE_INVALID',
  });
});
