import type { Report } from '../../src/boot/timeline.ts';
import type { Lease6 } from '../../src/dhcp6/lease.ts';
import type { Network6 } from '../../src/dhcp6/network.ts';
import { readOption } from '../../src/dhcp6/options.ts';
import { encodeMessage, type Message, type MessageType, type Options } from '../../src/dhcp6/packet.ts';
import { type Dhcp6Server, startDhcp6Server } from '../../src/dhcp6/server.ts';
import {
  duidLL,
  duidUuid,
  httpX64,
  ipxeX64,
  linkLocal,
  network,
  options,
  serverDuid,
  uefiX64,
  wants,
} from '../dhcp6/machine.ts';
import { makeBoots } from './boots.ts';
import { type Dhcp6Rules, dhcp6Rules, heardBy6 } from './dhcp6-rules.ts';
import { mutate } from './mutate.ts';
import type { Random } from './random.ts';
import type { Seeds } from './seeds.ts';
import { FuzzWire, type Sent } from './wire.ts';
import { Finding, type Input, turns, type World } from './world.ts';

const layout = {
  start: 4,
  width: 2,
  codes: [1, 2, 3, 4, 5, 6, 8, 9, 13, 14, 15, 16, 18, 25, 61, 62, 79, 135],
  largestBytes: 65_507,
} as const;
const relayedLayout = { ...layout, start: 34 };
const messageTypes = [
  'solicit',
  'request',
  'renew',
  'rebind',
  'confirm',
  'release',
  'decline',
  'information-request',
] as const;
const addresses = ['fd00::100', 'fd00::110', 'fd00::200', 'fd00:2::10', 'fd00:3::1', 'fe80::1', '::'];
const jumpsMs = [1, 1000, 61_000, 301_000, 601_000, 1_100_000, -5000, -3_600_000];
const firmwares = [[], [], uefiX64, httpX64, ipxeX64];
const machines = 50;

function networks(mode: 'server' | 'proxy') {
  const of = (prefix: string, last: string, changes: Partial<Network6> = {}): Network6 => ({
    ...network,
    mode,
    prefix: { address: `${prefix}::`, prefixBits: 64 },
    ranges: mode === 'proxy' ? [] : [{ first: `${prefix}::100`, last: `${prefix}::${last}` }],
    ...changes,
  });
  const reservations = mode === 'proxy' ? [] : [{ mac: '52:54:00:00:00:01', address: 'fd00::200' }];
  return {
    eth0: of('fd00', '11f', { reservations }),
    eth1: of('fd00:1', 'ffff:ffff', { serverAddress: 'fd00:1::1' }),
    relayed: [of('fd00:2', '10f')],
  };
}

function cardOf(mac: string): Uint8Array {
  return duidLL(mac).subarray(4);
}

export async function makeDhcp6World(random: Random, seeds: Seeds): Promise<World> {
  const world = new Dhcp6World(random, seeds);
  await world.start();
  return world;
}

class Dhcp6World implements World {
  finding: Finding | undefined;
  answers = 0;
  readonly #random: Random;
  readonly #seeds: Seeds;
  readonly #networks: ReturnType<typeof networks>;
  readonly #rules: Dhcp6Rules;
  readonly #wire = new FuzzWire((sent) => this.#hear(sent));
  readonly #boots = makeBoots(() => this.#nowMs);
  readonly #disk = new Map<string, Lease6>();
  readonly #next: Input[] = [];
  #heard: Message | undefined;
  #nowMs = 1_700_000_000_000;
  #elapsedMs = 0;
  #underWay = 0;
  #server: Dhcp6Server | undefined;

  constructor(random: Random, seeds: Seeds) {
    this.#random = random;
    this.#seeds = seeds;
    const mode = random.once(3) ? 'proxy' : 'server';
    this.#networks = networks(mode);
    const { eth0, eth1, relayed } = this.#networks;
    this.#rules = dhcp6Rules(mode, [eth0, eth1, ...relayed]);
  }

  async start(): Promise<void> {
    const { eth0, eth1, relayed } = this.#networks;
    this.#server = await startDhcp6Server({
      udp: this.#wire,
      clock: { nowMs: () => this.#nowMs, elapsedMs: () => this.#elapsedMs, after: () => () => {} },
      listeners: [
        { interface: 'eth0', network: eth0 },
        { interface: 'eth1', network: eth1 },
      ],
      relayed,
      serverDuid,
      leases: [...this.#disk.values()],
      commit: (leases) => this.#save(leases),
      report: this.#report,
      ...this.#boots,
    });
  }

  next(): Input {
    const random = this.#random;
    const follow = this.#next.length > 0 && !random.once(3) ? this.#next.shift() : undefined;
    if (follow !== undefined) return random.once(8) ? { ...follow, bytes: this.#mutated(follow.bytes) } : follow;
    const mac = this.#mac();
    const plain = random.once(2) ? this.#mutated(random.pick(this.#seeds.dhcp6)) : this.#ordinary(mac);
    const isRelayed = random.once(4);
    const bytes = isRelayed ? this.#relayed(plain) : plain;
    const source = isRelayed ? 'fd00::fe' : random.pick([linkLocal(mac), linkLocal(mac), 'fe80::77%eth0', 'fd00::111']);
    const name = random.pick(['eth0', 'eth0', 'eth1']);
    return { interface: name, port: random.once(5) ? 4011 : 547, from: { address: source, port: 546 }, bytes };
  }

  deliver({ interface: name, port, bytes, from }: Input): void {
    this.#wire.deliver(name, port, Uint8Array.from(bytes), from);
  }

  async happen(): Promise<void> {
    const random = this.#random;
    const address = random.pick(addresses);
    switch (random.int(8)) {
      case 0:
        await this.settle();
        await this.close();
        await this.start();
        break;
      case 1:
        this.#server?.reserve({ mac: this.#mac(), address });
        break;
      case 2:
        this.#server?.unreserve(address);
        break;
      case 3:
        await this.settle();
        await this.#server?.release(address).then(
          () => this.#rules.promises.take(address),
          () => {},
        );
        break;
      default:
        await this.settle();
        this.#pass(random.pick(jumpsMs));
    }
    const known = this.#server?.leases() ?? [];
    if (known.length > this.#rules.mostAddresses) this.#found(`${known.length} addresses are known`);
    const names = new Set(known.map((lease) => lease.address));
    if (names.size !== known.length) this.#found('an address is in the table twice');
  }

  /** Time passes; or somebody sets the clock back, and none does. */
  #pass(jumpMs: number): void {
    this.#nowMs += jumpMs;
    this.#elapsedMs += Math.max(jumpMs, 0);
  }

  async settle(): Promise<void> {
    do await turns(4);
    while (this.#underWay > 0);
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  readonly #report: Report = (event) => {
    if (event.step === 'malformed' && event.reason.includes('Bootwright failed')) this.#found(event.reason);
    // Told right after the answer was sent.
    const duid = this.#heard === undefined ? undefined : readOption(this.#heard.options, 'clientId');
    if (duid === undefined || !('mac' in event) || event.mac === undefined || !('address' in event)) return;
    const names = [event.mac, Buffer.from(duid).toString('hex')];
    if (event.step === 'released' || event.step === 'declined' || event.step === 'refused') {
      this.#rules.promises.end(event.address, names);
    }
    if (event.step !== 'acknowledged' || event.address === '0.0.0.0') return;
    const other = this.#rules.promises.give(
      event.address,
      names,
      this.#elapsedMs,
      this.#elapsedMs + network.leaseSeconds * 1000,
    );
    if (other !== undefined) this.#found(`${event.address} is given to ${names} while ${other} has it`);
  };

  async #save(leases: readonly Lease6[]): Promise<void> {
    this.#underWay += 1;
    try {
      await turns(this.#random.int(3));
      this.#boots.save(this.#random.once(12) ? new Error('the disk is full') : undefined);
      for (const lease of leases) this.#disk.set(lease.address, lease);
    } finally {
      this.#underWay -= 1;
    }
  }

  #hear(sent: Sent): void {
    this.answers += 1;
    try {
      const heard = heardBy6(sent);
      this.#heard = heard.message;
      this.#rules.check(sent, heard);
      if (this.#next.length < 64) this.#follow(heard.message, sent);
    } catch (error) {
      this.#found(String(error), sent.bytes);
    }
  }

  /** Goes on with what it was offered or given, by itself, also where it came through a relay. */
  #follow({ type, transaction, options: all }: Message, { interface: name, to }: Sent): void {
    const random = this.#random;
    const associations = all.filter(({ code }) => code === 3);
    if (associations.length === 0) return;
    const does: MessageType =
      type === 'advertise' ? 'request' : random.pick(['renew', 'rebind', 'confirm', 'release', 'decline', 'solicit']);
    const isForAny = does === 'rebind' || does === 'confirm' || does === 'solicit';
    const parts = all.filter(({ code }) => code === 1 || code === 3 || (code === 2 && !isForAny));
    const bytes = encodeMessage({ type: does, transaction, options: parts });
    this.#next.push({ interface: name, port: 547, from: { address: to.address, port: 546 }, bytes });
  }

  #mutated(bytes: Uint8Array): Uint8Array {
    return mutate(bytes, this.#seeds.dhcp6, bytes[0] === 12 ? relayedLayout : layout, this.#random);
  }

  #ordinary(mac: string): Uint8Array {
    const random = this.#random;
    const clientId = random.pick([
      duidLL(mac),
      duidLL(mac),
      duidUuid(random.int(4)),
      Uint8Array.of(0, 2, random.int(9)),
    ]);
    const wishes = Array.from({ length: random.int(3) }, () => random.pick(addresses));
    const parts: readonly Options[] = [
      options({ clientId }),
      random.once(2) ? options({ serverId: serverDuid }) : [],
      ...Array.from({ length: 1 + random.int(2) }, (_, iaid) => wants(iaid, ...wishes)),
      random.once(4) ? options({ rapidCommit: true }) : [],
      random.pick(firmwares),
    ];
    return encodeMessage({ type: random.pick(messageTypes), transaction: random.int(50), options: parts.flat() });
  }

  /** Through one relay, or so many that they are a circle. */
  #relayed(bytes: Uint8Array): Uint8Array {
    const random = this.#random;
    let inner = bytes;
    for (let left = random.once(8) ? 12 : 1 + random.int(3); left > 0; left -= 1) {
      inner = encodeMessage({
        type: 'relay-forward',
        hops: random.int(10),
        linkAddress: random.pick(['::', 'fd00:2::1', 'fd00::1', 'fd99::1']),
        peerAddress: random.pick([linkLocal(this.#mac()), 'fe80::1']),
        options: [
          ...(random.once(2) ? options({ interfaceId: new Uint8Array(random.once(20) ? 30_000 : 4) }) : []),
          ...(random.once(4) ? options({ relayPort: 1000 }) : []),
          ...(random.once(4)
            ? options({ linkLayerAddress: { hardware: random.int(3), address: cardOf(this.#mac()) } })
            : []),
          ...options({ relayMessage: inner.subarray(0, 65_000) }),
        ],
      }).slice(0, layout.largestBytes);
    }
    return inner;
  }

  #mac(): string {
    return `52:54:00:00:00:${this.#random.int(machines).toString(16).padStart(2, '0')}`;
  }

  #found(what: string, answer?: Uint8Array): void {
    this.finding ??= new Finding(
      answer === undefined ? what : `${what}\nanswer ${Buffer.from(answer).toString('hex')}`,
    );
  }
}
