import type { Cancel, Clock } from '../platform/clock.ts';

export interface Quiet {
  /** Something happens. */
  readonly disturb: () => void;
  close(): void;
}

/** Calls `run` once nothing has happened for so long, and again only after something has. */
export function whenQuiet(clock: Clock, quietMs: number, run: () => void): Quiet {
  let disturbedAtMs = 0;
  let cancel: Cancel | undefined;

  function look(): void {
    cancel = undefined;
    const leftMs = disturbedAtMs + quietMs - clock.elapsedMs();
    if (leftMs > 0) cancel = clock.after(leftMs, look);
    else run();
  }

  return {
    disturb() {
      disturbedAtMs = clock.elapsedMs();
      // In a storm that is thousands of times a second: one timer is enough, which looks again.
      cancel ??= clock.after(quietMs, look);
    },
    close: () => cancel?.(),
  };
}
