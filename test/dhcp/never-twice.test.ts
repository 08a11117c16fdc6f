import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Lease } from '../../src/dhcp/lease.ts';
import type { Reservation } from '../../src/dhcp/network.ts';
import type { OptionValues } from '../../src/dhcp/options.ts';
import type { Answer } from '../../src/dhcp/reply.ts';
import type { ServedNetwork } from '../../src/dhcp/served-network.ts';
import { hasCode } from '../../src/errors.ts';
import { counter, message, networkOf, replyIn } from './machine.ts';

const second = 1000;
const macs = ['52:54:00:00:00:01', '52:54:00:00:00:02', '52:54:00:00:00:03', '52:54:00:00:00:04'];
const serverIdentifier = '10.0.0.1';
/** The last addresses of each network are in no pool. */
const places = [
  { giaddr: '0.0.0.0', addresses: ['10.0.0.10', '10.0.0.11', '10.0.0.12', '10.0.0.99'] },
  { giaddr: '10.2.0.1', addresses: ['10.2.0.10', '10.2.0.11', '10.2.0.99'] },
] as const;

const anyMachine = { mac: fc.constantFrom(...macs), place: fc.constantFrom(...places) };
const nth = fc.nat({ max: 3 });
const anyStep = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      does: fc.constantFrom('discover', 'wish', 'take', 'select', 'remember', 'renew', 'release', 'decline', 'other'),
      ...anyMachine,
      nth,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constantFrom('reserve', 'unreserve', 'end', 'set-aside'), ...anyMachine, nth }),
  },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('save'), ...anyMachine, nth }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constantFrom('fail', 'crash'), ...anyMachine, nth }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constantFrom('second', 'minutes', 'hour'), ...anyMachine, nth }) },
);
type Step = typeof anyStep extends fc.Arbitrary<infer Value> ? Value : never;

/** A server, its disk, and what machines have heard from it. */
class World {
  #nowMs = 0;
  #reservations: Reservation[] = [];
  readonly #disk = new Map<string, Lease>();
  /** Who may use which address until when, by the ACKs that went out. */
  readonly #promised = new Map<string, { readonly mac: string; readonly untilMs: number }>();
  readonly #offered = new Map<string, string>();
  #unsaved: { readonly given: Answer; readonly decidedMs: number }[] = [];
  #server = this.#start();

  #start() {
    const pool = (prefix: string, last: number) => [{ first: `${prefix}.10`, last: `${prefix}.${last}` }];
    const server = counter({
      network: networkOf('10.0.0', pool('10.0.0', 12)),
      relayed: [networkOf('10.2.0', pool('10.2.0', 11), { serverAddress: serverIdentifier })],
    });
    for (const reservation of this.#reservations) server.networks.serving(reservation.address)?.reserve(reservation);
    for (const { leases } of server.networks.all) leases.restore([...this.#disk.values()]);
    return server;
  }

  #servedAt(address: string): ServedNetwork {
    const served = this.#server.networks.serving(address);
    if (served === undefined) throw new Error(`nobody serves ${address}`);
    return served;
  }

  take({ does, mac, place, nth: number }: Step): void {
    const { giaddr, addresses } = place;
    const address = addresses[number % addresses.length] ?? addresses[0];
    const own = this.#servedAt(address).leases.addressOf(mac) ?? address;
    const say = (options: OptionValues, ciaddr = '0.0.0.0') =>
      this.#hear(mac, message(options, { mac, giaddr, hops: giaddr === '0.0.0.0' ? 0 : 1, ciaddr }));
    switch (does) {
      case 'discover':
        say({ messageType: 'discover' });
        break;
      case 'wish':
        say({ messageType: 'discover', requestedAddress: address });
        break;
      case 'take':
        say({
          messageType: 'request',
          requestedAddress: this.#offered.get(mac + giaddr) ?? address,
          serverIdentifier,
        });
        break;
      case 'select':
        say({ messageType: 'request', requestedAddress: address, serverIdentifier });
        break;
      case 'remember':
        say({ messageType: 'request', requestedAddress: address });
        break;
      case 'renew':
        say({ messageType: 'request' }, own);
        break;
      case 'release':
        say({ messageType: 'release', serverIdentifier }, own);
        break;
      case 'decline':
        say({ messageType: 'decline', serverIdentifier, requestedAddress: own });
        break;
      case 'other':
        say({ messageType: 'request', requestedAddress: address, serverIdentifier: '10.0.0.2' });
        break;
      case 'reserve':
        this.#reserve({ mac, address });
        break;
      case 'unreserve':
        this.#reservations = this.#reservations.filter((each) => each.address !== address);
        this.#servedAt(address).leases.unreserve(address);
        break;
      case 'end':
        // Between two batches; and whoever takes an address from its machine knows what that means.
        this.#save();
        this.#servedAt(address).leases.end(address, this.#nowMs);
        this.#promised.delete(address);
        break;
      case 'set-aside':
        if (this.#servedAt(address).leases.isUncertain(mac, address, this.#nowMs) && !this.#promised.has(address)) {
          this.#servedAt(address).leases.setAside(address, mac, this.#nowMs);
        }
        break;
      case 'save':
        this.#save();
        break;
      case 'fail':
        this.#unsaved = [];
        for (const { leases } of this.#server.networks.all) leases.putBack(leases.takeChanges());
        break;
      case 'crash':
        this.#unsaved = [];
        this.#server = this.#start();
        break;
      case 'second':
        this.#nowMs += second;
        break;
      case 'minutes':
        this.#nowMs += 301 * second;
        break;
      case 'hour':
        this.#nowMs += 3600 * second;
        break;
    }
  }

  #reserve(reservation: Reservation): void {
    try {
      this.#servedAt(reservation.address).reserve(reservation);
      this.#reservations.push(reservation);
    } catch (error) {
      if (!hasCode(error, 'DHCP_RESERVATION_INVALID')) throw error;
    }
  }

  #hear(mac: string, bytes: Uint8Array): void {
    const given = this.#server.ask(bytes, this.#nowMs);
    if (given === undefined) return;
    // The machine itself gives it up, whether that can be written down or not.
    for (const event of given.events) {
      if (event.step === 'released' || event.step === 'declined') this.#forget(event.address, mac);
    }
    if (given.isLasting) this.#unsaved.push({ given, decidedMs: this.#nowMs });
    else this.#told(mac, given, this.#nowMs);
    if (given.datagram !== undefined && given.isLasting) {
      const { packet } = replyIn(given);
      const reservation = this.#servedAt(packet.yiaddr).leases.reservedFor(packet.yiaddr);
      if (reservation !== undefined) expect(mac).toBe(reservation.mac);
    }
  }

  #save(): void {
    const answers = this.#unsaved;
    this.#unsaved = [];
    for (const { leases } of this.#server.networks.all) {
      for (const lease of leases.takeChanges()) this.#disk.set(lease.address, lease);
    }
    for (const { given, decidedMs } of answers) this.#told(given.mac, given, decidedMs);
  }

  /** A machine hears its answer. */
  #told(mac: string, given: Answer, decidedMs: number): void {
    for (const event of given.events) {
      if (event.step === 'released' || event.step === 'declined') this.#forget(event.address, mac);
      if (event.step === 'refused') this.#forget(event.address, mac);
    }
    if (given.datagram === undefined) return;
    const { packet, option } = replyIn(given);
    const address = packet.yiaddr;
    if (option('messageType') === 'offer') this.#offered.set(mac + packet.giaddr, address);
    if (option('messageType') !== 'ack') return;
    const holder = this.#promised.get(address);
    if (holder !== undefined && holder.untilMs > decidedMs)
      expect(`${address}: ${mac}`).toBe(`${address}: ${holder.mac}`);
    this.#promised.set(address, { mac, untilMs: decidedMs + 600 * second });
  }

  #forget(address: string, mac: string): void {
    if (this.#promised.get(address)?.mac === mac) this.#promised.delete(address);
  }
}

it('whatever machines, relays, people and the power do, no address is ever acknowledged to two machines at a time', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 120, size: 'max' }), (steps) => {
      const world = new World();
      for (const step of steps) world.take(step);
    }),
    { seed: 11, numRuns: 1000 },
  );
});
