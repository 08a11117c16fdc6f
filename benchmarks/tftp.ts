import { join } from 'node:path';
import { execa } from 'execa';
import type { Endpoint } from '../src/platform/udp.ts';
import { startLossyRelay } from '../test/support/lossy-relay.ts';
import type { Bound, Say } from './comparison.ts';
import { inFolder, randomBytes } from './folder.ts';
import type { LockstepOptions, LockstepResult } from './lockstep.ts';
import { byTurns, processorMs, timed } from './measure.ts';
import { makeRoot, startOurs } from './ours.ts';
import { startAtftpd, startDnsmasq, startHpa } from './peers.ts';
import type { Program } from './program.ts';

/** dnsmasq listens at port 69 alone, and so has an address of its own. */
const places = {
  ours: { address: '127.0.0.1', port: 16_969 },
  dnsmasq: { address: '127.0.69.1', port: 69 },
  'tftpd-hpa': { address: '127.0.0.1', port: 16_971 },
  atftpd: { address: '127.0.0.1', port: 16_972 },
} as const;
type Who = keyof typeof places;

/** One way, of the relay that stands for a network. */
const delayMs = 0.15;

/** Files of some MiB: what takes about a second. */
const files = { 'file-4': 4, 'file-12': 12, 'file-64': 64, small: 1 / 1024 };

interface Way {
  readonly what: string;
  readonly file: keyof typeof files;
  readonly blksize: number;
  readonly window: number;
  /** Who can do it beside us, and what we are held to beside each. */
  readonly peers: Partial<Record<Exclude<Who, 'ours'>, Bound | undefined>>;
}

const atLeast = (ratio: number): Bound => ({ ratioAtLeast: ratio });
/** One client, which is atftp. dnsmasq and tftpd-hpa know no windows. */
const ways: readonly Way[] = [
  {
    what: 'window 1, blksize 1024',
    file: 'file-12',
    blksize: 1024,
    window: 1,
    peers: { dnsmasq: atLeast(0.9), 'tftpd-hpa': undefined, atftpd: undefined },
  },
  {
    what: 'window 1, blksize 1468',
    file: 'file-12',
    blksize: 1468,
    window: 1,
    peers: { dnsmasq: undefined, 'tftpd-hpa': undefined, atftpd: undefined },
  },
  { what: 'window 4', file: 'file-64', blksize: 1468, window: 4, peers: { atftpd: undefined } },
  { what: 'window 16', file: 'file-64', blksize: 1468, window: 16, peers: { atftpd: atLeast(1) } },
  { what: 'window 64', file: 'file-64', blksize: 1468, window: 64, peers: { atftpd: atLeast(1.05) } },
];

/** What one fetch, or those of many clients, came to. */
interface Fetched {
  /** MiB/s. */
  readonly speed: number;
  /** Milliseconds of the server's processors for a MiB. */
  readonly cost: number;
  /** Share of one processor that the server took. */
  readonly busy: number;
}

async function costing(program: Program, fetch: () => Promise<{ bytes: number; ms: number }>): Promise<Fetched> {
  const before = processorMs(program.pid);
  const { bytes, ms } = await fetch();
  const usedMs = processorMs(program.pid) - before;
  const mebibytes = bytes / 1_048_576;
  return { speed: (mebibytes / ms) * 1000, cost: usedMs / mebibytes, busy: usedMs / ms };
}

async function fetchByAtftp(folder: string, { address, port }: Endpoint, { file, blksize, window }: Omit<Way, 'what'>) {
  const options = ['--option', `blksize ${blksize}`, '--option', `windowsize ${window}`];
  const names = ['--remote-file', file, '--local-file', join(folder, 'copy')];
  const ms = await timed(() => execa('atftp', ['--get', ...options, ...names, address, String(port)]));
  return { bytes: files[file] * 1_048_576, ms };
}

async function fetchInLockstep(who: Who, options: Pick<LockstepOptions, 'path' | 'clients' | 'blksize'>) {
  const { address: server, port } = places[who];
  const words: LockstepOptions = { server, port, source: '127.0.1.1', ...options };
  const { stdout } = await execa(process.execPath, [join(import.meta.dirname, 'lockstep.ts'), JSON.stringify(words)]);
  const result = JSON.parse(stdout) as LockstepResult;
  if (result.repeated > 0) throw new Error(`${result.repeated} times nothing came from ${who} for a second`);
  return result;
}

/** Where a server is to be found behind a wire. */
async function farAway(who: Who, stack: AsyncDisposableStack): Promise<Endpoint> {
  const relay = await startLossyRelay({ server: places[who], address: '127.0.0.1', delayMs });
  stack.defer(async () => void (await relay.stop()));
  return relay.local;
}

async function startAll(folder: string, stack: AsyncDisposableStack): Promise<Record<Who, Program>> {
  const contents = Object.entries(files).map(([name, mebibytes]) => [name, randomBytes(mebibytes * 1_048_576)]);
  const root = await makeRoot(folder, Object.fromEntries(contents));
  const place = (who: Who) => ({ folder, files: root.files, path: 'small', ...places[who] });
  const settings = { interface: 'lo', address: '127.0.0.1', tftp: { port: places.ours.port }, http: { port: 16_980 } };
  const started: Record<Who, Program> = {
    ours: await startOurs(folder, settings, `tftp://127.0.0.1:${places.ours.port}/small`),
    dnsmasq: await startDnsmasq(place('dnsmasq')),
    'tftpd-hpa': await startHpa(place('tftpd-hpa')),
    atftpd: await startAtftpd(place('atftpd')),
  };
  for (const program of Object.values(started)) stack.defer(() => program.stop());
  return started;
}

function sayAll(say: Say, what: string, results: Record<Who, Fetched>, peers: Way['peers']): void {
  for (const [peer, bound] of Object.entries(peers)) {
    const [ours, theirs] = [results.ours, results[peer as Who]];
    say({ what, unit: 'MiB/s', ours: ours.speed, peer, theirs: theirs.speed, bound });
  }
  for (const peer of Object.keys(peers)) {
    // Its processes are gone by then, and their time with them.
    if (peer === 'tftpd-hpa') continue;
    const [ours, theirs] = [results.ours, results[peer as Who]];
    say({ what: `${what}, processor`, unit: 'ms/MiB', ours: ours.cost, peer, theirs: theirs.cost });
  }
}

/** TFTP over the loopback. */
export async function measureTftp(say: Say, rounds: number): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const folder = await inFolder(stack);
  const programs = await startAll(folder, stack);
  const compare = async (what: string, peers: Way['peers'], fetch: (who: Who) => ReturnType<typeof fetchByAtftp>) => {
    const everybody = ['ours', ...Object.keys(peers)] as Who[];
    const results = await byTurns(everybody, rounds, (who) => costing(programs[who], () => fetch(who)));
    sayAll(say, what, results, peers);
    return results;
  };
  for (const way of ways) await compare(way.what, way.peers, (who) => fetchByAtftp(folder, places[who], way));
  await using relays = new AsyncDisposableStack();
  const far = { ours: await farAway('ours', relays), dnsmasq: await farAway('dnsmasq', relays) };
  const lockstep = { file: 'file-4', blksize: 1024, window: 1, peers: { dnsmasq: atLeast(0.98) } } as const;
  await compare(`window 1, blksize 1024, ${2 * delayMs} ms away`, lockstep.peers, (who) =>
    fetchByAtftp(folder, far[who as keyof typeof far], lockstep),
  );
  const clients = 50;
  const beside = { dnsmasq: atLeast(0.95), 'tftpd-hpa': undefined, atftpd: undefined };
  const results = await compare(`${clients} clients in lock-step, blksize 1468`, beside, (who) =>
    fetchInLockstep(who, { path: 'file-4', clients, blksize: 1468 }),
  );
  // Near 100 %: it is the server that is measured, and not its clients.
  for (const peer of Object.keys(beside) as (keyof typeof beside)[]) {
    const [ours, theirs] = [results.ours.busy * 100, results[peer].busy * 100];
    say({ what: `${clients} clients, the server's share of a processor`, unit: '%', ours, peer, theirs });
  }
}
