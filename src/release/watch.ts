import { existsSync } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { hasCode } from '../errors.ts';
import type { Clock } from '../platform/clock.ts';
import { activate, activeReleaseId } from './activate.ts';
import type { BuildProgress } from './build.ts';
import type { RootLayout } from './layout.ts';
import { publish } from './publish.ts';

/** An ISO in images/, and the release that was made of it. */
export interface BuiltImage {
  readonly path: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** How it was made: with other settings it is made again. */
  readonly recipe: string;
  readonly releaseId: string;
}

/** Remembers what was built, so that nothing is built twice. */
export interface BuiltImages {
  find(path: string): Promise<BuiltImage | undefined>;
  save(image: BuiltImage): Promise<void>;
}

/** What happens to an ISO that was put into images/. */
export type ImageEvent =
  | { readonly step: 'building'; readonly image: string; readonly sizeBytes: number }
  | ({ readonly step: 'progress'; readonly image: string } & BuildProgress)
  | {
      readonly step: 'published';
      readonly image: string;
      readonly releaseId: string;
      readonly activated: boolean;
      readonly durationMs: number;
    }
  | { readonly step: 'unusable'; readonly image: string; readonly error: unknown };

export interface ImageWatchOptions {
  readonly images: string;
  readonly layout: RootLayout;
  readonly built: BuiltImages;
  readonly clock: Clock;
  readonly kernelArguments: readonly string[];
  readonly report: (event: ImageEvent) => void;
}

export interface ImageWatch {
  /** Stops; a build that runs is given up and leaves nothing. */
  close(): Promise<void>;
}

/** Looking is cheap, and works on every file system; notifications don't (NFS, bind mounts in containers). */
const lookEveryMs = 1000;
/** A file that nobody wrote to for so long is taken as whole. */
const settledAfterMs = 2000;
/** One that is too short by its own account may still be on its way, over a slow network. */
const abandonedAfterMs = 30_000;

interface Seen {
  readonly path: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

async function listImages(folder: string): Promise<Seen[]> {
  const names = (await readdir(folder)).filter((name) => /^[^.].*\.iso$/i.test(name)).sort();
  const seen: Seen[] = [];
  for (const name of names) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile()) seen.push({ path, sizeBytes: found.size, modifiedMs: Math.trunc(found.mtimeMs) });
  }
  return seen;
}

function isSame(one: Seen | undefined, other: Seen | undefined): boolean {
  return one !== undefined && one.sizeBytes === other?.sizeBytes && one.modifiedMs === other.modifiedMs;
}

/**
 * Builds and publishes each ISO that appears in images/ once it is fully written; the first one becomes active. One
 * that can't be used is reported, and what is served stays as it is.
 */
export function watchImages({ images, layout, built, clock, kernelArguments, report }: ImageWatchOptions): ImageWatch {
  const recipe = JSON.stringify({ kernelArguments });
  const stopping = new AbortController();
  /** As they were at the last look, and since when they have been so. */
  let before = new Map<string, Seen & { sinceMs: number }>();
  /** What could not be used, as it was then: tried again when it changes, or at the next start. */
  const unusable = new Map<string, Seen>();
  /** What was too short when it was tried, and may still grow. */
  const unfinished = new Map<string, Seen>();
  let wake = () => {};

  async function buildOne(image: Seen, quietMs: number): Promise<void> {
    const startedMs = clock.nowMs();
    const name = basename(image.path);
    report({ step: 'building', image: name, sizeBytes: image.sizeBytes });
    try {
      const { manifest } = await publish(layout, {
        image: image.path,
        kernelArguments,
        signal: stopping.signal,
        onProgress: (progress) => report({ step: 'progress', image: name, ...progress }),
      });
      const first = activeReleaseId(layout) === undefined;
      if (first) await activate(layout, manifest.id);
      const { path, sizeBytes, modifiedMs } = image;
      await built.save({ path, sizeBytes, modifiedMs, recipe, releaseId: manifest.id });
      const durationMs = clock.nowMs() - startedMs;
      report({ step: 'published', image: name, releaseId: manifest.id, activated: first, durationMs });
    } catch (error) {
      if (stopping.signal.aborted) return;
      if (hasCode(error, 'ISO_TRUNCATED') && quietMs < abandonedAfterMs) {
        unfinished.set(image.path, image);
        return;
      }
      unusable.set(image.path, image);
      report({ step: 'unusable', image: name, error });
    }
  }

  async function isBuilt(image: Seen): Promise<boolean> {
    const known = await built.find(image.path);
    return isSame(image, known) && known?.recipe === recipe && existsSync(join(layout.releases, known.releaseId));
  }

  async function look(): Promise<void> {
    const nowMs = clock.nowMs();
    const now = await listImages(images);
    const next = new Map<string, Seen & { sinceMs: number }>();
    for (const image of now) {
      const last = before.get(image.path);
      const sinceMs = last !== undefined && isSame(image, last) ? last.sinceMs : nowMs;
      next.set(image.path, { ...image, sinceMs });
    }
    before = next;
    for (const image of next.values()) {
      if (stopping.signal.aborted) return;
      const quietMs = Math.max(nowMs - image.sinceMs, nowMs - image.modifiedMs);
      if (quietMs < settledAfterMs || isSame(image, unusable.get(image.path))) continue;
      if (quietMs < abandonedAfterMs && isSame(image, unfinished.get(image.path))) continue;
      if (!(await isBuilt(image))) await buildOne(image, quietMs);
    }
  }

  async function run(): Promise<void> {
    await mkdir(images, { recursive: true });
    while (!stopping.signal.aborted) {
      await look().catch((error: unknown) => report({ step: 'unusable', image: images, error }));
      await new Promise<void>((resume) => {
        const cancel = clock.after(lookEveryMs, resume);
        wake = () => {
          cancel();
          resume();
        };
        if (stopping.signal.aborted) wake();
      });
    }
  }

  const running = run();
  return {
    close() {
      stopping.abort();
      wake();
      return running;
    },
  };
}
