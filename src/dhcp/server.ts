import type { BootEvent, Report } from '../boot/timeline.ts';
import { hasCode } from '../errors.ts';
import type { Clock } from '../platform/clock.ts';
import type { Endpoint, Udp, UdpSocket } from '../platform/udp.ts';
import { formatMac } from '../wire/addresses.ts';
import type { Exchange, Network } from './exchange.ts';
import type { LeaseStore } from './lease.ts';
import { type LeaseChanges, LeaseTable } from './lease-table.ts';
import { type PoolRange, readPool } from './pool.ts';
import { type Answer, answer } from './reply.ts';

/** One network: its interface, its addresses, and what machines are told. */
export interface DhcpServerOptions extends Network {
  readonly udp: Udp;
  readonly clock: Clock;
  /** Such as `eth0`. Nothing is heard from or sent to any other. */
  readonly interface: string;
  readonly pool: PoolRange;
  readonly store: LeaseStore;
  readonly bootFor: Exchange['bootFor'];
  /** Must not throw. */
  readonly report: Report;
  /** Where we listen; 67 unless said otherwise. */
  readonly port?: number;
  /** Where machines listen; 68 unless said otherwise. */
  readonly clientPort?: number;
  /** Runs before acknowledgements go out, at the same time as the leases are saved. */
  readonly beforeReply?: () => Promise<void>;
}

export interface DhcpServer {
  /** Answers what has come in, and stops. */
  close(): Promise<void>;
}

interface Received {
  readonly bytes: Uint8Array;
  readonly from: Endpoint;
}

/** Datagrams that wait for the disk. What comes beyond is lost, as on a full network; machines ask again. */
const longestQueue = 4096;

/** Where an Ethernet address stands in a DHCP message. RFC 2131 §2. */
const chaddr = { start: 28, end: 34 };

/**
 * Answers the machines of one interface. All datagrams that come in while leases are being saved, or in one turn of the
 * event loop, are answered together and cost one save. An ACK goes out only after its lease is safe.
 *
 * Throws DHCP_POOL_INVALID, what `Udp.open` throws, and what the store throws on `load`.
 */
export async function startDhcpServer(options: DhcpServerOptions): Promise<DhcpServer> {
  const { udp, clock, store, report, port = 67, clientPort = 68, router, dns = [] } = options;
  const others = router === undefined ? dns : [router, ...dns];
  const leases = new LeaseTable(readPool(options.pool, options, others));
  leases.restore(await store.load());

  const circumstances = { network: options, leases, bootFor: options.bootFor };
  let queue: Received[] = [];
  let working: Promise<void> | undefined;
  let isClosing = false;

  const opening = udp.open(
    { address: '0.0.0.0', port, interface: options.interface, broadcast: true },
    (bytes, from) => {
      if (isClosing) return;
      if (queue.length >= longestQueue) {
        const mac = formatMac(bytes.subarray(chaddr.start, chaddr.end));
        report(notAnswered(mac, `${longestQueue} other messages are waiting for the leases to be saved`));
        return;
      }
      queue.push({ bytes, from });
      working ??= nextTurn().then(work);
    },
  );

  async function work(): Promise<void> {
    const socket = await opening;
    while (queue.length > 0) {
      const batch = queue;
      queue = [];
      const lasting: Answer[] = [];
      for (const received of batch) {
        const decided = decide(received);
        if (decided?.isLasting) lasting.push(decided);
        else if (decided !== undefined) carryOut(decided, socket);
      }
      // Also where nothing is lasting: offers are changes that no later failure may take back.
      const changes = leases.takeChanges();
      if (lasting.length > 0) await commit(lasting, changes, socket);
    }
    working = undefined;
  }

  function decide({ bytes, from }: Received): Answer | undefined {
    try {
      return answer(bytes, { ...circumstances, nowMs: clock.nowMs() });
    } catch (error) {
      const reason = hasCode(error, 'DHCP_MALFORMED') ? error.message : `Bootwright failed on it: ${String(error)}`;
      report({ step: 'malformed', protocol: 'dhcp', address: from.address, reason });
      return undefined;
    }
  }

  async function commit(lasting: readonly Answer[], changes: LeaseChanges, socket: UdpSocket): Promise<void> {
    const failure = await firstFailure([
      async () => (changes.leases.length > 0 ? store.save(changes.leases) : undefined),
      async () => options.beforeReply?.(),
    ]);
    if (failure === undefined) {
      for (const decided of lasting) carryOut(decided, socket);
      return;
    }
    changes.undo();
    for (const { mac } of lasting) report(notAnswered(mac, `its lease could not be saved: ${failure}`));
  }

  function carryOut({ datagram, mac, events }: Answer, socket: UdpSocket): void {
    if (datagram !== undefined) {
      socket.send(datagram.bytes, { address: datagram.address, port: clientPort }, (error) => {
        if (error !== null) report(notAnswered(mac, `the answer could not be sent: ${error.message}`));
      });
    }
    events.forEach(report);
  }

  const socket = await opening;
  return {
    async close() {
      isClosing = true;
      await working;
      await socket.close();
    },
  };
}

/** Runs all to their end, so that no write of this batch is under way when the next one starts. */
async function firstFailure(tasks: readonly (() => Promise<void>)[]): Promise<string | undefined> {
  const outcomes = await Promise.allSettled(tasks.map((task) => task()));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  return failed === undefined ? undefined : String(failed.reason);
}

/** Everything that is there to be read has been read by then. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function notAnswered(mac: string, reason: string): BootEvent {
  return { step: 'not-answered', mac, reason };
}
