import type { Cancel, Clock } from '../../src/platform/clock.ts';

interface Alarm {
  readonly atMs: number;
  readonly run: () => void;
}

/**
 * Time that passes only when nothing else is left to do: minutes of waiting take milliseconds, and the same seed gives
 * the same run.
 */
export class SimulatedClock implements Clock {
  #nowMs = 0;
  #aheadMs = 0;
  readonly #alarms = new Set<Alarm>();

  nowMs(): number {
    return this.#nowMs + this.#aheadMs;
  }

  elapsedMs(): number {
    return this.#nowMs;
  }

  /** Somebody sets the time of day, forwards or back. */
  set(byMs: number): void {
    this.#aheadMs += byMs;
  }

  after(delayMs: number, run: () => void): Cancel {
    const alarm: Alarm = { atMs: this.#nowMs + Math.max(delayMs, 0), run };
    this.#alarms.add(alarm);
    return () => this.#alarms.delete(alarm);
  }

  /** Lets time pass until `work` is done. Throws where it can't be, because nobody waits for anything any more. */
  async run<Value>(work: Promise<Value>, maxAlarms = 1_000_000): Promise<Value> {
    let done = false;
    const finished = work.finally(() => {
      done = true;
    });
    // Whoever calls gets the rejection; until then it is not unhandled.
    finished.catch(() => {});
    for (let count = 0; count < maxAlarms; count += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (done) return finished;
      if (!this.#ring()) throw new Error('nothing is left that could go on');
    }
    throw new Error(`not done after ${maxAlarms} alarms`);
  }

  #ring(): boolean {
    let next: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (next === undefined || alarm.atMs < next.atMs) next = alarm;
    }
    if (next === undefined) return false;
    this.#alarms.delete(next);
    this.#nowMs = next.atMs;
    next.run();
    return true;
  }
}
