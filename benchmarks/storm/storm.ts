import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { roomForNeighbours } from '../../test/support/neighbours.ts';
import { createNetns, type Netns, type NetnsPair } from '../../test/support/netns.ts';
import { type ImageSizes, stormImage } from './image.ts';
import type { Boot } from './machine.ts';
import type { Booted, Orders, Taken } from './orders.ts';
import { startServer } from './server.ts';
import { look, type Seen, watchMemory } from './watched-process.ts';

const server = '10.99.0.1';
const blasterPort = 8099;
const client = join(import.meta.dirname, '../storm-client.ts');
const blaster = join(import.meta.dirname, '../storm-blaster.ts');

export interface StormOptions extends ImageSizes {
  readonly machines: number;
  /** Bytes that are taken from the server that does nothing, before and after; 0: the link is not measured. */
  readonly linkBytes: number;
  readonly timeoutSeconds: number;
  /** Flags of `bootwright serve`, beside its interface and its range. */
  readonly settings?: readonly string[];
}

export interface Storm {
  readonly machines: number;
  /** Each with its times since all were switched on. */
  readonly boots: readonly Boot[];
  /** Bytes a second, as often as they were measured. */
  readonly linkRates: readonly number[];
  readonly before: Seen;
  /** Right behind the last machine. */
  readonly after: Seen;
  /** When its descriptors are as before, or ten seconds later. */
  readonly settled: Seen;
  readonly memory: ReturnType<ReturnType<typeof watchMemory>['stop']>;
  readonly clientProcessorMs: number;
  /** What the kernel dropped in the server's namespace, as nstat names it. */
  readonly dropped: Readonly<Record<string, number>>;
}

/** Switches so many machines on at once. Needs root and the program `ip`. */
export async function storm(options: StormOptions): Promise<Storm> {
  await using _room = await roomForNeighbours();
  const folder = await mkdtemp(join(tmpdir(), 'bootwright-storm-'));
  const pair = await createNetns({ server: `${server}/16`, client: '10.99.255.254/16' });
  try {
    return await inPlace(options, folder, pair);
  } finally {
    await pair.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

async function inPlace(options: StormOptions, folder: string, pair: NetnsPair): Promise<Storm> {
  const { machines, linkBytes, timeoutSeconds, settings = [] } = options;
  const range = ['--range', '10.99.1.0-10.99.254.255'];
  const serving = await startServer(folder, stormImage(options), pair.server, [...range, ...settings]);
  const { pid, release } = serving;
  const link = () => (linkBytes === 0 ? [] : measureLink(pair, release, machines, linkBytes));
  const rates = [...(await link())];
  const before = look(pid);
  const watch = watchMemory(pid);
  const booted = await order<Booted>(pair.client, { do: 'boot', machines, release, timeoutSeconds });
  const after = look(pid);
  const memory = watch.stop();
  const settled = await settle(pid, before);
  const dropped = await drops(pair.server);
  rates.push(...(await link()));
  await serving.stop();
  return {
    machines,
    boots: booted.boots.map((boot) => sinceStart(boot, booted.beganMs)),
    linkRates: rates,
    before,
    after,
    settled,
    memory,
    clientProcessorMs: booted.processorMs,
    dropped,
  };
}

async function order<Result>(where: Netns, orders: Orders): Promise<Result> {
  const { stdout } = await where.run(process.execPath, [client, JSON.stringify(orders)], { timeout: 900_000 });
  return JSON.parse(String(stdout)) as Result;
}

/** As many connections at once as a storm has, at most; a few of them may be faster than all. */
const fewConnections = 64;

/** Bytes a second that the same client takes from a server that does nothing else, over the same wire. */
async function measureLink(pair: NetnsPair, release: string, machines: number, bytes: number): Promise<number[]> {
  const words = ['netns', 'exec', pair.server.name, process.execPath, blaster, server, String(blasterPort)];
  const child = execa('ip', [...words, join(release, 'storm.iso')], { reject: false, buffer: false });
  try {
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const rates: number[] = [];
    const url = `http://${server}:${blasterPort}/storm.iso`;
    for (const connections of new Set([Math.min(machines, fewConnections), machines])) {
      const taken = await order<Taken>(pair.client, { do: 'take', url, release, connections, bytes });
      rates.push((taken.bytes / taken.tookMs) * 1000);
    }
    return rates;
  } finally {
    child.kill('SIGKILL');
    await child;
  }
}

function sinceStart(boot: Boot, beganMs: number): Boot {
  const since = Object.entries(boot).map(([key, value]) => {
    return [key, key.endsWith('Ms') && typeof value === 'number' ? value - beganMs : value];
  });
  return Object.fromEntries(since) as Boot;
}

async function settle(pid: number, before: Seen): Promise<Seen> {
  for (let tries = 100; ; tries--) {
    const seen = look(pid);
    if (seen.descriptors <= before.descriptors || tries === 0) return seen;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const dropCounters = ['UdpRcvbufErrors', 'TcpExtListenOverflows', 'TcpExtListenDrops', 'TcpRetransSegs'];

async function drops(where: Netns): Promise<Record<string, number>> {
  const { stdout } = await where.run('nstat', ['-asz', ...dropCounters]);
  const counted = [...String(stdout).matchAll(/^(\w+)\s+(\d+)/gm)];
  return Object.fromEntries(counted.map(([, name, count]) => [name, Number(count)]).filter(([, count]) => count !== 0));
}
