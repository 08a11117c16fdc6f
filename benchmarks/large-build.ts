/**
 * How long `bootwright build` takes for an image of 5 GiB beside hashing it once (`sha256sum`), by turns in one run, and
 * what memory. Prints the medians and their ratio; the bounds are 1.5 and 200 MiB. Needs twice the room.
 *
 *     node benchmarks/large-build.ts [rounds] [folder]
 */
import { randomFillSync } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { formatBytes } from '../src/format.ts';
import { writeLargeImage } from '../test/support/large-image.ts';
import { median, peakBytes, timed } from './measure.ts';

const program = join(import.meta.dirname, '../bin/bootwright.js');
const liveBytes = 5 * 1024 ** 3;

/** Bytes that no disk packs, of which no two pieces are the same: random ones, and a number in each piece. */
async function writeImage(path: string): Promise<void> {
  const piece = randomFillSync(Buffer.alloc(16 * 1024 * 1024));
  await writeLargeImage(path, liveBytes, async (file, offsetBytes) => {
    for (let done = 0; done < liveBytes; done += piece.length) {
      for (let at = 0; at < piece.length; at += 4096) piece.writeDoubleLE(done + at, at);
      await file.write(piece, 0, Math.min(piece.length, liveBytes - done), offsetBytes + done);
    }
    await file.sync();
  });
}

const rounds = Number(process.argv[2] ?? 3);
const folder = await mkdtemp(join(process.argv[3] ?? tmpdir(), 'bootwright-bench-'));
try {
  const image = join(folder, 'image.iso');
  const output = join(folder, 'output');
  await writeImage(image);
  const hashes: number[] = [];
  const builds: number[] = [];
  let memoryBytes = 0;

  for (let round = 0; round <= rounds; round++) {
    const hashMs = await timed(() => execa('sha256sum', [image]));
    const buildMs = await timed(async () => {
      const child = execa(process.execPath, [program, 'build', image, '--output', output, '--json']);
      const watching = setInterval(() => {
        memoryBytes = Math.max(memoryBytes, peakBytes(child.pid ?? 0));
      }, 20);
      await child;
      clearInterval(watching);
    });
    await rm(output, { recursive: true });
    // The first round only fills the caches.
    if (round === 0) continue;
    hashes.push(hashMs);
    builds.push(buildMs);
  }

  const ratio = median(builds) / median(hashes);
  console.log(`image                 ${formatBytes((await stat(image)).size)}, ${rounds} rounds by turns`);
  console.log(`sha256sum             ${median(hashes).toFixed(0)} ms`);
  console.log(`bootwright build      ${median(builds).toFixed(0)} ms`);
  console.log(`memory                ${formatBytes(memoryBytes)} at most (bound: 200 MiB)`);
  console.log(`ratio                 ${ratio.toFixed(2)} (bound: 1.5)`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
