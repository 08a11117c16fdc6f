import { createHash } from 'node:crypto';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { askForAddress } from '../../src/dhcp/client.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { nodeUdp } from '../../src/platform/udp-node.ts';
import { fetchByTftp } from '../../src/tftp/receive.ts';
import { files, healthyAddress, large, macOf, medium, ports, serverAddress, small } from './place.ts';

/** How long each took, in milliseconds, and what went wrong. */
export interface HealthyReport {
  readonly tookMs: Readonly<Record<string, readonly number[]>>;
  readonly failures: readonly string[];
}

const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const hashes = Object.fromEntries(Object.entries(files).map(([path, bytes]) => [path, hashOf(bytes)]));
const url = `http://${serverAddress}:${ports.http}`;
/** As long as firmware would wait. */
const patienceMs = 30_000;

function expectSame(path: string, hash: string): void {
  if (hash !== hashes[path]) throw new Error(`${path} came with other bytes`);
}

async function byTftp(path: keyof typeof files, options: { blksize: number; windowsize?: number }): Promise<void> {
  const hash = createHash('sha256');
  await fetchByTftp({
    udp: nodeUdp,
    clock: systemClock,
    localAddress: healthyAddress,
    server: { address: serverAddress, port: ports.tftp },
    path,
    signal: AbortSignal.timeout(patienceMs),
    sink: (chunk) => void hash.update(chunk),
    ...options,
  });
  expectSame(path, hash.digest('hex'));
}

async function byCurl(path: string, more: readonly string[], place = url): Promise<Uint8Array> {
  const args = ['--silent', '--show-error', '--fail', '--insecure', '--interface', healthyAddress, ...more];
  const { stdout } = await execa('curl', [...args, `${place}/${path}`], {
    encoding: 'buffer',
    timeout: patienceMs,
    maxBuffer: 2 ** 30,
  });
  return stdout;
}

function byNode(path: string, method = 'GET'): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { method, localAddress: healthyAddress, agent: false, timeout: patienceMs } as const;
    const asked = http.request(`${url}/${path}`, options, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`status ${answer.statusCode}`));
      answer
        .setEncoding('utf8')
        .toArray()
        .then((parts) => resolve(parts.join('')), reject);
    });
    asked.on('timeout', () => asked.destroy(new Error('nothing came')));
    asked.on('error', reject).end();
  });
}

const machine = { udp: nodeUdp, clock: systemClock, interface: 'eth0', mac: macOf(0xfe_ff_ff_ff) };

/** What a machine does that boots, and what watches the server. */
const errands: Readonly<Record<string, () => Promise<unknown>>> = {
  'dhcp: an address': () => askForAddress(machine),
  'tftp: 0.9 MB in windows of 4': () => byTftp(small, { blksize: 1468, windowsize: 4 }),
  'tftp: 0.9 MB block by block': () => byTftp(small, { blksize: 1024 }),
  'http: /healthz': () => byNode('healthz'),
  'http: HEAD': () => byNode(large, 'HEAD'),
  'http: 0.9 MB': async () => expectSame(small, hashOf(await byCurl(small, []))),
  'http: 8 MB': async () => expectSame(medium, hashOf(await byCurl(medium, []))),
  'http: 48 MB': async () => expectSame(large, hashOf(await byCurl(large, []))),
  'http: a range': async () => {
    const bytes = await byCurl(large, ['--range', '1000000-1999999']);
    if (!files[large].subarray(1_000_000, 2_000_000).every((byte, at) => byte === bytes[at])) {
      throw new Error('the range came with other bytes');
    }
  },
  ...(process.argv[2] === 'https'
    ? {
        'https: 8 MB': async () =>
          expectSame(medium, hashOf(await byCurl(medium, [], `https://${serverAddress}:${ports.https}`))),
      }
    : {}),
};

// A program of its own: each errand again and again, until its input ends, and what came of it.
const tookMs: Record<string, number[]> = {};
const failures: string[] = [];
const rounds = Number(process.argv[3] ?? 0);
const pauseMs = 100;
let isOver = false;

async function again(name: string, errand: () => Promise<unknown>): Promise<void> {
  const took: number[] = [];
  tookMs[name] = took;
  while (!isOver && (rounds === 0 || took.length < rounds) && failures.length < 100) {
    const startedMs = performance.now();
    try {
      await errand();
    } catch (error) {
      failures.push(`${name}, after ${Math.round(performance.now() - startedMs)} ms: ${(error as Error).message}`);
    }
    took.push(performance.now() - startedMs);
    await sleep(pauseMs);
  }
}

process.stdin.resume().once('end', () => {
  isOver = true;
});
await Promise.all(Object.entries(errands).map(([name, errand]) => again(name, errand)));
const report: HealthyReport = { tookMs, failures };
process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit());
