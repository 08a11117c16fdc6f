/**
 * TFTP beside atftpd: one file over loopback with atftp as the client, by turns in one run, in lock-step with blocks as
 * GRUB asks for them and with larger windows.
 *
 *     node benchmarks/tftp.ts [rounds] [MiB]
 */
import { randomFillSync } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { systemClock } from '../src/platform/clock.ts';
import { openFile } from '../src/platform/files-node.ts';
import { nodeUdp } from '../src/platform/udp-node.ts';
import { startTftpServer } from '../src/tftp/server.ts';
import { median, processorMs, timed } from './measure.ts';

const address = '127.0.0.1';
const ports = { ours: 16_969, atftpd: 16_970 };
type Who = keyof typeof ports;

const ways = [
  { blksize: 1024, window: 1 },
  { blksize: 1468, window: 1 },
  { blksize: 1468, window: 16 },
  { blksize: 1468, window: 64 },
];

/** This program again, as the server alone, so that its processor time is its own. */
async function serveFile(path: string, sizeBytes: number): Promise<void> {
  await startTftpServer({
    udp: nodeUdp,
    clock: systemClock,
    address,
    port: ports.ours,
    report: () => {},
    resolve: async () => ({ releaseId: 'benchmark', path, sizeBytes, sha256: '', open: () => openFile(path) }),
  });
}

async function compare(folder: string, sizeBytes: number, rounds: number): Promise<void> {
  const ours = execa(process.execPath, [import.meta.filename, '--serve', join(folder, 'file'), String(sizeBytes)]);
  const bind = ['--bind-address', address, '--port', String(ports.atftpd)];
  const atftpd = execa('atftpd', ['--daemon', '--no-fork', '--user', 'root', '--group', 'root', ...bind, folder]);
  for (const child of [ours, atftpd]) child.catch(() => {});
  const pids: Record<Who, number> = { ours: ours.pid ?? 0, atftpd: atftpd.pid ?? 0 };
  const fetchFrom = (who: Who, { blksize, window }: (typeof ways)[number]) => {
    const options = ['--option', `blksize ${blksize}`, '--option', `windowsize ${window}`];
    const copy = join(folder, 'copy');
    return execa('atftp', [
      '--get',
      ...options,
      '--remote-file',
      'file',
      '--local-file',
      copy,
      address,
      String(ports[who]),
    ]);
  };
  try {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    console.log('blksize   window   MiB/s, ours and atftpd   ratio   processor time, ratio');
    for (const way of ways) {
      const speeds: Record<Who, number[]> = { ours: [], atftpd: [] };
      const costs: Record<Who, number[]> = { ours: [], atftpd: [] };
      for (let round = 0; round <= rounds; round++) {
        for (const who of ['ours', 'atftpd'] as const) {
          const before = processorMs(pids[who]);
          const ms = await timed(() => fetchFrom(who, way));
          // The first round only fills the caches.
          if (round === 0) continue;
          speeds[who].push(sizeBytes / 1_048_576 / (ms / 1000));
          costs[who].push(processorMs(pids[who]) - before);
        }
      }
      const [ourSpeed, theirSpeed] = [median(speeds.ours), median(speeds.atftpd)];
      console.log(
        [
          String(way.blksize).padStart(7),
          String(way.window).padStart(9),
          `${ourSpeed.toFixed(1)} and ${theirSpeed.toFixed(1)}`.padStart(25),
          (ourSpeed / theirSpeed).toFixed(2).padStart(8),
          (median(costs.ours) / median(costs.atftpd)).toFixed(2).padStart(24),
        ].join(''),
      );
    }
  } finally {
    ours.kill();
    atftpd.kill();
    await Promise.allSettled([ours, atftpd]);
  }
}

const [, , first, second, third] = process.argv;
if (first === '--serve' && second !== undefined) {
  await serveFile(second, Number(third));
} else {
  const folder = await mkdtemp(join(tmpdir(), 'bootwright-bench-'));
  try {
    await chmod(folder, 0o755);
    const bytes = Buffer.alloc(Number(second ?? 64) * 1_048_576);
    await writeFile(join(folder, 'file'), randomFillSync(bytes));
    await compare(folder, bytes.length, Number(first ?? 3));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
