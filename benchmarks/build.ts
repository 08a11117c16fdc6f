import { randomFillSync } from 'node:crypto';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { formatBytes } from '../src/format.ts';
import { liveosImage } from '../test/liveos/make.ts';
import type { Say } from './comparison.ts';
import { inFolder } from './folder.ts';
import { byTurns, peakBytes, timed } from './measure.ts';

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

/**
 * How long `bootwright build` takes beside the least that anybody could do with an ISO, copy it and hash it: the test
 * image, with a live system grown by random bytes to 240 MiB.
 */
export async function measureBuild(say: Say, rounds: number): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const folder = await inFolder(stack);
  const image = await grownImage(folder);
  const copy = join(folder, 'copy.iso');
  const output = join(folder, 'output');
  let memoryBytes = 0;
  const works = {
    async ours() {
      const child = execa(process.execPath, [program, 'build', image, '--output', output, '--json']);
      const watching = setInterval(() => {
        memoryBytes = Math.max(memoryBytes, peakBytes(child.pid ?? 0));
      }, 10);
      await child.finally(() => clearInterval(watching));
    },
    theirs: () => execa('sh', ['-c', 'cp "$1" "$2" && sha256sum "$2"', 'sh', image, copy]),
  };
  const { ours, theirs } = await byTurns(['ours', 'theirs'], rounds, async (who) => {
    const ms = await timed(works[who]);
    await rm(who === 'ours' ? output : copy, { recursive: true });
    return { ms };
  });
  const peer = 'cp and sha256sum';
  say({ what: '240 MiB', unit: 'ms', ours: ours.ms, peer, theirs: theirs.ms, bound: { ratioAtMost: 2 } });
  console.log(`memory of ours at most: ${formatBytes(memoryBytes)}`);
}
