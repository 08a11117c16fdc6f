import { RareRivals } from '../boot/rare-rivals.ts';
import type { BootEvent, Report } from '../boot/timeline.ts';
import { hasCode } from '../errors.ts';
import type { Clock } from '../platform/clock.ts';
import type { Endpoint, Udp, UdpSocket } from '../platform/udp.ts';
import type { Exchange } from './exchange.ts';
import type { Lease6 } from './lease.ts';
import type { Network6, Reservation6 } from './network.ts';
import { type Listener6, Networks6 } from './networks.ts';
import { type Answer, answer } from './reply.ts';

export interface Dhcp6ServerOptions extends Pick<Exchange, 'bootFor' | 'place' | 'serverDuid'> {
  readonly udp: Udp;
  readonly clock: Clock;
  /** Each hears and sends by a socket of its own. */
  readonly listeners: readonly Listener6[];
  /** Networks behind relays. */
  readonly relayed: readonly Network6[];
  /** What was committed before: the last lease of each address. Those that fit into no network stay where they are. */
  readonly leases: readonly Lease6[];
  /** Resolves once these leases are safe, all of them, each over the earlier one of its address; rejects if none is. */
  readonly commit: (leases: readonly Lease6[]) => Promise<void>;
  /** Must not throw. */
  readonly report: Report;
  /** Where we and relays listen; 547 unless said otherwise. */
  readonly port?: number;
  /** Where machines listen; 546 unless said otherwise. */
  readonly clientPort?: number;
  /** Where UEFI PXE asks a proxy again; 4011 unless said otherwise. */
  readonly binlPort?: number;
}

export interface Dhcp6Server {
  /** Every address that was ever leased, in no order. */
  leases(): readonly Lease6[];
  /**
   * From now on. Whoever has the address keeps it until its lease ends or is to be renewed. Nothing is written: that is
   * for who asks. False where no network has the address.
   */
  reserve(reservation: Reservation6): boolean;
  /** What was reserved; `undefined`: nothing was. */
  unreserve(address: string): Reservation6 | undefined;
  /**
   * Ends the lease of an address, or that it was set aside. Resolves with what it was once that is safe; `undefined`:
   * nothing held it. Rejects as `commit` does.
   */
  release(address: string): Promise<Lease6 | undefined>;
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

/** Something to be done between two batches of messages, and what to do once it is safe or was taken back. */
interface Order {
  carryOut(nowMs: number): void;
  done(failure?: unknown): void;
}

/** Every server and relay of a link, where machines ask; every server of a site, where relays do. RFC 8415 §7.1. */
const everyServer = ['ff02::1:2', 'ff05::1:3'];
/** Datagrams that wait for the disk. What comes beyond is lost, as on a full network; machines ask again. */
const longestQueue = 4096;

/**
 * Answers the machines of every network. All datagrams that come in while leases are being saved, or in one turn of the
 * event loop, are answered together and cost one save. A REPLY goes out only after its lease is safe.
 *
 * Throws DHCP6_RANGE_INVALID, and what `Udp.open` throws.
 */
export async function startDhcp6Server(options: Dhcp6ServerOptions): Promise<Dhcp6Server> {
  const { udp, clock, report, port = 547, clientPort = 546, binlPort = 4011 } = options;
  const networks = new Networks6(options.listeners, options.relayed);
  for (const { leases } of networks.all) leases.restore(options.leases);
  const rivals = new RareRivals();
  let queue: Received[] = [];
  let orders: Order[] = [];
  let working: Promise<void> | undefined;
  let isClosing = false;

  function hear(received: Received): void {
    if (isClosing) return;
    if (queue.length < longestQueue) {
      queue.push(received);
      wake();
      return;
    }
    const reason = `${longestQueue} other messages are waiting for the leases to be saved`;
    report({ step: 'not-answered', mac: received.from.address, reason });
  }

  function wake(): void {
    working ??= nextTurn().then(work);
  }

  async function work(): Promise<void> {
    while (queue.length > 0 || orders.length > 0) {
      const [batch, ordered] = [queue, orders];
      queue = [];
      orders = [];
      for (const order of ordered) order.carryOut(clock.nowMs());
      const lasting: [Answer, Received][] = [];
      for (const received of batch) {
        const decided = decide(received);
        if (decided?.isLasting) lasting.push([decided, received]);
        else if (decided !== undefined) carryOut(decided, received);
      }
      await save(lasting, ordered);
    }
    working = undefined;
  }

  function decide({ bytes, from, port: asked, interface: name }: Received): Answer | undefined {
    const { bootFor, place, serverDuid } = options;
    try {
      return answer(bytes, {
        ...{ bootFor, place, serverDuid, interface: name, port: asked },
        nowMs: clock.nowMs(),
        from: from.address.replace(/%.*$/, ''),
        served: networks.on(name),
        servedAt: (linkAddress) => networks.at(linkAddress),
      });
    } catch (error) {
      const reason = hasCode(error, 'DHCP6_MALFORMED') ? error.message : `Bootwright failed on it: ${String(error)}`;
      report({ step: 'malformed', protocol: 'dhcp6', address: from.address, reason });
      return undefined;
    }
  }

  async function save(lasting: readonly (readonly [Answer, Received])[], ordered: readonly Order[]): Promise<void> {
    const changes = networks.all.map(({ leases }) => leases.takeChanges());
    const changed = changes.flatMap(({ leases }) => leases);
    if (lasting.length > 0 || changed.length > 0) {
      try {
        await options.commit(changed);
      } catch (error) {
        for (const { undo } of changes) undo();
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
      const ports = { client: clientPort, relay: port, asker: from.port };
      socket.send(datagram.bytes, { address: from.address, port: ports[datagram.to] }, (error) => {
        if (error !== null) report(notAnswered(mac, `the answer could not be sent: ${error.message}`));
      });
    }
    for (const event of events) {
      if (event.step !== 'rival' || rivals.isNews(name, event.server, clock.nowMs())) report(event);
    }
  }

  const sockets: UdpSocket[] = [];
  const open = async (name: string, address: string, at: number, asked: Exchange['port']): Promise<void> => {
    const join = asked === 'server' ? { join: everyServer } : {};
    const socket = await udp.open({ address, port: at, interface: name, ...join }, (bytes, from, heardBy) =>
      hear({ bytes, from, socket: heardBy, port: asked, interface: name }),
    );
    sockets.push(socket);
  };
  const close = async (): Promise<void> => {
    isClosing = true;
    await working;
    await Promise.all(sockets.map((socket) => socket.close()));
  };
  try {
    for (const { interface: name, network } of options.listeners) {
      await open(name, '::', port, 'server');
      // Bound to the address that the URL names: EDK2 takes an answer from no other.
      if (network?.mode === 'proxy') await open(name, network.serverAddress, binlPort, 'binl');
    }
  } catch (error) {
    await close();
    throw error;
  }

  return {
    leases: () => networks.all.flatMap(({ leases }) => leases.leases()),
    reserve(reservation) {
      const leases = networks.serving(reservation.address)?.leases;
      const others = leases?.reservations().filter(({ address }) => address !== reservation.address) ?? [];
      leases?.reserve([...others, reservation]);
      return leases !== undefined;
    },
    unreserve(address) {
      const leases = networks.serving(address)?.leases;
      const found = leases?.reservations().find((one) => one.address === address);
      leases?.reserve(leases.reservations().filter((one) => one !== found));
      return found;
    },
    release(address) {
      const { promise, resolve, reject } = Promise.withResolvers<Lease6 | undefined>();
      let ended: Lease6 | undefined;
      orders.push({
        carryOut(nowMs) {
          ended = networks.serving(address)?.leases.free(address, nowMs);
        },
        done(failure) {
          if (failure !== undefined) return reject(failure);
          if (ended?.state === 'bound') report({ step: 'released', mac: nameOf(ended), address });
          resolve(ended);
        },
      });
      wake();
      return promise;
    },
    close,
  };
}

/** As `identify` names its machine. */
function nameOf({ mac, duid }: Lease6): string {
  return mac ?? `duid:${duid}`;
}

/** Everything that is there to be read has been read by then. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function notAnswered(mac: string, reason: string): BootEvent {
  return { step: 'not-answered', mac, reason };
}
