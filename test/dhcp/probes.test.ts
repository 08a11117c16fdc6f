import { describe, expect, it } from 'vitest';
import type { BootEvent } from '../../src/boot/timeline.ts';
import type { Lease } from '../../src/dhcp/lease.ts';
import { readOption } from '../../src/dhcp/options.ts';
import { decodePacket } from '../../src/dhcp/packet.ts';
import { startDhcpServer } from '../../src/dhcp/server.ts';
import { BroadcastWire } from '../support/broadcast-wire.ts';
import { SimulatedClock } from '../support/simulated-clock.ts';
import { mac, message, networkOf } from './machine.ts';

const squatter = '52:54:00:00:00:99';

async function settle(): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A server that looks; `holders` says who has which address, and `answerAll` ends the looking. */
async function open({ last = '10.0.0.19', kept = [] as readonly Lease[] } = {}) {
  const wire = new BroadcastWire();
  const events: BootEvent[] = [];
  const holders = new Map<string, string>();
  const asked: string[] = [];
  const saved: Lease[] = [];
  let waiting: (() => void)[] = [];
  const server = await startDhcpServer({
    udp: wire,
    clock: new SimulatedClock(),
    listeners: [{ interface: 'eth0', network: networkOf('10.0.0', [{ first: '10.0.0.10', last }]) }],
    relayed: [],
    leases: kept,
    commit: async (leases) => void saved.push(...leases),
    bootFor: () => ({ reason: 'there is none' }),
    shapeFor: (_, [first = 'direct']) => ({ shape: first }),
    place: () => {},
    report: (event) => events.push(event),
    probe: (on, address) => {
      asked.push(`${on} ${address}`);
      return new Promise((resolve) => waiting.push(() => resolve(holders.get(address))));
    },
  });
  const machines = await wire.open({ address: '0.0.0.0', port: 68 }, () => {});
  return {
    server,
    events,
    holders,
    asked,
    saved,
    say: async (bytes: Uint8Array) => {
      machines.send(bytes, { address: '255.255.255.255', port: 67 });
      await settle();
    },
    answerAll: async () => {
      const answered = waiting;
      waiting = [];
      for (const answer of answered) answer();
      await settle();
    },
    answers: () =>
      wire.sent
        .filter(({ to }) => to.port === 68)
        .map(({ bytes }) => decodePacket(bytes))
        .map(({ yiaddr, options }) => `${readOption(options, 'messageType')} ${yiaddr}`),
  };
}

const discover = (machine = mac) => message({ messageType: 'discover' }, { mac: machine });
const request = (requestedAddress: string, machine = mac) =>
  message({ messageType: 'request', requestedAddress, serverIdentifier: '10.0.0.1' }, { mac: machine });
const macOf = (machine: number) => `52:54:00:00:01:${machine.toString(16).padStart(2, '0')}`;

describe('before an address is offered', () => {
  it('it is looked whether somebody has it; nobody has, so the offer goes out, and is not looked at again', async () => {
    const { say, asked, answerAll, answers } = await open();
    await say(discover());
    expect(asked).toEqual(['eth0 10.0.0.10']);
    expect(answers()).toEqual([]);
    await answerAll();
    expect(answers()).toEqual(['offer 10.0.0.10']);
    await say(discover());
    expect(answers()).toEqual(['offer 10.0.0.10', 'offer 10.0.0.10']);
    expect(asked).toHaveLength(1);
  });

  it('that somebody has: it is set aside, which is kept and reported, and the next one is looked at', async () => {
    const { say, holders, asked, answerAll, answers, events, saved } = await open();
    holders.set('10.0.0.10', squatter);
    await say(discover());
    await answerAll();
    await answerAll();
    expect(asked).toEqual(['eth0 10.0.0.10', 'eth0 10.0.0.11']);
    expect(answers()).toEqual(['offer 10.0.0.11']);
    expect(events).toEqual([
      { step: 'in-use', mac, address: '10.0.0.10', holder: squatter },
      { step: 'offered', mac, address: '10.0.0.11' },
    ]);
    expect(saved).toEqual([{ address: '10.0.0.10', mac: squatter, state: 'declined', expiresMs: 600_000 }]);
    await say(request('10.0.0.10', macOf(1)));
    expect(answers().at(-1)).toBe('nak 0.0.0.0');
  });

  it('that the machine itself has: it is offered', async () => {
    const { say, holders, answerAll, answers } = await open();
    holders.set('10.0.0.10', mac);
    await say(discover());
    await answerAll();
    expect(answers()).toEqual(['offer 10.0.0.10']);
  });

  it('the holder of a lease does not wait', async () => {
    const { say, asked, answers } = await open({
      kept: [{ address: '10.0.0.15', mac, state: 'bound', expiresMs: 1000 }],
    });
    await say(discover());
    expect(answers()).toEqual(['offer 10.0.0.15']);
    expect(asked).toEqual([]);
  });

  it('nobody is kept waiting by who waits', async () => {
    const { say, answers } = await open({ kept: [{ address: '10.0.0.15', mac, state: 'bound', expiresMs: 1000 }] });
    await say(discover(macOf(1)));
    await say(discover());
    expect(answers()).toEqual(['offer 10.0.0.15']);
  });

  it('eight that others have are enough; the machine may ask again', async () => {
    const { say, holders, asked, answerAll, answers, events } = await open();
    for (let last = 10; last < 19; last += 1) holders.set(`10.0.0.${last}`, squatter);
    await say(discover());
    for (let count = 0; count < 12; count += 1) await answerAll();
    expect(asked).toHaveLength(8);
    expect(answers()).toEqual([]);
    const reason = '8 free addresses in a row are in use by somebody else; it may ask again';
    expect(events.at(-1)).toEqual({ step: 'not-answered', mac, reason });
    await say(discover());
    for (let count = 0; count < 4; count += 1) await answerAll();
    expect(answers()).toEqual(['offer 10.0.0.19']);
  });

  it('in a storm, beyond 64 under way, it goes out as it is', async () => {
    const { say, asked, answers } = await open({ last: '10.0.0.200' });
    for (let machine = 0; machine < 70; machine += 1) await say(discover(macOf(machine)));
    expect(asked).toHaveLength(64);
    expect(answers()).toHaveLength(6);
  });

  it('what a machine took meanwhile is not set aside', async () => {
    const { say, holders, answerAll, answers, events } = await open();
    await say(discover());
    await say(request('10.0.0.10'));
    holders.set('10.0.0.10', squatter);
    await answerAll();
    expect(answers()).toEqual(['ack 10.0.0.10', 'offer 10.0.0.10']);
    expect(events.map(({ step }) => step)).toEqual(['acknowledged', 'offered']);
  });

  it('nothing is answered after the end', async () => {
    const { server, say, answerAll, answers } = await open();
    await say(discover());
    await server.close();
    await answerAll();
    expect(answers()).toEqual([]);
  });
});
