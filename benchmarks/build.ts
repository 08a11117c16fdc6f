/**
 * How long `bootwright build` takes beside the least that anybody could do with an ISO: copy it and hash it
 * (`cp` and `sha256sum`), by turns in one run. Prints the medians and their ratio; the bound is 2.
 *
 *     node benchmarks/build.ts [ISO] [rounds]
 *
 * Without an ISO it takes the test image, with a live system grown by random bytes to 240 MiB.
 */
import { randomFillSync } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { formatBytes } from '../src/format.ts';
import { liveosImage } from '../test/liveos/make.ts';
import { median, peakBytes, timed } from './measure.ts';

const program = join(import.meta.dirname, '../bin/bootwright.js');
const wantedBytes = 240 * 1024 * 1024;

async function grownImage(folder: string): Promise<string> {
  const small = await liveosImage('signed', () => {});
  const padding = new Uint8Array(wantedBytes - (await stat(small)).size);
  for (let start = 0; start < padding.length; start += 65_536)
    randomFillSync(padding, start, Math.min(65_536, padding.length - start));
  const rootfs = join(folder, 'rootfs.img');
  await execa('xorriso', ['-osirrox', 'on', '-indev', small, '-extract', '/liveos/rootfs.img', rootfs]);
  await writeFile(rootfs, Buffer.concat([await readFile(rootfs), padding]));
  const image = join(folder, 'liveos.iso');
  await execa('xorriso', [
    '-indev',
    small,
    '-outdev',
    image,
    '-boot_image',
    'any',
    'replay',
    '-map',
    rootfs,
    '/liveos/rootfs.img',
  ]);
  return image;
}

const folder = await mkdtemp(join(tmpdir(), 'bootwright-bench-'));
try {
  const image = process.argv[2] ?? (await grownImage(folder));
  const rounds = Number(process.argv[3] ?? 7);
  const copy = join(folder, 'copy.iso');
  const output = join(folder, 'output');
  const copies: number[] = [];
  const builds: number[] = [];
  let memoryBytes = 0;

  for (let round = 0; round <= rounds; round++) {
    const copyMs = await timed(async () => {
      await execa('sh', ['-c', 'cp "$1" "$2" && sha256sum "$2"', 'sh', image, copy]);
    });
    const buildMs = await timed(async () => {
      const child = execa(process.execPath, [program, 'build', image, '--output', output, '--json']);
      const watching = setInterval(() => {
        memoryBytes = Math.max(memoryBytes, peakBytes(child.pid ?? 0));
      }, 10);
      await child;
      clearInterval(watching);
    });
    await rm(copy);
    await rm(output, { recursive: true });
    // The first round only fills the caches.
    if (round > 0) {
      copies.push(copyMs);
      builds.push(buildMs);
    }
  }

  const ratio = median(builds) / median(copies);
  console.log(`image                 ${formatBytes((await stat(image)).size)}, ${rounds} rounds by turns`);
  console.log(`cp and sha256sum      ${median(copies).toFixed(0)} ms`);
  console.log(`bootwright build      ${median(builds).toFixed(0)} ms, ${formatBytes(memoryBytes)} of memory at most`);
  console.log(`ratio                 ${ratio.toFixed(2)} (bound: 2)`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
