import type { Report } from '../../src/boot/timeline.ts';
import type { Lease } from '../../src/dhcp/lease.ts';
import type { Network, Reservation } from '../../src/dhcp/network.ts';
import { encodeOptions, readOption } from '../../src/dhcp/options.ts';
import { type DhcpPacket, encodePacket } from '../../src/dhcp/packet.ts';
import { type DhcpServer, startDhcpServer } from '../../src/dhcp/server.ts';
import { hasCode } from '../../src/errors.ts';
import { networkOf } from '../dhcp/machine.ts';
import { makeBoots } from './boots.ts';
import { type DhcpRules, dhcpRules, heardBy } from './dhcp-rules.ts';
import { mutate } from './mutate.ts';
import type { Random } from './random.ts';
import type { Seeds } from './seeds.ts';
import { FuzzWire, type Sent } from './wire.ts';
import { Finding, type Input, turns, type World } from './world.ts';

const us = '10.0.0.1';
const layout = {
  start: 240,
  width: 1,
  codes: [12, 43, 50, 52, 53, 54, 55, 57, 60, 61, 77, 82, 93, 94, 97, 118, 119, 121, 175],
  largestBytes: 65_507,
} as const;
const messageTypes = ['discover', 'request', 'inform', 'decline', 'release'] as const;
const addresses = ['10.0.0.10', '10.0.0.20', '10.0.0.200', '10.2.0.10', '10.2.0.77', '192.168.1.5', '255.255.255.255'];
const jumpsMs = [1, 1000, 61_000, 301_000, 601_000, 3_600_000, -5000, -3_600_000];
/** Distinct machines; beyond the pools, so that they are full at times. */
const machines = 90;

/** Two interfaces, two networks behind relays, small pools, a disk that fails at times. */
function networks(mode: 'server' | 'proxy') {
  const pool = (prefix: string, last: number) =>
    mode === 'proxy' ? [] : [{ first: `${prefix}.10`, last: `${prefix}.${last}` }];
  const reservations: readonly Reservation[] =
    mode === 'proxy'
      ? []
      : [
          { mac: '52:54:00:00:00:01', address: '10.0.0.200', hostName: 'one' },
          { clientId: 'ff0001', address: '10.0.0.201' },
          { uuid: '00000000-0000-0000-0000-000000000001', address: '10.0.0.202' },
        ];
  const behind = { serverAddress: us, mode };
  return {
    eth0: networkOf('10.0.0', pool('10.0.0', 40), { mode, reservations, router: '10.0.0.254', dns: [us] }),
    eth1: networkOf('10.1.0', pool('10.1.0', 12), { mode }),
    relayed: [networkOf('10.2.0', pool('10.2.0', 20), behind), networkOf('10.3.0', pool('10.3.0', 11), behind)],
  } satisfies Record<string, Network | readonly Network[]>;
}

export async function makeDhcpWorld(random: Random, seeds: Seeds): Promise<World> {
  const world = new DhcpWorld(random, seeds);
  await world.start();
  return world;
}

class DhcpWorld implements World {
  finding: Finding | undefined;
  answers = 0;
  readonly #random: Random;
  readonly #seeds: Seeds;
  readonly #mode: 'server' | 'proxy';
  readonly #networks: ReturnType<typeof networks>;
  readonly #rules: DhcpRules;
  readonly #wire = new FuzzWire((sent) => this.#hear(sent));
  readonly #boots = makeBoots(() => this.#nowMs);
  readonly #disk = new Map<string, Lease>();
  /** Machines go on with what they heard. */
  readonly #next: Input[] = [];
  #nowMs = 1_700_000_000_000;
  #elapsedMs = 0;
  #underWay = 0;
  #lastSave: Promise<void> = Promise.resolve();
  #server: DhcpServer | undefined;

  constructor(random: Random, seeds: Seeds) {
    this.#random = random;
    this.#seeds = seeds;
    this.#mode = random.once(3) ? 'proxy' : 'server';
    this.#networks = networks(this.#mode);
    const { eth0, eth1, relayed } = this.#networks;
    this.#rules = dhcpRules(this.#mode, [eth0, eth1, ...relayed]);
  }

  async start(): Promise<void> {
    const { eth0, eth1, relayed } = this.#networks;
    const random = this.#random;
    this.#server = await startDhcpServer({
      udp: this.#wire,
      clock: { nowMs: () => this.#nowMs, elapsedMs: () => this.#elapsedMs, after: () => () => {} },
      listeners: [{ interface: 'eth0', network: eth0 }, { interface: 'eth1', network: eth1 }, { interface: 'eth2' }],
      relayed,
      leases: [...this.#disk.values()],
      commit: (leases) => {
        // As store/commit.ts does: what came first is written first.
        const saved = this.#lastSave.then(() => this.#working(() => this.#save(leases)));
        this.#lastSave = saved.catch(() => {});
        return saved;
      },
      report: this.#report,
      ...this.#boots,
      probe: (_, address) =>
        this.#working(() => {
          if (random.once(50)) throw new Error('no probe today');
          return random.once(10) ? `02:00:00:00:00:${address.slice(-2).padStart(2, '0').replace('.', '0')}` : undefined;
        }),
    });
  }

  next(): Input {
    const random = this.#random;
    const follow = this.#next.length > 0 && !random.once(3) ? this.#next.shift() : undefined;
    if (follow !== undefined) return random.once(8) ? { ...follow, bytes: this.#mutated(follow.bytes) } : follow;
    const name = random.pick(['eth0', 'eth0', 'eth1', 'eth2']);
    const bytes = random.once(2) ? this.#mutated(random.pick(this.#seeds.dhcp)) : this.#ordinary();
    const from = { address: random.pick(addresses), port: random.pick([68, 67, 4011, 50_000]) };
    return { interface: name, port: random.once(5) ? 4011 : 67, from, bytes };
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
        this.#reserve({ mac: this.#mac(), address });
        break;
      case 2:
        this.#server?.unreserve(address);
        break;
      case 3:
        await this.settle();
        // Whoever takes an address from its machine knows what that means.
        await this.#server?.release(address).then(
          () => this.#rules.promises.take(address),
          () => {},
        );
        break;
      case 4:
        this.#boots.fetched(address);
        break;
      default:
        await this.settle();
        this.#pass(random.pick(jumpsMs));
    }
    const known = this.#server?.leases().length ?? 0;
    if (known > this.#rules.mostAddresses) this.#found(`${known} addresses are known`);
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
    if (event.step === 'released' || event.step === 'declined' || event.step === 'refused') {
      this.#rules.promises.end(event.address, [event.mac]);
    }
    if (event.step === 'not-answered' && event.reason.includes('could not be saved')) this.#unsaved(event.mac);
  };

  /** What a machine gives back stays given back, also where that is not told for want of a disk. */
  #unsaved(mac: string): void {
    const known = this.#server?.leases() ?? [];
    const isBound = (address: string) => known.some((lease) => lease.address === address && lease.state === 'bound');
    this.#rules.promises.endWhere(mac, (address) => !isBound(address));
  }

  #save(leases: readonly Lease[]): void {
    this.#boots.save(this.#random.once(12) ? new Error('the disk is full') : undefined);
    for (const lease of leases) this.#disk.set(lease.address, lease);
  }

  async #working<Value>(work: () => Value): Promise<Value> {
    this.#underWay += 1;
    try {
      await turns(this.#random.int(3));
      return work();
    } finally {
      this.#underWay -= 1;
    }
  }

  #hear(sent: Sent): void {
    this.answers += 1;
    try {
      const heard = heardBy(sent);
      this.#rules.check(sent, heard, this.#elapsedMs);
      if (this.#next.length < 64) this.#follow(heard, sent);
    } catch (error) {
      this.#found(String(error), sent.bytes);
    }
  }

  /** Takes the offer, or renews, gives back or declines what it was given. */
  #follow({ packet, type }: ReturnType<typeof heardBy>, { interface: name }: Sent): void {
    const random = this.#random;
    const server = readOption(packet.options, 'serverIdentifier');
    const clientIdentifier = packet.options.get(61);
    const own = { ...(server === undefined ? {} : { serverIdentifier: server }), clientIdentifier };
    const address = packet.yiaddr;
    const from = { address, port: 68 };
    const say = (messageType: (typeof messageTypes)[number], ciaddr: string, requestedAddress?: string) => {
      const options = encodeOptions({ messageType, requestedAddress, ...own });
      const bytes = encodePacket({ ...packet, op: 'request', hops: 0, ciaddr, options });
      this.#next.push({ interface: name, port: 67, from, bytes });
    };
    if (type === 'offer') say('request', '0.0.0.0', address);
    if (type !== 'ack' || address === '0.0.0.0') return;
    const does = random.int(6);
    if (does === 0) say('request', address);
    if (does === 1) say('release', address);
    if (does === 2) say('decline', '0.0.0.0', address);
    if (does === 3) say('inform', address);
  }

  #mutated(bytes: Uint8Array): Uint8Array {
    return mutate(bytes, this.#seeds.dhcp, layout, this.#random);
  }

  /** A message that is as it should be, of one of many machines. */
  #ordinary(): Uint8Array {
    const random = this.#random;
    const giaddr = random.once(4) ? random.pick(['10.2.0.1', '10.3.0.1', '172.16.0.1', us]) : '0.0.0.0';
    const isEthernet = !random.once(10);
    const packet: DhcpPacket = {
      op: 'request',
      htype: isEthernet ? 1 : 32,
      hops: random.int(3),
      xid: random.int(50),
      secs: random.int(60),
      broadcast: random.once(2),
      ciaddr: random.once(3) ? random.pick(addresses) : '0.0.0.0',
      yiaddr: '0.0.0.0',
      siaddr: '0.0.0.0',
      giaddr,
      chaddr: isEthernet ? Uint8Array.from(Buffer.from(this.#mac().replaceAll(':', ''), 'hex')) : new Uint8Array(),
      sname: '',
      file: '',
      options: encodeOptions({
        messageType: random.pick(messageTypes),
        requestedAddress: random.once(2) ? random.pick(addresses) : undefined,
        serverIdentifier: random.once(3) ? random.pick([us, '10.1.0.1', '10.0.0.2']) : undefined,
        clientIdentifier: random.once(4) || !isEthernet ? Uint8Array.of(255, random.int(4), 1) : undefined,
        vendorClass: random.once(2) ? `PXEClient:Arch:000${random.int(30)}:UNDI:003016` : undefined,
        architectures: random.once(3) ? [random.int(40)] : undefined,
        machineIdentifier: random.once(3) ? Uint8Array.of(...new Uint8Array(16), random.int(2)) : undefined,
        relayAgent: random.once(4)
          ? Buffer.concat(Array.from({ length: random.int(4) }, () => this.#subOption()))
          : undefined,
        maximumMessageSize: random.once(3) ? random.pick([576, 1260, 1472, 65_280]) : undefined,
      }),
    };
    return encodePacket(packet);
  }

  /** Of option 82: circuit, link selection, server identifier, port. */
  #subOption(): Uint8Array {
    const random = this.#random;
    const address = Uint8Array.of(10, random.int(4), 0, random.int(3));
    return random.pick([
      Uint8Array.of(1, 3, ...random.bytes(3)),
      Uint8Array.of(5, 4, ...address),
      Uint8Array.of(11, 4, ...address),
      Uint8Array.of(19, 0),
    ]);
  }

  #mac(): string {
    return `52:54:00:00:00:${this.#random.int(machines).toString(16).padStart(2, '0')}`;
  }

  #reserve(reservation: Reservation): void {
    try {
      this.#server?.reserve(reservation);
    } catch (error) {
      if (!hasCode(error, 'DHCP_RESERVATION_INVALID')) throw error;
    }
  }

  #found(what: string, answer?: Uint8Array): void {
    this.finding ??= new Finding(
      answer === undefined ? what : `${what}\nanswer ${Buffer.from(answer).toString('hex')}`,
    );
  }
}
