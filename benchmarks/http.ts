/**
 * HTTP beside nginx with one worker and sendfile: the same ISO by curl over loopback, by turns in one run, for 1, 4 and
 * 16 clients at once. Once with an ISO that fits into our cache, once with one that does not.
 *
 *     node benchmarks/http.ts [rounds]
 */
import { randomFillSync } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa, type ResultPromise } from 'execa';
import { formatBytes } from '../src/format.ts';
import { BlockCache } from '../src/http/block-cache.ts';
import { startHttpServer } from '../src/http/server.ts';
import { systemClock } from '../src/platform/clock.ts';
import { openFile } from '../src/platform/files-node.ts';
import { median, peakBytes, processorMs, timed } from './measure.ts';

const address = '127.0.0.1';
const ports = { ours: 18_080, nginx: 18_081 };
const rounds = Number(process.argv[2] ?? 5);
const sizes = { fits: 96 * 1024 * 1024, larger: 512 * 1024 * 1024 };

/** This program again, as the server alone, so that its processor time is its own. */
async function serveFolder(folder: string): Promise<void> {
  await startHttpServer({
    address,
    port: ports.ours,
    clock: systemClock,
    cache: new BlockCache(128 * 1024 * 1024),
    report: () => {},
    health: () => ({ activeRelease: null }),
    resolve: async (path) => {
      const name = path.slice(1) as keyof typeof sizes;
      const open = () => openFile(join(folder, name));
      return { releaseId: 'benchmark', path, sizeBytes: sizes[name], sha256: name, open };
    },
  });
}

function nginxConfig(folder: string): string {
  return `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log stderr;
    events { worker_connections 1024; }
    http { access_log off; sendfile on; tcp_nopush on; client_body_temp_path ${folder}/body;
      server { listen ${address}:${ports.nginx}; root ${folder}; } }`;
}

async function untilAnswering(port: number): Promise<void> {
  await execa('curl', [
    '-sf',
    '-r',
    '0-0',
    '--retry',
    '50',
    '--retry-delay',
    '0',
    '--retry-connrefused',
    '-o',
    '/dev/null',
    `http://${address}:${port}/fits`,
  ]);
}

/** The process that does the work: nginx has one for that. */
async function workerOf(child: ResultPromise): Promise<number> {
  const { stdout } = await execa('pgrep', ['-P', String(child.pid)], { reject: false });
  return Number(stdout?.toString().split('\n')[0] || child.pid);
}

async function compare(folder: string): Promise<void> {
  const ours = execa(process.execPath, [import.meta.filename, '--serve', folder], { stdout: 'ignore' });
  const nginx = execa('nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder], { stderr: 'ignore' });
  for (const child of [ours, nginx]) child.catch(() => {});
  try {
    await Promise.all(Object.values(ports).map(untilAnswering));
    const pids = { ours: ours.pid ?? 0, nginx: await workerOf(nginx) };
    console.log('file      clients   ours MB/s   nginx MB/s   ratio   processor ms/GB, ours and nginx   ratio');
    for (const [name, sizeBytes] of Object.entries(sizes)) {
      for (const clients of [1, 4, 16]) {
        const speeds: Record<keyof typeof ports, number[]> = { ours: [], nginx: [] };
        const costs: Record<keyof typeof ports, number[]> = { ours: [], nginx: [] };
        for (let round = 0; round <= rounds; round++) {
          for (const who of ['ours', 'nginx'] as const) {
            const url = `http://${address}:${ports[who]}/${name}`;
            const before = processorMs(pids[who]);
            const ms = await timed(() =>
              Promise.all(Array.from({ length: clients }, () => execa('curl', ['-sf', '-o', '/dev/null', url]))),
            );
            if (round === 0) continue;
            const megabytes = (clients * sizeBytes) / 1e6;
            speeds[who].push((megabytes / ms) * 1000);
            costs[who].push(((processorMs(pids[who]) - before) / megabytes) * 1000);
          }
        }
        const [speed, otherSpeed, cost, otherCost] = [speeds.ours, speeds.nginx, costs.ours, costs.nginx].map(
          median,
        ) as [number, number, number, number];
        console.log(
          [
            name.padEnd(8),
            String(clients).padStart(9),
            speed.toFixed(0).padStart(12),
            otherSpeed.toFixed(0).padStart(13),
            (speed / otherSpeed).toFixed(2).padStart(8),
            `${cost.toFixed(0)} and ${otherCost.toFixed(0)}`.padStart(34),
            (cost / otherCost).toFixed(2).padStart(8),
          ].join(''),
        );
      }
    }
    console.log(`\nmemory of ours, at most: ${formatBytes(peakBytes(pids.ours))}`);
  } finally {
    ours.kill();
    nginx.kill('SIGQUIT');
    await Promise.allSettled([ours, nginx]);
  }
}

const [, , flag, served] = process.argv;
if (flag === '--serve' && served !== undefined) {
  await serveFolder(served);
} else {
  const folder = await mkdtemp(join(tmpdir(), 'bootwright-bench-'));
  try {
    await mkdir(join(folder, 'logs'));
    await execa('chmod', ['755', folder]);
    for (const [name, sizeBytes] of Object.entries(sizes)) {
      const bytes = Buffer.alloc(sizeBytes);
      for (let start = 0; start < sizeBytes; start += 1 << 24)
        randomFillSync(bytes, start, Math.min(1 << 24, sizeBytes - start));
      await writeFile(join(folder, name), bytes);
    }
    await writeFile(join(folder, 'nginx.conf'), nginxConfig(folder));
    await compare(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
