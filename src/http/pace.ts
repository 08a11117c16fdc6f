/** What may be sent in advance of an even flow, in milliseconds of it: timers are late, and disks, too. */
const burstMs = 100;
/** What could not wait is made up for by those who can; but they wait no longer than that, or firmware gives up. */
const mostDebtMs = 1000;

/**
 * So many bytes a second, and no more than a tenth of a second of them at once. Who asks first sends first: each one is
 * told when its bytes may go, and nobody after it can take its time away (GCRA, as ATM Forum TM 4.1 §4.4.3 has it).
 */
export class Pace {
  readonly bytesPerSecond: number;
  /** When the flow would be even with all that was promised. */
  #evenAtMs = Number.NEGATIVE_INFINITY;

  constructor(bytesPerSecond: number) {
    this.bytesPerSecond = bytesPerSecond;
  }

  /** Milliseconds until so many bytes may be sent, which they are to be then. */
  reserve(bytes: number, nowMs: number): number {
    const startMs = Math.max(this.#evenAtMs, nowMs - burstMs);
    this.#evenAtMs = startMs + this.#durationMs(bytes);
    return Math.max(0, startMs - nowMs);
  }

  /** Bytes that are sent now, whatever this says. */
  charge(bytes: number, nowMs: number): void {
    const startMs = Math.max(this.#evenAtMs, nowMs - burstMs);
    this.#evenAtMs = Math.min(startMs + this.#durationMs(bytes), Math.max(this.#evenAtMs, nowMs + mostDebtMs));
  }

  #durationMs(bytes: number): number {
    return (bytes / this.bytesPerSecond) * 1000;
  }
}
