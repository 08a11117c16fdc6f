import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { Cancel, Clock } from '../../src/platform/clock.ts';
import { type RootLayout, rootLayout } from '../../src/release/layout.ts';
import {
  type BuiltImage,
  type BuiltImages,
  type ImageEvent,
  type ImageWatch,
  watchImages,
} from '../../src/release/watch.ts';
import { tinyLiveOs } from '../support/tiny-liveos.ts';
import type { Parts } from '../support/tiny-tree.ts';
import { temporaryFolder } from './folder.ts';

/** Time that passes as the test says; whoever waits for it has finished its work by then. */
class ObedientClock implements Clock {
  #nowMs = 0;
  #waiting: { readonly atMs: number; readonly run: () => void } | undefined;

  nowMs(): number {
    return this.#nowMs;
  }

  elapsedMs(): number {
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

/** A folder for ISOs that is watched, and the root that they are published into, both for one test. */
export class WatchedFolder {
  readonly images: string;
  readonly layout: RootLayout;
  readonly clock = new ObedientClock();
  readonly built = new RememberedImages();
  events: ImageEvent[] = [];
  /** Codes of what was not sure to boot everywhere. */
  readonly doubts: string[] = [];
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
    const report = (event: ImageEvent) => {
      if (event.step === 'doubtful') this.doubts.push(event.finding.code);
      else if (event.step !== 'progress') this.events.push(event);
    };
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
