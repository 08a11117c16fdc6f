import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { formatIpv4, parseIpv4 } from '../src/wire/addresses.ts';
import { forgetPages } from './calls.ts';
import type { Bound, Say } from './comparison.ts';
import { inFolder, randomBytes } from './folder.ts';
import { byTurns, peakBytes, processorMs, timed } from './measure.ts';
import { makeRoot, type Root, startOurs } from './ours.ts';
import { startNginx } from './peers.ts';
import { workerOf } from './program.ts';

const address = '127.0.0.1';
/** The first of those that clients come from; the others are behind it. */
const source = '127.0.1.1';
const ports = { http: { ours: 18_080, nginx: 18_081 }, https: { ours: 18_443, nginx: 18_444 } } as const;
const everybody = ['ours', 'nginx'] as const;
type Who = (typeof everybody)[number];

const fileMiB = 512;
const files = { 'live.iso': fileMiB * 1_048_576, small: 10 * 1024 };
/** Of our server, in MiB: with all of the file in it, and as it is unless somebody sets it. */
const caches = { whole: fileMiB + 128, standard: 96 };

/** The process of each that does the work. */
type Workers = Readonly<Record<Who, number>>;

interface Load {
  readonly what: string;
  readonly clients: readonly number[];
  readonly scheme: keyof typeof ports;
  /** The kernel forgets the file before each fetch. */
  readonly fromDisk?: boolean;
  readonly speed: (clients: number) => Bound | undefined;
  readonly cost?: Bound;
}

const atLeast = (ratio: number): Bound => ({ ratioAtLeast: ratio });
const hot: Load = {
  what: 'hot',
  clients: [1, 4, 16, 64],
  scheme: 'http',
  speed: (clients) => atLeast(clients === 1 ? 1 : 1.2),
  cost: { ratioAtMost: 1.25 },
};
const cold: readonly Load[] = [
  { what: 'larger than the cache', clients: [1, 4, 16], scheme: 'http', speed: () => atLeast(0.9) },
  { what: 'from the disk', clients: [1, 4, 16], scheme: 'http', fromDisk: true, speed: () => atLeast(0.9) },
];
const overTls: Load = { what: 'HTTPS, hot', clients: [1, 4], scheme: 'https', speed: () => undefined };

/** A key and a certificate of its own, both in PEM. */
async function makeCertificate(folder: string) {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=localhost'];
  await execa('openssl', ['req', '-x509', '-days', '2', ...kind, '-keyout', key, '-out', certificate]);
  return { key, certificate };
}

async function startBoth(folder: string, root: Root, cacheMiB: number, tls: boolean, stack: AsyncDisposableStack) {
  const pem = tls ? await makeCertificate(folder) : undefined;
  const settings = {
    ...{ interface: 'lo', address, tftp: { port: 18_069 } },
    // wrk has one address for all of its connections.
    http: { port: ports.http.ours, cacheMiB, maxPerMachine: 64 },
    ...(pem === undefined ? {} : { https: { port: ports.https.ours, ...pem } }),
  };
  const ours = await startOurs(folder, settings, urlOf('ours', tls ? 'https' : 'http', 'small'));
  stack.defer(() => ours.stop());
  const https = pem === undefined ? undefined : { port: ports.https.nginx, ...pem };
  const place = { folder, files: root.files, address, port: ports.http.nginx, path: 'small' };
  const nginx = await startNginx({ ...place, https });
  stack.defer(() => nginx.stop());
  return { ours: ours.pid, nginx: await workerOf(nginx) };
}

function urlOf(who: Who, scheme: keyof typeof ports, name: keyof typeof files): string {
  return `${scheme}://${address}:${ports[scheme][who]}/${name}`;
}

async function fetchAll(url: string, clients: number, bytes: number): Promise<void> {
  const fetches = Array.from({ length: clients }, (_, place) => {
    const from = formatIpv4((parseIpv4(source) ?? 0) + place);
    return execa('curl', ['-sfk', '--interface', from, '--range', `0-${bytes - 1}`, '-o', '/dev/null', url]);
  });
  await Promise.all(fetches);
}

async function forget(path: string): Promise<void> {
  const file = await open(path, 'r+');
  await file.sync();
  forgetPages(file.fd);
  await file.close();
}

async function measureLoad(say: Say, rounds: number, root: Root, workers: Workers, load: Load): Promise<void> {
  for (const clients of load.clients) {
    // So many take what one would need half a minute for.
    const bytes = clients > 16 ? files['live.iso'] / 4 : files['live.iso'];
    const { ours, nginx } = await byTurns(everybody, rounds, async (who) => {
      if (load.fromDisk) await forget(join(root.files, 'live.iso'));
      const before = processorMs(workers[who]);
      const ms = await timed(() => fetchAll(urlOf(who, load.scheme, 'live.iso'), clients, bytes));
      const gigabytes = (clients * bytes) / 1e9;
      return { speed: (gigabytes / ms) * 1e6, cost: (processorMs(workers[who]) - before) / gigabytes };
    });
    const what = `${load.what}, ${clients} client${clients === 1 ? '' : 's'}`;
    const [peer, bound] = ['nginx', load.speed(clients)];
    say({ what, unit: 'MB/s', ours: ours.speed, peer, theirs: nginx.speed, bound });
    const cost = { ours: ours.cost, peer, theirs: nginx.cost, bound: load.cost };
    say({ what: `${what}, processor`, unit: 'ms/GB', ...cost });
  }
}

/** Requests for 10 KiB, as of GRUB for a module, on kept connections and each on one of its own. */
async function measureRequests(say: Say, rounds: number, workers: Workers): Promise<void> {
  const connections = 16;
  for (const [how, header] of [
    ['kept connections', []] as const,
    ['new connections', ['-H', 'Connection: close']] as const,
  ]) {
    const { ours, nginx } = await byTurns(everybody, rounds, async (who) => {
      const before = processorMs(workers[who]);
      const words = ['-t', '1', '-c', String(connections), '-d', '2s', ...header, urlOf(who, 'http', 'small')];
      const { stdout } = await execa('wrk', words);
      const [, count] = /(\d+) requests in/.exec(stdout) ?? [];
      const [, rate] = /Requests\/sec: +([\d.]+)/.exec(stdout) ?? [];
      if (rate === undefined || stdout.includes('Non-2xx')) throw new Error(`wrk says: ${stdout}`);
      return { rate: Number(rate), cost: ((processorMs(workers[who]) - before) / Number(count)) * 1000 };
    });
    const what = `10 KiB on ${connections} ${how}`;
    say({ what, unit: 'requests/s', ours: ours.rate, peer: 'nginx', theirs: nginx.rate });
    say({ what: `${what}, processor`, unit: 'µs each', ours: ours.cost, peer: 'nginx', theirs: nginx.cost });
  }
}

function sayMemory(say: Say, workers: Workers, cacheMiB: number): void {
  const [ours, theirs] = everybody.map((who) => peakBytes(workers[who]) / 1_048_576) as [number, number];
  say({ what: `memory at most, with a cache of ${cacheMiB} MiB`, unit: 'MiB', ours, peer: 'nginx', theirs });
}

async function makeFiles(folder: string): Promise<Root> {
  const contents = Object.entries(files).map(([name, sizeBytes]) => [name, randomBytes(sizeBytes)]);
  return makeRoot(folder, Object.fromEntries(contents));
}

/** HTTP over the loopback beside nginx. */
export async function measureHttp(say: Say, rounds: number): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const folder = await inFolder(stack);
  const root = await makeFiles(folder);
  {
    await using started = new AsyncDisposableStack();
    const workers = await startBoth(folder, root, caches.whole, false, started);
    await measureLoad(say, rounds, root, workers, hot);
    sayMemory(say, workers, caches.whole);
  }
  await using started = new AsyncDisposableStack();
  const workers = await startBoth(folder, root, caches.standard, false, started);
  for (const load of cold) await measureLoad(say, rounds, root, workers, load);
  await measureRequests(say, rounds, workers);
  sayMemory(say, workers, caches.standard);
}

/** The same over TLS, as both agree on it with curl. */
export async function measureHttps(say: Say, rounds: number): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const folder = await inFolder(stack);
  const root = await makeFiles(folder);
  const workers = await startBoth(folder, root, caches.whole, true, stack);
  await measureLoad(say, rounds, root, workers, overTls);
}
