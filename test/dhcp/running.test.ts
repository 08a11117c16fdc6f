import { describe, expect, it } from 'vitest';
import type { BootEvent } from '../../src/boot/timeline.ts';
import type { Lease } from '../../src/dhcp/lease.ts';
import type { Reservation } from '../../src/dhcp/network.ts';
import { readOption } from '../../src/dhcp/options.ts';
import { decodePacket } from '../../src/dhcp/packet.ts';
import { type DhcpServerOptions, startDhcpServer } from '../../src/dhcp/server.ts';
import type { Endpoint, OnDatagram, Udp, UdpSocket } from '../../src/platform/udp.ts';
import { SimulatedClock } from '../support/simulated-clock.ts';
import { mac, message, networkOf } from './machine.ts';

const other = '52:54:00:00:00:99';
const pools = (prefix: string) => [{ first: `${prefix}.10`, last: `${prefix}.12` }];

/** Sockets by interface and port; what is sent is kept, with the interface that it left by. */
class Interfaces implements Udp {
  readonly sent: { readonly on: string; readonly from: number; readonly to: Endpoint; readonly bytes: Uint8Array }[] =
    [];
  readonly closed: string[] = [];
  readonly #hearers = new Map<string, (bytes: Uint8Array, from: Endpoint) => void>();
  /** Such as `eth1 4011`: somebody else has it. */
  readonly #taken: string | undefined;

  constructor(taken?: string) {
    this.#taken = taken;
  }

  async open(
    { interface: on = '', port, address }: { interface?: string; port: number; address: string },
    hear: OnDatagram,
  ): Promise<UdpSocket> {
    const key = `${on} ${port}`;
    if (key === this.#taken) throw new Error('taken');
    const socket: UdpSocket = {
      local: { address, port },
      send: (bytes, to, sent) => {
        this.sent.push({ on, from: port, to, bytes: Uint8Array.from(bytes) });
        sent?.(null);
      },
      close: async () => {
        this.closed.push(key);
      },
    };
    this.#hearers.set(key, (bytes, from) => hear(bytes, from, socket));
    return socket;
  }

  async hear(
    on: string,
    bytes: Uint8Array,
    from: Endpoint = { address: '0.0.0.0', port: 68 },
    port = 67,
  ): Promise<void> {
    this.#hearers.get(`${on} ${port}`)?.(bytes, from);
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  get answers() {
    return this.sent.map(({ on, from, to, bytes }) => {
      const { yiaddr, options } = decodePacket(bytes);
      return `${on}: ${readOption(options, 'messageType')} ${yiaddr}, ${from} to ${to.address}:${to.port}`;
    });
  }
}

async function start(changes: Partial<DhcpServerOptions> = {}, wires = new Interfaces()) {
  const clock = new SimulatedClock();
  const events: BootEvent[] = [];
  const saved: Lease[] = [];
  const server = await startDhcpServer({
    udp: wires,
    clock,
    listeners: [
      { interface: 'eth0', network: networkOf('10.0.0', pools('10.0.0')) },
      { interface: 'eth1', network: networkOf('10.1.0', pools('10.1.0')) },
    ],
    relayed: [],
    leases: [],
    commit: async (leases) => {
      saved.push(...leases);
    },
    bootFor: () => ({ releaseId: 'r1', bootFile: 'releases/r1/bootx64.efi', by: 'tftp' }),
    shapeFor: (_, [first = 'direct']) => ({ shape: first }),
    place: () => {},
    report: (event) => events.push(event),
    ...changes,
  });
  return { server, wires, clock, events, saved };
}

const discover = message({ messageType: 'discover' });
const select = (requestedAddress: string, machine = mac, serverIdentifier = '10.0.0.1') =>
  message({ messageType: 'request', requestedAddress, serverIdentifier }, { mac: machine });

describe('several interfaces', () => {
  it('answer each for its own network, and by the interface that asked', async () => {
    const { wires } = await start();
    await wires.hear('eth0', discover);
    await wires.hear('eth1', discover);
    expect(wires.answers).toEqual([
      'eth0: offer 10.0.0.10, 67 to 255.255.255.255:68',
      'eth1: offer 10.1.0.10, 67 to 255.255.255.255:68',
    ]);
  });

  it('on one wire are no rivals', async () => {
    const { wires, events } = await start();
    await wires.hear('eth1', select('10.0.0.10'));
    expect(wires.answers).toEqual([]);
    expect(events).toEqual([]);
  });

  it('answer relays at their port, and at the port of servers that was chosen', async () => {
    const relayed = [networkOf('10.2.0', pools('10.2.0'), { serverAddress: '10.0.0.1' })];
    const { wires } = await start({ relayed, port: 6767 });
    const asks = message({ messageType: 'discover' }, { giaddr: '10.2.0.1' });
    await wires.hear('eth0', asks, { address: '10.0.0.254', port: 6767 }, 6767);
    expect(wires.answers).toEqual(['eth0: offer 10.2.0.10, 6767 to 10.2.0.1:6767']);
  });

  it('answer firmware on port 4011 from there, at the port that asked', async () => {
    const { wires } = await start();
    const asks = message(
      { messageType: 'request', vendorClass: 'PXEClient:Arch:00007:UNDI:003016', architectures: [7] },
      { ciaddr: '10.1.0.10' },
    );
    await wires.hear('eth1', asks, { address: '10.1.0.10', port: 4011 }, 4011);
    expect(wires.answers).toEqual(['eth1: ack 0.0.0.0, 4011 to 10.1.0.10:4011']);
  });

  it('are all closed again, where one cannot be opened', async () => {
    const wires = new Interfaces('eth1 4011');
    await expect(start({}, wires)).rejects.toThrow('taken');
    expect(wires.closed).toEqual(['eth0 67', 'eth0 4011', 'eth1 67']);
  });
});

describe('another server', () => {
  it('is reported once an hour for each interface', async () => {
    const { wires, events, clock } = await start();
    const takesOther = select('10.0.0.50', mac, '10.0.0.2');
    await wires.hear('eth0', takesOther);
    await wires.hear('eth0', select('10.0.0.51', other, '10.0.0.2'));
    await wires.hear('eth1', takesOther);
    expect(events).toEqual([
      { step: 'rival', interface: 'eth0', server: '10.0.0.2', mac },
      { step: 'rival', interface: 'eth1', server: '10.0.0.2', mac },
    ]);
    clock.set(3_600_000);
    await wires.hear('eth0', takesOther);
    expect(events).toHaveLength(3);
  });

  it('of a thousand that one machine makes up costs no memory, and no more than 256 lines an hour', async () => {
    const { wires, events } = await start();
    for (let count = 0; count < 1000; count += 1) {
      await wires.hear('eth0', select('10.0.0.50', mac, `10.9.${count >> 8}.${count & 255}`));
    }
    expect(events).toHaveLength(256);
    await wires.hear('eth0', select('10.0.0.50', mac, '10.9.3.231'));
    expect(events).toHaveLength(256);
  });
});

describe('a server that runs', () => {
  it('lists what it knows of each address', async () => {
    const reservations: readonly Reservation[] = [{ mac: '52:54:00:00:00:01', address: '10.0.0.200' }];
    const { server, wires } = await start({
      reservations,
      leases: [
        { address: '10.1.0.10', mac: other, state: 'declined', expiresMs: 1000 },
        { address: '10.1.0.11', mac, state: 'released', expiresMs: 0, hostName: 'm' },
        { address: '10.9.0.1', mac, state: 'bound', expiresMs: 1000 },
      ],
    });
    await wires.hear('eth0', select('10.0.0.10'));
    await wires.hear('eth0', message({ messageType: 'discover' }, { mac: other }));
    expect(server.leases()).toEqual([
      { network: '10.0.0.0/24', address: '10.0.0.10', mac, state: 'bound', untilMs: 600_000 },
      { network: '10.0.0.0/24', address: '10.0.0.11', mac: other, state: 'offered', untilMs: 60_000 },
      { network: '10.0.0.0/24', address: '10.0.0.200', state: 'reserved', reservation: reservations[0] },
      { network: '10.1.0.0/24', address: '10.1.0.10', mac: other, state: 'set-aside', untilMs: 1000 },
      { network: '10.1.0.0/24', address: '10.1.0.11', mac, state: 'free', untilMs: 0, hostName: 'm' },
    ]);
  });

  it('takes reservations, and says why it does not take one', async () => {
    const { server, wires } = await start();
    server.reserve({ mac, address: '10.1.0.99' });
    await wires.hear('eth1', discover);
    expect(wires.answers.at(-1)).toContain('offer 10.1.0.99');
    expect(() => server.reserve({ mac, address: '10.7.0.1' })).toThrow(
      'it is in no network where addresses are given: 10.0.0.0/24, 10.1.0.0/24',
    );
    expect(server.unreserve('10.1.0.99')).toEqual({ mac, address: '10.1.0.99' });
    expect(server.unreserve('10.1.0.99')).toBeUndefined();
  });

  it('starts without the reservations that no longer fit, and names them', async () => {
    const kept = { mac: other, address: '10.0.0.50' };
    const { server } = await start({
      reservations: [{ mac, address: '10.7.0.1' }, kept, { mac, address: '10.0.0.1' }],
    });
    expect(server.leftOut.map(({ data }) => data['address'])).toEqual(['10.7.0.1', '10.0.0.1']);
    expect(server.leases()).toMatchObject([{ reservation: kept }]);
  });

  it('ends a lease where it is told to, once that is safe; the address is free', async () => {
    const { server, wires, saved, events } = await start();
    await wires.hear('eth0', select('10.0.0.10'));
    expect(await server.release('10.0.0.10')).toMatchObject({ mac, state: 'bound' });
    expect(saved.map(({ state }) => state)).toEqual(['bound', 'released']);
    expect(events.at(-1)).toEqual({ step: 'released', mac, address: '10.0.0.10' });
    await wires.hear('eth0', select('10.0.0.10', other));
    expect(wires.answers.at(-1)).toContain('ack 10.0.0.10');
    expect(await server.release('10.0.0.77')).toBeUndefined();
    expect(await server.release('nonsense')).toBeUndefined();
  });

  it('ends none where the disk fails', async () => {
    let works = true;
    const { server, wires } = await start({
      commit: async () => (works ? undefined : Promise.reject(new Error('full'))),
    });
    await wires.hear('eth0', select('10.0.0.10'));
    works = false;
    await expect(server.release('10.0.0.10')).rejects.toThrow('full');
    expect(server.leases()).toMatchObject([{ state: 'bound' }]);
  });
});
