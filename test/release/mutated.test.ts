import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BootwrightError } from '../../src/errors.ts';
import { deliver } from '../../src/release/deliver.ts';
import { discConfig, pxeConfig, tinyLiveOs } from '../support/tiny-liveos.ts';
import { tinyInitrd, tinyLoader } from '../support/tiny-programs.ts';
import { contentsOf, requireWhole, temporaryFolder } from './folder.ts';

const images = 200;
const limitMs = 5000;
const blockBytes = 2048;

/** The same numbers for the same seed. (mulberry32) */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % sides;
  };
}

interface Region {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

function whereIs(image: Buffer, name: string, content: string | Uint8Array): Region {
  const start = image.indexOf(content);
  if (start < 0) throw new Error(`${name} is not in the image`);
  return { name, start, end: start + content.length };
}

/** The parts of an image that Bootwright looks into; a directory starts with the record of itself. */
function regionsOf(image: Buffer): Region[] {
  const regions: Region[] = [
    { name: 'descriptors', start: 16 * blockBytes, end: 18 * blockBytes },
    whereIs(image, 'initrd', tinyInitrd(['base', 'dmsquash-live', 'livenet'])),
    whereIs(image, 'grub-pxe.cfg', pxeConfig),
    whereIs(image, 'grub.cfg', discConfig),
    whereIs(image, 'shim', tinyLoader('x64')),
    whereIs(image, 'GRUB', tinyLoader('x64', ['normal', 'http', 'tftp'])),
  ];
  for (let start = 18 * blockBytes; start < image.length; start += blockBytes) {
    const isDirectory = (image[start] ?? 0) >= 34 && image[start + 25] === 2 && image[start + 32] === 1;
    if (!isDirectory) continue;
    const used = image.subarray(start, start + blockBytes).findLastIndex((byte) => byte !== 0) + 1;
    // Thrice as likely: everything about names, links and places is in here.
    for (let count = 0; count < 3; count += 1) regions.push({ name: 'directory', start, end: start + used });
  }
  return regions;
}

const interesting = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x2f, 0x2e];

function mutate(seed: number, original: Buffer, regions: readonly Region[]): [string, Buffer] {
  const roll = dice(seed);
  const image = Buffer.from(original);
  const { name, start, end } = regions[roll(regions.length)] as Region;
  const at = () => start + roll(end - start);
  const kind = roll(5);
  const times = 1 + roll(8);
  if (kind === 0) return [`${name}, cut off`, image.subarray(0, at())];
  if (kind === 1) return [`${name}, zeros to its end`, image.fill(0, at(), end)];
  for (let count = 0; count < times; count += 1) {
    const offset = at();
    if (kind === 2) image[offset] = (image[offset] ?? 0) ^ (1 << roll(8));
    else if (kind === 3) image[offset] = interesting[roll(interesting.length)] as number;
    else image.copyWithin(offset, at(), Math.min(end, at() + 40));
  }
  return [`${name}, ${['', '', 'bits', 'bytes', 'copies'][kind]}`, image];
}

test(`each of ${images} damaged images is refused with a reason or built whole, and touches nothing else`, async () => {
  const here = temporaryFolder();
  const original = Buffer.from(
    tinyLiveOs({ 'artifacts/up': { link: '../boot/vmlinuz' }, 'artifacts/absolute': { link: '/boot/grub2/grubenv' } }),
  );
  const regions = regionsOf(original);
  mkdirSync(join(here, 'work'));
  writeFileSync(join(here, 'neighbour'), 'untouched');
  const untouched = contentsOf(here);
  const image = join(here, 'work/image.iso');
  const output = join(here, 'work/out');
  const ends = { built: 0, refused: 0 };
  for (let seed = 1; seed <= images; seed += 1) {
    const [what, bytes] = mutate(seed, original, regions);
    writeFileSync(image, bytes);
    const startedMs = performance.now();
    let error: unknown;
    await deliver({ image, kernelArguments: [] }, output, 'pxe-dir').catch((caught: unknown) => {
      error = caught;
    });
    const label = `seed ${seed}: ${what}`;
    expect(performance.now() - startedMs, label).toBeLessThan(limitMs);
    if (error === undefined) {
      requireWhole(output);
      rmSync(output, { recursive: true });
      ends.built += 1;
    } else {
      expect(error, label).toBeInstanceOf(BootwrightError);
      expect((error as BootwrightError).exitStatus, `${label}: ${String(error)}`).toBe(3);
      ends.refused += 1;
    }
    expect(readdirSync(join(here, 'work')), label).toEqual(['image.iso']);
    rmSync(image);
    expect(contentsOf(here), label).toEqual(untouched);
  }
  expect(ends.built).toBeGreaterThan(20);
  expect(ends.refused).toBeGreaterThan(50);
}, 60_000);
