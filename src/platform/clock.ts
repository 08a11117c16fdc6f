// The global of that name is looked up through a getter each time, and this is asked for each datagram.
import { performance } from 'node:perf_hooks';

export type Cancel = () => void;

/** The time, as small as anybody needs it. */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  nowMs(): number;
  /** Milliseconds since some moment before: for how long something took, also where the time of day is set meanwhile. */
  elapsedMs(): number;
  /** Runs `run` once after `delayMs` milliseconds, unless cancelled. */
  after(delayMs: number, run: () => void): Cancel;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  elapsedMs: () => Math.floor(performance.now()),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
