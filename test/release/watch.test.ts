import { appendFileSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Cancel, Clock } from '../../src/platform/clock.ts';
import { activeReleaseId } from '../../src/release/activate.ts';
import { type RootLayout, rootLayout } from '../../src/release/layout.ts';
import {
  type BuiltImage,
  type BuiltImages,
  type ImageEvent,
  type ImageWatch,
  watchImages,
} from '../../src/release/watch.ts';
import { type Parts, tinyLiveOs } from '../support/tiny-liveos.ts';
import { contentsOf, requireWhole, temporaryFolder } from './folder.ts';

/** Time that passes as the test says; whoever waits for it has finished its work by then. */
class ObedientClock implements Clock {
  #nowMs = 0;
  #waiting: { readonly atMs: number; readonly run: () => void } | undefined;

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): Cancel {
    this.#waiting = { atMs: this.#nowMs + delayMs, run };
    return () => {
      this.#waiting = undefined;
    };
  }

  /** Until the watch has looked, and waits again. */
  async idle(): Promise<void> {
    for (let tries = 0; this.#waiting === undefined; tries += 1) {
      if (tries > 10_000) throw new Error('the watch never comes to rest');
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** Lets the next alarm ring, and does not wait for what it sets going. */
  ring(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) throw new Error('nobody waits');
    this.#waiting = undefined;
    this.#nowMs = waiting.atMs;
    waiting.run();
  }

  async pass(durationMs: number): Promise<void> {
    const untilMs = this.#nowMs + durationMs;
    for (;;) {
      await this.idle();
      if (this.#waiting === undefined || this.#waiting.atMs > untilMs) break;
      this.ring();
    }
    this.#nowMs = untilMs;
  }
}

class RememberedImages implements BuiltImages {
  readonly #images = new Map<string, BuiltImage>();

  find(path: string): Promise<BuiltImage | undefined> {
    return Promise.resolve(this.#images.get(path));
  }

  save(image: BuiltImage): Promise<void> {
    this.#images.set(image.path, image);
    return Promise.resolve();
  }
}

class Place {
  readonly images: string;
  readonly layout: RootLayout;
  readonly clock = new ObedientClock();
  readonly built = new RememberedImages();
  events: ImageEvent[] = [];
  #watch: ImageWatch | undefined;

  constructor() {
    const here = temporaryFolder();
    this.images = join(here, 'images');
    this.layout = rootLayout(join(here, 'root'));
    mkdirSync(this.layout.releases, { recursive: true });
    onTestFinished(() => this.stop());
  }

  start(kernelArguments: readonly string[] = []): void {
    const { images, layout, clock, built } = this;
    const report = (event: ImageEvent) => void (event.step === 'progress' || this.events.push(event));
    this.#watch = watchImages({ images, layout, clock, built, kernelArguments, report });
  }

  async stop(): Promise<void> {
    await this.#watch?.close();
    this.#watch = undefined;
  }

  /** Puts an image there, as a rename does: whole at once. */
  async put(name: string, changes: Parts = {}): Promise<void> {
    mkdirSync(this.images, { recursive: true });
    writeFileSync(join(this.images, `.${name}.part`), tinyLiveOs(changes));
    await rename(join(this.images, `.${name}.part`), join(this.images, name));
  }

  /** What was told since the last time, as steps. */
  told(): string[] {
    return this.events.splice(0).map(({ step }) => step);
  }

  releases(): string[] {
    return readdirSync(this.layout.releases).sort();
  }

  release(): string {
    const ids = this.releases();
    expect(ids).toHaveLength(1);
    return join(this.layout.releases, ids[0] as string);
  }
}

test('an ISO that is put there is built and becomes active', async () => {
  const place = new Place();
  place.start();
  await place.clock.idle();
  await place.put('a.iso');
  await place.clock.pass(10_000);
  expect(place.events.at(-1)).toMatchObject({ step: 'published', image: 'a.iso', activated: true });
  expect(place.told()).toEqual(['building', 'published']);
  expect(requireWhole(place.release()).id).toBe(activeReleaseId(place.layout));
});

test('an ISO that is copied slowly is built once, when it is whole', async () => {
  const place = new Place();
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
  const place = new Place();
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
  const place = new Place();
  place.start();
  await place.clock.idle();
  writeFileSync(join(place.images, 'cut.iso'), tinyLiveOs().subarray(0, 50_000));
  await place.clock.pass(120_000);
  expect(place.events.filter(({ step }) => step === 'unusable')).toMatchObject([{ error: { code: 'ISO_TRUNCATED' } }]);
  expect(place.releases()).toEqual([]);
});

test('a broken ISO is told once, and what is served stays', async () => {
  const place = new Place();
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
  const place = new Place();
  await place.put('a.iso', { 'boot/initrd.img': null });
  place.start();
  await place.clock.pass(5000);
  await place.put('a.iso');
  await place.clock.pass(5000);
  expect(place.told()).toEqual(['building', 'unusable', 'building', 'published']);
});

test('an ISO that replaces another one becomes a second release; the first one stays active and unchanged', async () => {
  const place = new Place();
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
  const place = new Place();
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
  const place = new Place();
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
  const place = new Place();
  await place.put('b.iso', { name: 'b' });
  await place.put('a.iso', { name: 'a' });
  place.start();
  await place.clock.pass(10_000);
  expect(place.told()).toEqual(['building', 'published', 'building', 'published']);
  expect(activeReleaseId(place.layout)).toMatch(/^a-/);
});

test('a restart builds nothing again; a removed release is built again; other arguments make another one', async () => {
  const place = new Place();
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
  const place = new Place();
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
  const place = new Place();
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

test('a folder that can not be read is told once, and looked at again', async () => {
  const place = new Place();
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
  const place = new Place();
  mkdirSync(join(place.images, 'folder.iso'), { recursive: true });
  for (const name of ['notes.txt', '.a.iso.x8Yq2z', '.hidden.iso', 'a.iso.part']) {
    writeFileSync(join(place.images, name), 'x');
  }
  place.start();
  await place.clock.pass(20_000);
  expect(place.told()).toEqual([]);
});

test('a stop in the middle of a build leaves nothing, and the next start builds it', async () => {
  const place = new Place();
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
