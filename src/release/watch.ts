import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { exit } from '../errors/row.ts';
import { BootwrightError, hasCode } from '../errors.ts';
import type { Finding } from '../inspect/finding.ts';
import type { Clock } from '../platform/clock.ts';
import { activate, activeReleaseId } from './activate.ts';
import { type Arrival, Arrivals, isSame, type Seen } from './arrivals.ts';
import { configBeside, stateBeside } from './beside.ts';
import { manifestName, type RootLayout } from './layout.ts';
import { publish } from './publish.ts';
import type { BuildProgress } from './request.ts';

/** An ISO in images/, and the release that was made of it. */
export interface BuiltImage extends Seen {
  /** How it was made: with other settings it is made again. */
  readonly recipe: string;
  readonly releaseId: string;
}

/** Remembers what was built, so that nothing is built twice. */
export interface BuiltImages {
  find(path: string): Promise<BuiltImage | undefined>;
  save(image: BuiltImage): Promise<void>;
}

/** What happens to an image that was put into images/. */
export type ImageEvent =
  | { readonly step: 'building'; readonly image: string; readonly sizeBytes: number }
  | ({ readonly step: 'progress'; readonly image: string } & BuildProgress)
  | { readonly step: 'doubtful'; readonly image: string; readonly finding: Finding }
  | { readonly step: 'ignored'; readonly image: string; readonly key: string }
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
/** Where it was not the image's fault (a full disk, say), a build is tried again. */
const tryAgainAfterMs = 30_000;

/** A build that failed: of what, why, and when to try that again. */
interface Failure {
  readonly image: Seen;
  readonly recipe: string;
  readonly reason: string;
  readonly againMs: number;
}

/**
 * Builds and publishes each image that appears in images/ once it is fully written, with the settings of a YAML file of
 * its name beside it; the first one becomes active. One that can't be used is reported, and what is served stays as it is.
 */
export function watchImages({ images, layout, built, clock, kernelArguments, report }: ImageWatchOptions): ImageWatch {
  const recipeOf = async (image: Seen) => {
    const beside = await stateBeside(image.path);
    return JSON.stringify({ kernelArguments, ...(beside === '' ? {} : { beside }) });
  };
  const stopping = new AbortController();
  const arrivals = new Arrivals(images);
  /** What could not be used, by path. */
  const failures = new Map<string, Failure>();
  let wake = () => {};

  async function buildOne(image: Arrival, recipe: string): Promise<void> {
    const startedMs = clock.elapsedMs();
    const name = basename(image.path);
    report({ step: 'building', image: name, sizeBytes: image.sizeBytes });
    try {
      const file = await configBeside(image.path);
      for (const key of file?.ignored ?? []) report({ step: 'ignored', image: name, key });
      const { manifest } = await publish(layout, {
        image: image.path,
        config: file?.config,
        configFolder: file?.folder,
        kernelArguments,
        signal: stopping.signal,
        onProgress: (progress) => report({ step: 'progress', image: name, ...progress }),
        onFinding: (finding) => report({ step: 'doubtful', image: name, finding }),
      });
      const first = activeReleaseId(layout) === undefined;
      if (first) await activate(layout, manifest.id);
      const { path, sizeBytes, modifiedMs } = image;
      await built.save({ path, sizeBytes, modifiedMs, recipe, releaseId: manifest.id });
      const durationMs = clock.elapsedMs() - startedMs;
      report({ step: 'published', image: name, releaseId: manifest.id, activated: first, durationMs });
    } catch (error) {
      if (!stopping.signal.aborted) fail(image, recipe, error);
    }
  }

  function fail(image: Arrival, recipe: string, error: unknown): void {
    const { path, quietMs } = image;
    const nowMs = clock.nowMs();
    const before = failures.get(path);
    // What is still being written was built too early: nobody needs to hear of it.
    if (hasCode(error, 'SOURCE_CHANGED')) return;
    const isCutOff = hasCode(error, 'ISO_TRUNCATED') || hasCode(error, 'PACKED_DAMAGED');
    if (isCutOff && quietMs < abandonedAfterMs) {
      failures.set(path, { image, recipe, reason: before?.reason ?? '', againMs: nowMs + abandonedAfterMs - quietMs });
      return;
    }
    const isItsFault = error instanceof BootwrightError && error.exitStatus === exit.image;
    const reason = String(error);
    const againMs = isItsFault ? Number.POSITIVE_INFINITY : nowMs + tryAgainAfterMs;
    failures.set(path, { image, recipe, reason, againMs });
    if (!isSame(image, before?.image) || recipe !== before?.recipe || reason !== before?.reason) {
      report({ step: 'unusable', image: basename(path), error });
    }
  }

  async function isBuilt(image: Seen, recipe: string): Promise<boolean> {
    const known = await built.find(image.path);
    return (
      isSame(image, known) &&
      known?.recipe === recipe &&
      existsSync(join(layout.releases, known.releaseId, manifestName))
    );
  }

  /** Builds what is to be built; one of them, since the others may change meanwhile. */
  async function look(): Promise<void> {
    const nowMs = clock.nowMs();
    for (const image of await arrivals.look(nowMs)) {
      if (stopping.signal.aborted) return;
      if (image.quietMs < settledAfterMs) continue;
      const failure = failures.get(image.path);
      const recipe = await recipeOf(image);
      const isKnown = isSame(image, failure?.image) && recipe === failure?.recipe;
      if (isKnown && nowMs < (failure?.againMs ?? 0)) continue;
      if (!(await isBuilt(image, recipe))) return buildOne(image, recipe);
    }
  }

  /** What kept us from looking at all, such as a folder that is not there: told once. */
  let blind = '';

  async function lookOnce(): Promise<void> {
    try {
      await look();
      blind = '';
    } catch (error) {
      if (blind !== String(error)) report({ step: 'unusable', image: images, error });
      blind = String(error);
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await lookOnce();
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
