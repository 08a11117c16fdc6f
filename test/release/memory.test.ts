import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeLargeImage } from '../support/large-image.ts';
import { temporaryFolder } from './folder.ts';

const main = join(import.meta.dirname, '../../src/cli/main.ts');
const liveBytes = 5 * 1024 ** 3;
const limitMiB = 200;

/** Where five gigabytes are written soonest: in memory, where there is plenty, else on the disk. */
function roomyFolder(): string {
  const availableKiB = Number(/^MemAvailable:\s*(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0);
  const shared = '/dev/shm';
  return availableKiB * 1024 > 3 * liveBytes && existsSync(shared) ? shared : tmpdir();
}

/** The most memory that a process had so far, in MiB. */
function peakOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

test('an image of 5 GiB needs no more memory than a small one', async () => {
  const here = temporaryFolder(roomyFolder());
  const { bavail, bsize } = statfsSync(here);
  expect(bavail * bsize, `not enough room in ${here}`).toBeGreaterThan(1.2 * liveBytes);
  await writeLargeImage(join(here, 'image.iso'), liveBytes);
  const child = spawn(process.execPath, [main, 'build', 'image.iso', '--output', 'out'], { cwd: here });
  let peakMiB = 0;
  const watching = setInterval(() => {
    peakMiB = Math.max(peakMiB, peakOf(child.pid ?? 0));
  }, 20);
  let errors = '';
  child.stderr.on('data', (data) => {
    errors += data;
  });
  child.stdout.resume();
  const status = await new Promise((resolve) => child.on('close', resolve));
  clearInterval(watching);
  expect(status, errors).toBe(0);
  expect(statSync(join(here, 'out/image.iso')).size).toBe(statSync(join(here, 'image.iso')).size);
  expect(peakMiB).toBeGreaterThan(10);
  expect(peakMiB).toBeLessThan(limitMiB);
}, 120_000);
