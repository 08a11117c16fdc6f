import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { activeReleaseId } from '../../src/release/activate.ts';
import { tinyLiveOs } from '../support/tiny-liveos.ts';
import { contentsOf, requireWhole } from './folder.ts';
import { WatchedFolder } from './watched-folder.ts';

test('an ISO that is put there is built and becomes active', async () => {
  const place = new WatchedFolder();
  place.start();
  await place.clock.idle();
  await place.put('a.iso');
  await place.clock.pass(10_000);
  expect(place.events.at(-1)).toMatchObject({ step: 'published', image: 'a.iso', activated: true });
  expect(place.told()).toEqual(['building', 'published']);
  expect(requireWhole(place.release()).id).toBe(activeReleaseId(place.layout));
});

test('an ISO that is copied slowly is built once, when it is whole', async () => {
  const place = new WatchedFolder();
  place.start();
  await place.clock.idle();
  const bytes = tinyLiveOs();
  const path = join(place.images, 'slow.iso');
  const pieces = 8;
  for (let index = 0; index < pieces; index += 1) {
    const piece = (at: number) => Math.floor((bytes.length * at) / pieces);
    appendFileSync(path, bytes.subarray(piece(index), piece(index + 1)));
    await place.clock.pass(1000);
  }
  expect(place.told()).toEqual([]);
  await place.clock.pass(10_000);
  expect(place.told()).toEqual(['building', 'published']);
  requireWhole(place.release());
});

test('an ISO whose copying stalls in the middle is not called broken, and is built once it is whole', async () => {
  const place = new WatchedFolder();
  place.start();
  await place.clock.idle();
  const bytes = tinyLiveOs();
  const path = join(place.images, 'stalled.iso');
  writeFileSync(path, bytes.subarray(0, bytes.length / 2));
  await place.clock.pass(20_000);
  expect(place.told()).not.toContain('unusable');
  appendFileSync(path, bytes.subarray(bytes.length / 2));
  await place.clock.pass(5000);
  expect(place.told()).toEqual(['building', 'published']);
  requireWhole(place.release());
});

test('an ISO that stays cut off is told once', async () => {
  const place = new WatchedFolder();
  place.start();
  await place.clock.idle();
  writeFileSync(join(place.images, 'cut.iso'), tinyLiveOs().subarray(0, 50_000));
  await place.clock.pass(120_000);
  expect(place.events.filter(({ step }) => step === 'unusable')).toMatchObject([{ error: { code: 'ISO_TRUNCATED' } }]);
  expect(place.releases()).toEqual([]);
});

test('a broken ISO is told once, and what is served stays', async () => {
  const place = new WatchedFolder();
  await place.put('good.iso');
  place.start();
  await place.clock.pass(5000);
  const before = contentsOf(place.layout.root);
  place.told();
  await place.put('good.iso', { 'boot/vmlinuz': null });
  await place.clock.pass(120_000);
  expect(place.events.at(-1)).toMatchObject({ image: 'good.iso', error: { code: 'IMAGE_NO_KERNEL' } });
  expect(place.told()).toEqual(['building', 'unusable']);
  expect(contentsOf(place.layout.root)).toEqual(before);
});

test('a broken ISO that is mended is built', async () => {
  const place = new WatchedFolder();
  await place.put('a.iso', { 'boot/initrd.img': null });
  place.start();
  await place.clock.pass(5000);
  await place.put('a.iso');
  await place.clock.pass(5000);
  expect(place.told()).toEqual(['building', 'unusable', 'building', 'published']);
});

test('an ISO that replaces another one becomes a second release; the first one stays active and unchanged', async () => {
  const place = new WatchedFolder();
  await place.put('a.iso');
  place.start();
  await place.clock.pass(5000);
  const first = place.release();
  const before = contentsOf(first);
  await place.put('a.iso', { name: 'second' });
  await place.clock.pass(5000);
  expect(place.events.at(-1)).toMatchObject({ step: 'published', activated: false });
  expect(place.releases()).toHaveLength(2);
  expect(join(place.layout.releases, activeReleaseId(place.layout) ?? '')).toBe(first);
  expect(contentsOf(first)).toEqual(before);
});

test('an ISO that is overwritten in place does not change the release that was made of it', async () => {
  const place = new WatchedFolder();
  await place.put('a.iso');
  place.start();
  await place.clock.pass(5000);
  const first = place.release();
  const before = contentsOf(first);
  const path = join(place.images, 'a.iso');
  expect(statSync(join(first, 'a.iso')).ino).not.toBe(statSync(path).ino);
  writeFileSync(path, tinyLiveOs({ name: 'second' }), { flag: 'r+' });
  await place.clock.pass(5000);
  expect(place.releases()).toHaveLength(2);
  expect(contentsOf(first)).toEqual(before);
});

test('another image of the same size and with the same date is noticed', async () => {
  const place = new WatchedFolder();
  const path = join(place.images, 'a.iso');
  for (const name of ['one', 'two']) {
    await place.put('a.iso', { name });
    utimesSync(path, 1_700_000_000, 1_700_000_000);
    if (name === 'one') place.start();
    await place.clock.pass(5000);
  }
  expect(place.releases()).toHaveLength(2);
});

test('the first of two is active, and both are built', async () => {
  const place = new WatchedFolder();
  await place.put('b.iso', { name: 'b' });
  await place.put('a.iso', { name: 'a' });
  place.start();
  await place.clock.pass(10_000);
  expect(place.told()).toEqual(['building', 'published', 'building', 'published']);
  expect(activeReleaseId(place.layout)).toMatch(/^a-/);
});

test('a restart builds nothing again; a removed release is built again; other arguments make another one', async () => {
  const place = new WatchedFolder();
  await place.put('a.iso');
  place.start();
  await place.clock.pass(5000);
  place.told();
  await place.stop();

  place.start();
  await place.clock.pass(10_000);
  expect(place.told()).toEqual([]);

  const removed = place.release();
  rmSync(removed, { recursive: true });
  expect(activeReleaseId(place.layout)).toBeUndefined();
  await place.clock.pass(5000);
  expect(place.told()).toEqual(['building', 'published']);
  expect(place.release()).toBe(removed);
  requireWhole(removed);
  expect(activeReleaseId(place.layout)).toBeDefined();
  await place.stop();

  place.start(['console=ttyS0']);
  await place.clock.pass(5000);
  expect(place.told()).toEqual(['building', 'published']);
  expect(place.releases()).toHaveLength(2);
});

test('a release of which somebody removed a part is made whole again', async () => {
  const place = new WatchedFolder();
  await place.put('a.iso');
  place.start();
  await place.clock.pass(5000);
  const release = place.release();
  rmSync(join(release, 'manifest.json'));
  rmSync(join(release, 'boot/vmlinuz'));
  await place.clock.pass(5000);
  requireWhole(place.release());
  expect(place.release()).toBe(release);
});

test('a build that failed for a reason outside the image is tried again, and told once', async () => {
  const place = new WatchedFolder();
  await place.put('a.iso');
  rmSync(place.layout.releases, { recursive: true });
  writeFileSync(place.layout.releases, 'a file, where the folder of the releases should be');
  place.start();
  await place.clock.pass(100_000);
  expect(place.told().filter((step) => step === 'unusable')).toHaveLength(1);
  rmSync(place.layout.releases);
  await place.clock.pass(40_000);
  expect(place.told()).toContain('published');
});

test('a folder that cannot be read is told once, and looked at again', async () => {
  const place = new WatchedFolder();
  writeFileSync(place.images, 'a file');
  place.start();
  await place.clock.pass(20_000);
  expect(place.told()).toEqual(['unusable']);
  rmSync(place.images);
  await place.put('a.iso');
  await place.clock.pass(10_000);
  expect(place.told()).toEqual(['building', 'published']);
});

test('what is no ISO, and what is on its way under another name, is left alone', async () => {
  const place = new WatchedFolder();
  mkdirSync(join(place.images, 'folder.iso'), { recursive: true });
  for (const name of ['notes.txt', '.a.iso.x8Yq2z', '.hidden.iso', 'a.iso.part']) {
    writeFileSync(join(place.images, name), 'x');
  }
  place.start();
  await place.clock.pass(20_000);
  expect(place.told()).toEqual([]);
});

test('a stop in the middle of a build leaves nothing, and the next start builds it', async () => {
  const place = new WatchedFolder();
  await place.put('a.iso', { large: Buffer.alloc(64 * 1024 * 1024, 'x') });
  place.start();
  await place.clock.pass(1000);
  place.clock.ring();
  for (let tries = 0; tries < 5000 && !place.events.some(({ step }) => step === 'building'); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await place.stop();
  expect(place.told()).toEqual(['building']);
  expect(readdirSync(place.layout.staging)).toEqual([]);
  expect(place.releases()).toEqual([]);
  place.start();
  await place.clock.pass(5000);
  expect(place.told()).toEqual(['building', 'published']);
});

test('a packed image is built, with the settings beside it; where they change, it is built again', async () => {
  const place = new WatchedFolder();
  mkdirSync(place.images, { recursive: true });
  const settings = (words: string) =>
    `pxe: { kernelCommandLine: { extraCommandLine: [${words}] } }\nos: { hostname: x }\n`;
  writeFileSync(join(place.images, 'a.yaml'), settings('rd.info'));
  writeFileSync(join(place.images, 'a.iso.gz'), gzipSync(tinyLiveOs()));
  place.start();
  await place.clock.pass(10_000);
  expect(place.events).toMatchObject([
    { step: 'building', image: 'a.iso.gz' },
    { step: 'ignored', key: 'os' },
    { step: 'published', activated: true },
  ]);
  expect(place.doubts).toContain('SECURE_BOOT_UNSIGNED');
  const [first] = place.releases();
  expect(readFileSync(join(place.release(), 'boot/grub2/grub.cfg'), 'utf8')).toContain(' rd.info');
  writeFileSync(join(place.images, 'a.yaml'), settings('rd.info, rd.debug'));
  await place.clock.pass(10_000);
  expect(place.releases()).toHaveLength(2);
  expect(place.releases()).toContain(first);
  expect(place.events.at(-1)).toMatchObject({ step: 'published', activated: false });
});

test('settings that are wrong are told once, until they are mended', async () => {
  const place = new WatchedFolder();
  mkdirSync(place.images, { recursive: true });
  writeFileSync(join(place.images, 'a.yaml'), 'pxe: { initramfsType: other }\n');
  await place.put('a.iso');
  place.start();
  await place.clock.pass(120_000);
  expect(place.events.filter(({ step }) => step === 'unusable')).toHaveLength(1);
  writeFileSync(join(place.images, 'a.yaml'), 'pxe: { initramfsType: bootstrap }\n');
  await place.clock.pass(60_000);
  expect(place.events.at(-1)).toMatchObject({ step: 'published' });
});

test('an image that its settings made unusable is built when they are mended, and again when a file that they add changes', async () => {
  const place = new WatchedFolder();
  mkdirSync(place.images, { recursive: true });
  const settings = (destination: string) =>
    `pxe: { additionalFiles: [{ source: agent.json, destination: ${destination} }] }\nliveRoot: squashfs\n`;
  writeFileSync(join(place.images, 'agent.json'), '{}');
  // There is a folder already.
  writeFileSync(join(place.images, 'a.yaml'), settings('boot/grub2'));
  await place.put('a.iso');
  place.start();
  await place.clock.pass(120_000);
  expect(place.told().filter((step) => step === 'unusable')).toHaveLength(1);
  writeFileSync(join(place.images, 'a.yaml'), settings('artifacts/agent.json'));
  await place.clock.pass(5000);
  expect(place.told()).toEqual(['building', 'published']);
  writeFileSync(join(place.images, 'agent.json'), '{"more":true}');
  await place.clock.pass(5000);
  expect(place.told()).toEqual(['building', 'published']);
  expect(place.releases()).toHaveLength(2);
});
