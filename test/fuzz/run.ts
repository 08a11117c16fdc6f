import { makeDhcpWorld } from './dhcp-world.ts';
import { makeDhcp6World } from './dhcp6-world.ts';
import { heapBytes } from './heap.ts';
import { Random } from './random.ts';
import { loadSeeds, type Seeds } from './seeds.ts';
import { makeTftpWorld } from './tftp-world.ts';
import { Finding, type Input, type MakeWorld, turns, type World } from './world.ts';

/** What went wrong, and how to see it again: the same seed, of which this is the first episode. */
interface Found {
  readonly seed: number;
  readonly kind: Kind;
  readonly what: string;
  /** Of the last messages, in hexadecimal, and where they came in. */
  readonly last: readonly string[];
}

export interface FuzzResult {
  readonly episodes: number;
  readonly inputs: number;
  readonly answers: number;
  readonly slowestMs: number;
  readonly findings: readonly Found[];
}

interface FuzzOptions {
  readonly seed: number;
  /** By `performance.now`. */
  readonly untilMs: number;
  readonly onEpisode?: (soFar: FuzzResult) => void;
}

const kinds = { dhcp: makeDhcpWorld, dhcp6: makeDhcp6World, tftp: makeTftpWorld } satisfies Record<string, MakeWorld>;
type Kind = keyof typeof kinds;
/** TFTP's parser is small. */
const turnsOf: readonly Kind[] = ['dhcp', 'dhcp6', 'dhcp', 'dhcp6', 'dhcp', 'dhcp6', 'dhcp', 'dhcp6', 'tftp'];

const inputsOfEpisode = 4000;
const largestBatch = 16;
/** More than a server keeps for later. */
const floodSize = 5000;
/** CPU time of this thread for one batch, and in a flood for each message of it besides. */
const mostMs = { batch: 50, each: 0.5 };
/** What an episode may leave on the heap while its world is there: small pools, and bounded books of boots. */
const mostHeapBytes = 24 * 2 ** 20;
const mostFindings = 10;

class Slow extends Finding {}

/** Episodes of a few thousand messages each, every one with a server of its own and the seed that follows. */
export async function fuzz({ seed, untilMs, onEpisode }: FuzzOptions): Promise<FuzzResult> {
  const seeds = await loadSeeds();
  const sum = { episodes: 0, inputs: 0, answers: 0, slowestMs: 0, findings: [] as Found[] };
  while (performance.now() < untilMs && sum.findings.length < mostFindings) {
    let episode = await runEpisode(seed + sum.episodes, seeds, untilMs);
    // A slow answer is slow again; a compiler or a garbage collector that came between is not.
    if (episode.isSlow) episode = await runEpisode(seed + sum.episodes, seeds, untilMs);
    sum.episodes += 1;
    sum.inputs += episode.inputs;
    sum.answers += episode.answers;
    sum.slowestMs = Math.max(sum.slowestMs, episode.slowestMs);
    if (episode.found !== undefined) sum.findings.push(episode.found);
    onEpisode?.(sum);
  }
  return sum;
}

async function runEpisode(seed: number, seeds: Seeds, untilMs: number) {
  const random = new Random(seed);
  const kind = random.pick(turnsOf);
  const startBytes = heapBytes();
  const world = await kinds[kind](random, seeds);
  const last: Input[] = [];
  let inputs = 0;
  let slowestMs = 0;
  let what: string | undefined;
  let isSlow = false;
  try {
    while (inputs < inputsOfEpisode && performance.now() < untilMs) {
      const size = random.once(1500) ? floodSize : 1 + random.int(largestBatch);
      const batch = Array.from({ length: size }, () => world.next());
      last.push(...batch.slice(-2 * largestBatch));
      last.splice(0, last.length - 2 * largestBatch);
      inputs += batch.length;
      const tookMs = await take(world, batch);
      if (size <= largestBatch) slowestMs = Math.max(slowestMs, tookMs);
      if (random.once(8)) await world.happen();
      if (world.finding !== undefined) throw world.finding;
    }
    await world.settle();
    if (world.finding !== undefined) throw world.finding;
    let grownBytes = heapBytes() - startBytes;
    if (grownBytes > mostHeapBytes) {
      // The runner and the compiler work beside us: what is lost stays lost.
      await new Promise((resolve) => setTimeout(resolve, 1000));
      grownBytes = heapBytes() - startBytes;
    }
    if (grownBytes > mostHeapBytes) throw new Finding(`the heap has grown by ${grownBytes} bytes`);
  } catch (error) {
    isSlow = error instanceof Slow;
    what = error instanceof Finding ? error.message : `thrown past the shell: ${(error as Error).stack}`;
  }
  await world.close();
  const shown = last.map(({ interface: name, port, from, bytes }) => {
    return `${name} port ${port} from ${from.address} port ${from.port}: ${Buffer.from(bytes).toString('hex')}`;
  });
  const found = what === undefined ? undefined : { seed, kind, what, last: shown };
  return { inputs, answers: world.answers, slowestMs, found, isSlow };
}

/** How long all of them took together, in milliseconds of CPU time. */
async function take(world: World, batch: readonly Input[]): Promise<number> {
  const before = process.threadCpuUsage();
  for (const input of batch) world.deliver(input);
  await turns(3);
  const { user, system } = process.threadCpuUsage(before);
  const tookMs = (user + system) / 1000;
  if (tookMs > mostMs.batch + mostMs.each * (batch.length > largestBatch ? batch.length : 0))
    throw new Slow(`${batch.length} messages took ${tookMs} ms`);
  return tookMs;
}
