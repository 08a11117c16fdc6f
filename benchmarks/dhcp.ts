import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { rootLayout } from '../src/release/layout.ts';
import { openStore } from '../src/store/database.ts';
import { loadLeases } from '../src/store/leases.ts';
import { createNetns, type NetnsPair } from '../test/support/netns.ts';
import { avalanche, type Load, steadyLoad } from '../test/support/perfdhcp.ts';
import type { Say } from './comparison.ts';
import { inFolder } from './folder.ts';
import { median, peakBytes, processorMs } from './measure.ts';

const program = join(import.meta.dirname, '../bin/bootwright.js');

const server = '10.99.0.1';
const range = { first: '10.99.1.0', last: '10.99.254.255' };
/** perfdhcp, as a relay in the same network. */
const through = { server, relay: '10.99.255.254', clients: 50_000 };
/** Machines that are switched on at once. */
const racks = { ...through, clients: 5000 };

/** Of exchanges that count as gone through: a datagram is lost now and then where another process takes the processor. */
const mostLost = 0.001;
const fastest = 16_000;
const steps = 5;
const stepSeconds = 3;
/** Both manage that everywhere; what an exchange costs is measured here. */
const calm = { rate: 2000, seconds: 3 };
/** More than either manages on the machines that we have. */
const tooMuch = { rate: fastest, seconds: stepSeconds };

type Who = 'ours' | 'kea';
const both: readonly Who[] = ['ours', 'kea'];

interface Peer {
  readonly pid: number;
  readonly pair: NetnsPair;
  /** Nothing is written after that. */
  kill(): Promise<void>;
}

/** Runs a program in a namespace of its own until it answers. */
async function start(words: readonly string[], env: Record<string, string>, log: string): Promise<Peer> {
  const pair = await createNetns({ server: `${server}/16`, client: `${through.relay}/16` });
  const options = { env, reject: false, stdin: 'ignore', stdout: { file: log }, stderr: { file: log } } as const;
  const child = execa('ip', ['netns', 'exec', pair.server.name, ...words], options);
  const kill = async () => {
    child.kill('SIGKILL');
    await child;
    await pair.remove();
  };
  for (let attempt = 1; attempt <= 10; attempt++) {
    const { complete } = await steadyLoad(pair.client, through, { rate: 10, seconds: 1 });
    if (complete > 0) return { pid: child.pid ?? 0, pair, kill };
  }
  await kill();
  throw new Error(`no answer: ${await readFile(log, 'utf8')}`);
}

async function startOurs(folder: string): Promise<Peer> {
  const settings = {
    interface: 'eth0',
    root: join(folder, 'root'),
    images: join(folder, 'images'),
    // Kea 2.2 looks for no other user of an address either.
    dhcp: { range: `${range.first}-${range.last}`, probe: false, lookSeconds: 0 },
    log: { format: 'json', level: 'warn' },
  };
  await mkdir(settings.images);
  const path = join(folder, 'bootwright.yaml');
  await writeFile(path, JSON.stringify(settings));
  return start([process.execPath, program, 'serve', '--config', path], {}, join(folder, 'ours.log'));
}

async function startKea(folder: string): Promise<Peer> {
  const settings = {
    Dhcp4: {
      // What Kea's manual recommends where all machines are behind relays.
      'interfaces-config': { interfaces: ['eth0'], 'dhcp-socket-type': 'udp' },
      'lease-database': { type: 'memfile', persist: true, name: join(folder, 'kea-leases.csv') },
      'valid-lifetime': 3600,
      subnet4: [{ subnet: '10.99.0.0/16', pools: [{ pool: `${range.first} - ${range.last}` }] }],
      loggers: [{ name: 'kea-dhcp4', severity: 'WARN', output_options: [{ output: 'stdout' }] }],
    },
  };
  const path = join(folder, 'kea.json');
  await writeFile(path, JSON.stringify(settings));
  const env = { KEA_PIDFILE_DIR: folder, KEA_LOCKFILE_DIR: folder, KEA_DHCP_DATA_DIR: folder };
  return start(['kea-dhcp4', '-c', path], env, join(folder, 'kea.log'));
}

/** How many exchanges a second went through at that rate; 0 where some were lost, twice. */
async function reached({ pair }: Peer, rate: number): Promise<number> {
  for (const _attempt of ['first', 'second']) {
    const { begun, complete } = await steadyLoad(pair.client, through, { rate, seconds: stepSeconds });
    // What perfdhcp managed to begin, which may be less than it was told to.
    if (complete >= begun * (1 - mostLost)) return complete / stepSeconds;
  }
  return 0;
}

/** The most exchanges a second that go through, by halves, for both side by side. */
async function highestRates(peers: Record<Who, Peer>): Promise<Record<Who, number>> {
  const best = { ours: 0, kea: 0 };
  const next = { ours: fastest / 2, kea: fastest / 2 };
  for (let width = fastest / 4, step = 1; step <= steps; step++, width /= 2) {
    for (const who of both) {
      const rate = await reached(peers[who], next[who]);
      best[who] = Math.max(best[who], rate);
      next[who] += rate > 0 ? width : -width;
    }
  }
  return best;
}

/** Microseconds of processor time for one exchange. */
async function costOfOne({ pid, pair }: Peer): Promise<number> {
  const before = processorMs(pid);
  const { complete } = await steadyLoad(pair.client, through, calm);
  return ((processorMs(pid) - before) * 1000) / complete;
}

/** Throws where a machine has another address in our store than it was told, or an address has two machines. */
async function compareLeases({ leases, doubled }: Load, state: string): Promise<void> {
  const store = await openStore(state);
  const kept = new Map((await loadLeases(store)).map(({ mac, address }) => [mac, address]));
  await store.destroy();
  const lost = [...leases].filter(([mac, address]) => kept.get(mac) !== address);
  if (lost.length > 0 || doubled.length > 0 || leases.size < racks.clients) {
    throw new Error(`of ${leases.size} leases, ${lost.length} are lost and ${doubled.length} doubled`);
  }
  console.log(`killed right after the last ACK: of ${leases.size} leases of the avalanche, none lost, none doubled`);
}

/**
 * DHCP beside Kea with its memfile lease store: perfdhcp as a relay in a network namespace. How many full exchanges a
 * second go through without drops, what one costs in processor time, and how long 5,000 machines take that are switched
 * on at once. In the end our server is killed, and its leases are compared with what perfdhcp saw.
 */
export async function measureDhcp(say: Say, rounds: number): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const folder = await inFolder(stack);
  const kea = await startKea(folder);
  stack.defer(() => kea.kill());
  const ours = await startOurs(folder);
  stack.defer(() => ours.kill());
  const peers = { ours, kea };
  const empty = (): Record<Who, number[]> => ({ ours: [], kea: [] });
  const [rates, floods, costs, times] = [empty(), empty(), empty(), empty()];
  let last: Load | undefined;
  for (const who of both) await costOfOne(peers[who]);
  for (let round = 1; round <= rounds; round++) {
    const best = await highestRates(peers);
    for (const who of both) {
      rates[who].push(best[who]);
      const { complete } = await steadyLoad(peers[who].pair.client, through, tooMuch);
      floods[who].push(complete / tooMuch.seconds);
      costs[who].push(await costOfOne(peers[who]));
    }
    for (const who of ['kea', 'ours'] as const) {
      last = await avalanche(peers[who].pair.client, racks);
      times[who].push(last.tookMs);
    }
  }
  const compare = (what: string, unit: string, { ours: our, kea: their }: Record<Who, number[]>) =>
    say({ what, unit, ours: median(our), peer: 'Kea', theirs: median(their) });
  compare('without drops', 'exchanges/s', rates);
  compare(`of ${fastest} a second get through`, 'exchanges/s', floods);
  compare('processor', 'µs an exchange', costs);
  compare(`${racks.clients} machines at once`, 'ms', times);
  compare('memory at most', 'MiB', {
    ours: [peakBytes(ours.pid) / 1_048_576],
    kea: [peakBytes(kea.pid) / 1_048_576],
  });
  await ours.kill();
  if (last !== undefined) await compareLeases(last, rootLayout(join(folder, 'root')).state);
}
