import type { Random } from '../fuzz/random.ts';

/** What one visitor does, in bounded time, or until the signal; how many messages or requests it sent. */
export type Visit = (random: Random, signal: AbortSignal) => Promise<number>;

export interface Kind {
  readonly visit: Visit;
  /** At most so many at the same time; no limit unless said. */
  readonly most?: number;
}

export type Kinds = Readonly<Record<string, Kind>>;

/** How often a kind was there, and what it sent. */
export interface Tally {
  visits: number;
  sent: number;
}

/** Waits; at once where it is over. Never throws. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    if (signal.aborted) done();
    else signal.addEventListener('abort', done);
  });
}
