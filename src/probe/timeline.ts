import { BootwrightError } from '../errors.ts';
import type { Clock } from '../platform/clock.ts';

/** Who does it on a machine; `check` is what the probe alone does. */
export type Step = 'firmware' | 'shim' | 'grub' | 'kernel' | 'dracut' | 'check';

/** One thing that was done. */
export interface Row {
  readonly step: Step;
  readonly what: string;
  /** Milliseconds since the probe began. */
  readonly startedMs: number;
  readonly durationMs: number;
  /** Of the file, or of its part that was read. */
  readonly bytes?: number;
  readonly ok: boolean;
  readonly detail?: string;
  readonly remedy?: string;
}

/** What is found out while a row is under way. */
export interface RowNotes {
  what: string;
  bytes?: number;
  detail?: string;
}

/** Writes down what is done, in order. */
export class Timeline {
  readonly #clock: Clock;
  readonly #onRow: (row: Row) => void;
  readonly #signal: AbortSignal;
  readonly #startedMs: number;
  readonly #aborted: Promise<never>;
  readonly #rows: Row[] = [];

  constructor(clock: Clock, signal: AbortSignal, onRow: (row: Row) => void) {
    this.#clock = clock;
    this.#signal = signal;
    this.#onRow = onRow;
    this.#startedMs = clock.elapsedMs();
    this.#aborted = new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    // It may come when no row is under way.
    this.#aborted.catch(() => {});
  }

  get rows(): readonly Row[] {
    return this.#rows;
  }

  get elapsedMs(): number {
    return this.#clock.elapsedMs() - this.#startedMs;
  }

  /** Does `work` as one row. Rejects with what it throws, and with the reason of the signal as soon as it is aborted. */
  async record<Result>(step: Step, what: string, work: (notes: RowNotes) => Promise<Result>): Promise<Result> {
    const notes: RowNotes = { what };
    const startedMs = this.elapsedMs;
    const add = (ok: boolean, more: { detail?: string; remedy?: string } = {}) => {
      const row = { step, ...notes, startedMs, durationMs: this.elapsedMs - startedMs, ok, ...more };
      this.#rows.push(row);
      this.#onRow(row);
    };
    try {
      this.#signal.throwIfAborted();
      const result = await Promise.race([work(notes), this.#aborted]);
      add(true);
      return result;
    } catch (error) {
      if (error instanceof BootwrightError) add(false, { detail: error.message, remedy: error.remedy });
      throw error;
    }
  }
}
