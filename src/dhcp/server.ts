import { RareRivals } from '../boot/rare-rivals.ts';
import type { BootEvent, Report } from '../boot/timeline.ts';
import { type BootwrightError, hasCode } from '../errors.ts';
import type { Clock } from '../platform/clock.ts';
import type { Endpoint, Udp, UdpSocket } from '../platform/udp.ts';
import { formatMac } from '../wire/addresses.ts';
import { type Listener, Networks } from './choose-network.ts';
import type { Exchange } from './exchange.ts';
import type { Lease } from './lease.ts';
import { type LeaseView, reserveIn, viewLeases } from './lease-view.ts';
import type { Network, Reservation } from './network.ts';
import { type ProbeAddress, Probes } from './probes.ts';
import { type Answer, answer } from './reply.ts';

export interface DhcpServerOptions extends Pick<Exchange, 'bootFor' | 'shapeFor' | 'place'> {
  readonly udp: Udp;
  readonly clock: Clock;
  /** Each hears and sends by sockets of its own. */
  readonly listeners: readonly Listener[];
  /** Networks behind relays. */
  readonly relayed: readonly Network[];
  /** Beside those of the networks themselves: what `reserve` was asked for before. */
  readonly reservations?: readonly Reservation[];
  /** What was committed before: the last lease of each address. Those that fit into no network stay where they are. */
  readonly leases: readonly Lease[];
  /**
   * Resolves once these leases are safe, all of them, each over the earlier one of its address; rejects if none is. It is
   * called again before that, and what came first must be written first.
   */
  readonly commit: (leases: readonly Lease[]) => Promise<void>;
  /** Must not throw. */
  readonly report: Report;
  /** Looks whether somebody has an address before it is offered. Without it, nobody looks. */
  readonly probe?: ProbeAddress;
  /** Where we and relays listen; 67 unless said otherwise. */
  readonly port?: number;
  /** Where machines listen; 68 unless said otherwise. */
  readonly clientPort?: number;
  /** Where firmware asks for its boot file, once it has an address; 4011 unless said otherwise. PXE 2.1 §2.2. */
  readonly binlPort?: number;
}

export interface DhcpServer {
  /** Why some of `reservations` are not kept: their network is gone, or the configuration has another use for them. */
  readonly leftOut: readonly BootwrightError[];
  /** Every address that is or was in use, or is reserved. */
  leases(): readonly LeaseView[];
  /**
   * From now on. Whoever has the address keeps it until its lease ends or is to be renewed. Nothing is written: that is
   * for who asks. Throws DHCP_RESERVATION_INVALID.
   */
  reserve(reservation: Reservation): void;
  /** What was reserved; `undefined`: nothing was. */
  unreserve(address: string): Reservation | undefined;
  /**
   * Ends the lease of an address, or that it was set aside. Resolves with what it was once that is safe; `undefined`:
   * nothing held it. Rejects as `commit` does.
   */
  release(address: string): Promise<Lease | undefined>;
  /** Answers what has come in, and stops. */
  close(): Promise<void>;
}

interface Received {
  readonly bytes: Uint8Array;
  readonly from: Endpoint;
  readonly socket: UdpSocket;
  readonly port: Exchange['port'];
  readonly interface: string;
}

/** Something to be done between two batches of messages; `failed` instead, where what it changed could not be saved. */
interface Order {
  carryOut(nowMs: number): void;
  done(failure?: unknown): void;
}

/** Datagrams that wait for the disk. What comes beyond is lost, as on a full network; machines ask again. */
const longestQueue = 4096;

/** Where an Ethernet address stands in a DHCP message. RFC 2131 §2. */
const chaddr = { start: 28, end: 34 };

/** Answers that wait for the disk. Beyond, no message is read until some are out. */
const mostUnsaved = 4096;

/**
 * Answers the machines of every network. All datagrams that come in in one turn of the event loop are decided together.
 * An ACK goes out only after its lease is safe, and offers don't wait for that: what is to be saved at the same time is
 * given to `commit` one after the other, which may make one write of it.
 *
 * Throws DHCP_RESERVATION_INVALID, and what `Udp.open` throws.
 */
export async function startDhcpServer(options: DhcpServerOptions): Promise<DhcpServer> {
  const { udp, clock, report, listeners, commit, port = 67, clientPort = 68, binlPort = 4011 } = options;
  const { bootFor, shapeFor, place } = options;
  const networks = new Networks(listeners, options.relayed);
  const leftOut = (options.reservations ?? []).flatMap((reservation) => refusalOf(networks, reservation) ?? []);
  for (const { leases } of networks.all) leases.restore(options.leases);
  const rivals = new RareRivals();
  const probes = new Probes<Received>(options.probe, networks, report, (received) => enqueue(received));
  const sockets: UdpSocket[] = [];
  let queue: Received[] = [];
  let orders: Order[] = [];
  let working: Promise<void> | undefined;
  const saving = new Set<Promise<void>>();
  let unsaved = 0;
  let isClosing = false;

  function enqueue(received: Received): void {
    if (isClosing) return;
    if (queue.length >= longestQueue) {
      const mac = formatMac(received.bytes.subarray(chaddr.start, chaddr.end));
      report(notAnswered(mac, `${longestQueue} other messages are waiting for the leases to be saved`));
      return;
    }
    queue.push(received);
    wake();
  }

  function wake(): void {
    working ??= nextTurn().then(work);
  }

  async function work(): Promise<void> {
    while (queue.length > 0 || orders.length > 0) {
      const batch = queue;
      const ordered = orders;
      queue = [];
      orders = [];
      for (const order of ordered) order.carryOut(clock.nowMs());
      const lasting: [Answer, Received][] = [];
      for (const received of batch) {
        const decided = decide(received);
        if (decided === undefined) continue;
        if (decided.probe !== undefined) probes.start(received, decided.probe, decided.mac);
        else if (decided.isLasting) lasting.push([decided, received]);
        else carryOut(decided, received);
      }
      keep(save(lasting, ordered), lasting.length);
      while (unsaved >= mostUnsaved) await Promise.race(saving);
    }
    working = undefined;
  }

  function decide(received: Received): Answer | undefined {
    const { bytes, from } = received;
    try {
      const nowMs = clock.nowMs();
      const mayProbe = probes.settle(received, nowMs);
      if (mayProbe === 'given-up') return undefined;
      return answer(bytes, {
        networks,
        interface: received.interface,
        port: received.port,
        from: from.address,
        mayProbe: mayProbe === 'yes',
        nowMs,
        bootFor,
        shapeFor,
        place,
      });
    } catch (error) {
      const reason = hasCode(error, 'DHCP_MALFORMED') ? error.message : `Bootwright failed on it: ${String(error)}`;
      report({ step: 'malformed', protocol: 'dhcp', address: from.address, reason });
      return undefined;
    }
  }

  function keep(saved: Promise<void>, answers: number): void {
    unsaved += answers;
    const kept = saved.finally(() => {
      unsaved -= answers;
      saving.delete(kept);
    });
    saving.add(kept);
  }

  async function save(lasting: readonly (readonly [Answer, Received])[], ordered: readonly Order[]): Promise<void> {
    const changes = networks.all.map(({ leases }) => ({ leases, changed: leases.takeChanges() }));
    const changed = changes.flatMap((each) => each.changed);
    if (lasting.length > 0 || changed.length > 0) {
      try {
        await commit(changed);
      } catch (error) {
        for (const each of changes) each.leases.putBack(each.changed);
        for (const [{ mac }] of lasting) report(notAnswered(mac, `its lease could not be saved: ${String(error)}`));
        for (const order of ordered) order.done(error);
        return;
      }
    }
    for (const [decided, received] of lasting) carryOut(decided, received);
    for (const order of ordered) order.done();
  }

  function carryOut({ datagram, mac, events }: Answer, { socket, from, interface: name }: Received): void {
    if (datagram !== undefined) {
      const { to, bytes } = datagram;
      const toPort = to.port === 'client' ? clientPort : to.port === 'relay' ? port : from.port;
      socket.send(bytes, { address: to.address, port: toPort }, (error) => {
        if (error !== null) report(notAnswered(mac, `the answer could not be sent: ${error.message}`));
      });
    }
    for (const event of events) {
      if (event.step !== 'rival' || rivals.isNews(name, event.server, clock.nowMs())) report(event);
    }
  }

  async function open(name: string, at: number, kind: Exchange['port']): Promise<void> {
    const socket = await udp.open(
      { address: '0.0.0.0', port: at, interface: name, broadcast: true },
      (bytes, from, receiver) => enqueue({ bytes, from, socket: receiver, port: kind, interface: name }),
    );
    sockets.push(socket);
  }

  async function close(): Promise<void> {
    isClosing = true;
    await working;
    await Promise.all(saving);
    await Promise.all(sockets.map((socket) => socket.close()));
  }

  try {
    for (const { interface: name } of listeners) {
      await open(name, port, 'server');
      await open(name, binlPort, 'binl');
    }
  } catch (error) {
    await close();
    throw error;
  }

  return {
    leftOut,
    leases: () => viewLeases(networks, clock.nowMs()),
    reserve: (reservation) => reserveIn(networks, reservation),
    unreserve: (address) => networks.serving(address)?.leases.unreserve(address),
    release(address) {
      const { promise, resolve, reject } = Promise.withResolvers<Lease | undefined>();
      let ended: Lease | undefined;
      orders.push({
        carryOut(nowMs) {
          ended = networks.serving(address)?.leases.end(address, nowMs);
        },
        done(failure) {
          if (failure !== undefined) {
            if (ended !== undefined) networks.serving(address)?.leases.resume(ended);
            return reject(failure);
          }
          if (ended?.state === 'bound') report({ step: 'released', mac: ended.mac, address });
          resolve(ended);
        },
      });
      wake();
      return promise;
    },
    close,
  };
}

function refusalOf(networks: Networks, reservation: Reservation): BootwrightError | undefined {
  try {
    reserveIn(networks, reservation);
    return undefined;
  } catch (error) {
    if (hasCode(error, 'DHCP_RESERVATION_INVALID')) return error;
    throw error;
  }
}

/** Everything that is there to be read has been read by then. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function notAnswered(mac: string, reason: string): BootEvent {
  return { step: 'not-answered', mac, reason };
}
