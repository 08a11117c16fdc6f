import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createNetns, type NetnsPair } from '../test/support/netns.ts';
import type { AskerOptions, AskerResult } from './asker.ts';
import type { Say } from './comparison.ts';
import { inFolder, randomBytes } from './folder.ts';
import { median, percentile } from './measure.ts';
import { makeRoot, type Root, startOurs } from './ours.ts';
import { startDnsmasq, startNginx } from './peers.ts';
import type { SinkOptions, SinkResult } from './sink.ts';

const server = '10.99.0.1';
const client = '10.99.0.2';
/** Of HTTP, and as many behind it. */
const source = '10.99.250.1';
const range = { first: '10.99.1.0', last: '10.99.249.255' };
const loads = [0, 4, 16, 64, 200];
const mostClients = Math.max(...loads);
const asking = { perSecond: 150, seconds: 4 };
/** The load is there before the first machine asks. */
const ahead = { seconds: 1 };
const fileMiB = 256;

const everybody = ['ours', 'theirs'] as const;
type Who = (typeof everybody)[number];

/** What became of one load, in all rounds. */
interface Answers {
  readonly dhcp: number[];
  readonly tftp: number[];
  /** MB/s, a value each round. */
  readonly http: number[];
}

/** Two computers with a cable between them; the client's has an address for each of many clients. */
async function makeNetwork(stack: AsyncDisposableStack): Promise<NetnsPair> {
  const pair = await createNetns({ server: `${server}/16`, client: `${client}/16` });
  stack.defer(() => pair.remove());
  const [first = 0, second = 0, third = 0, last = 0] = source.split('.').map(Number);
  const addresses = Array.from({ length: mostClients }, (_, place) => {
    const whole = third * 256 + last + place;
    return `address add ${first}.${second}.${whole >> 8}.${whole & 255}/16 dev eth0\n`;
  });
  await pair.client.run('ip', ['-batch', '-'], { input: addresses.join('') });
  return pair;
}

async function startBoth(folder: string, root: Root, stack: AsyncDisposableStack): Promise<Record<Who, NetnsPair>> {
  const [ours, theirs] = [await makeNetwork(stack), await makeNetwork(stack)];
  const settings = {
    interface: 'eth0',
    // dnsmasq is told not to look for other users of an address either.
    dhcp: { range: `${range.first}-${range.last}`, probe: false, lookSeconds: 0 },
    http: { cacheMiB: fileMiB + 64 },
  };
  const program = await startOurs(folder, settings, `http://${server}/small`, ours.server);
  stack.defer(() => program.stop());
  const place = { folder, files: root.files, address: server, within: theirs.server };
  const nginx = await startNginx({ ...place, port: 80, path: 'small' });
  stack.defer(() => nginx.stop());
  const dhcpRange = `${range.first},${range.last},255.255.0.0,1h`;
  const dnsmasq = await startDnsmasq({ ...place, path: 'small', dhcpRange });
  stack.defer(() => dnsmasq.stop());
  return { ours, theirs };
}

function runClient(pair: NetnsPair, name: string, options: object): Promise<string> {
  const words = [join(import.meta.dirname, name), JSON.stringify(options)];
  return pair.client.run(process.execPath, words).then(({ stdout }) => String(stdout));
}

async function measureOnce(pair: NetnsPair, clients: number): Promise<{ asked: AskerResult; megabytes: number }> {
  const { seconds } = asking;
  const sink: SinkOptions = {
    server,
    port: 80,
    path: 'live.iso',
    clients,
    source,
    seconds: seconds + 2 * ahead.seconds,
  };
  const load = clients === 0 ? undefined : runClient(pair, 'sink.ts', sink);
  await new Promise((resolve) => setTimeout(resolve, ahead.seconds * 1000));
  const options: AskerOptions = { server, relay: client, path: 'small', ...asking };
  const [asked, taken] = await Promise.all([runClient(pair, 'asker.ts', options), load]);
  const { bytes, ms, broken } = JSON.parse(taken ?? '{ "bytes": 0, "ms": 1, "broken": 0 }') as SinkResult;
  if (broken > 0) throw new Error(`${broken} of the connections of ${clients} HTTP clients broke`);
  return { asked: JSON.parse(asked) as AskerResult, megabytes: bytes / 1000 / ms };
}

/** How long DHCP and TFTP take to answer while so many HTTP clients take all they can get. */
export async function measureLatency(say: Say, rounds: number): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const folder = await inFolder(stack);
  await mkdir(join(folder, 'logs'));
  const root = await makeRoot(folder, { 'live.iso': randomBytes(fileMiB * 1_048_576), small: randomBytes(1024) });
  const pairs = await startBoth(folder, root, stack);
  for (const who of everybody) await measureOnce(pairs[who], 4);
  for (const clients of loads) {
    const empty = (): Answers => ({ dhcp: [], tftp: [], http: [] });
    const answers: Record<Who, Answers> = { ours: empty(), theirs: empty() };
    for (let round = 1; round <= rounds; round++) {
      for (const who of round % 2 === 1 ? everybody : everybody.toReversed()) {
        const { asked, megabytes } = await measureOnce(pairs[who], clients);
        answers[who].dhcp.push(...asked.dhcp);
        answers[who].tftp.push(...asked.tftp);
        answers[who].http.push(megabytes);
      }
    }
    sayLoad(say, clients, answers);
  }
}

function sayLoad(say: Say, clients: number, { ours, theirs }: Record<Who, Answers>): void {
  for (const protocol of ['dhcp', 'tftp'] as const) {
    for (const [name, share] of Object.entries({ p50: 0.5, p99: 0.99, max: 1 })) {
      say({
        what: `${protocol.toUpperCase()} beside ${clients} HTTP clients, ${name}`,
        unit: 'ms',
        ours: percentile(ours[protocol], share),
        peer: 'dnsmasq',
        theirs: percentile(theirs[protocol], share),
        bound: name === 'p99' && clients > 0 ? { below: 20 } : undefined,
      });
    }
  }
  if (clients === 0) return;
  const [our, their] = [median(ours.http), median(theirs.http)];
  say({ what: `what ${clients} HTTP clients got meanwhile`, unit: 'MB/s', ours: our, peer: 'nginx', theirs: their });
}
