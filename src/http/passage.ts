import type { Cancel, Clock } from '../platform/clock.ts';
import type { Pace } from './pace.ts';
import type { Standing } from './places.ts';
import { sliceFor, type Turns } from './turns.ts';

/** What may be sent now. */
export interface Grant {
  readonly mostBytes: number;
  /** Such a body may keep blocks of the cache for itself while it is sent. */
  readonly isFast: boolean;
}

/**
 * What those get whose turn has not come: UEFI's HTTP Boot gives up after 5 seconds in which nothing arrived
 * (PcdHttpIoTimeout), GRUB after 32 (40 polls of 400 ms and more, net/net.c). A thousand of them take 1 MiB a second.
 */
const trickle = { bytes: 2 * 1024, everyMs: 2000 };

/** Where there is a limit, a slice takes no more of the time than this: it is how long the others wait for it. */
const pacedSliceMs = 20;
/** Even with the lowest limit and many machines, each one gets something within so many milliseconds. */
const roundMs = 1000;
const leastBytes = 1024;

/** A machine that takes less than that in so long has been switched off, or means no good. */
const patience = { bytes: 1024 * 1024, ms: 600_000 };

export interface PassageOptions {
  readonly machine: string;
  /** Sent at once, whatever its standing and the limits are. */
  readonly isSmall: boolean;
  readonly clock: Clock;
  readonly turns: Turns;
  /** Limits, in the order in which they are asked. */
  readonly paces: readonly Pace[];
  readonly standing: () => Standing | undefined;
  /** How many bodies are being sent at full speed. */
  readonly writers: () => number;
  readonly taken: () => void;
  readonly left: () => void;
  readonly end: () => void;
}

/**
 * The right of one body to be sent, slice by slice: `next`, `turn`, the write, `taken`, and again; `leave` at the end.
 */
export class Passage {
  readonly #options: PassageOptions;
  #hasLeft = false;
  #trickleAtMs = 0;
  #wake: (() => void) | undefined;
  /** Since when bytes that were written have not been taken. */
  #writtenAtMs: number | undefined;
  #waited = { bytes: 0, ms: 0 };
  /** What was taken since `review`, and how long the machine was waited for. */
  #period = { bytes: 0, waitedMs: 0 };

  constructor(options: PassageOptions) {
    this.#options = options;
  }

  get machine(): string {
    return this.#options.machine;
  }

  /** Resolves once up to `wanted` bytes may be sent; to `undefined` where the body has left meanwhile. */
  async next(wanted: number): Promise<Grant | undefined> {
    const { clock, isSmall, standing, writers, paces } = this.#options;
    while (!this.#hasLeft && !isSmall && standing() === 'waiting') {
      const nowMs = clock.elapsedMs();
      if (nowMs >= this.#trickleAtMs) {
        this.#trickleAtMs = nowMs + trickle.everyMs;
        const mostBytes = Math.min(wanted, trickle.bytes);
        for (const pace of paces) pace.charge(mostBytes, nowMs);
        return { mostBytes, isFast: false };
      }
      await this.#sleep(this.#trickleAtMs - nowMs);
    }
    const mostBytes = Math.min(wanted, sliceFor(writers()), ...paces.map((pace) => this.#pacedSlice(pace)));
    for (const pace of paces) {
      const nowMs = clock.elapsedMs();
      if (isSmall) pace.charge(mostBytes, nowMs);
      else await this.#sleep(pace.reserve(mostBytes, nowMs));
    }
    if (this.#hasLeft) return undefined;
    return { mostBytes, isFast: isSmall || standing() === 'full' };
  }

  #pacedSlice({ bytesPerSecond }: Pace): number {
    const slice = (bytesPerSecond * Math.min(pacedSliceMs, roundMs / this.#options.writers())) / 1000;
    return Math.max(leastBytes, Math.floor(slice));
  }

  /** Resolves when so many bytes are to be written: not all bodies in one turn of the event loop. */
  async turn(bytes: number): Promise<void> {
    await this.#options.turns.take(bytes);
    this.#writtenAtMs = this.#options.clock.elapsedMs();
  }

  /** The bytes that were written last have been taken. */
  taken(bytes: number): void {
    this.#addWaiting();
    this.#writtenAtMs = undefined;
    this.#period.bytes += bytes;
    this.#waited.bytes += bytes;
    if (this.#waited.bytes >= patience.bytes) this.#waited = { bytes: 0, ms: 0 };
    this.#options.taken();
  }

  #addWaiting(): void {
    if (this.#writtenAtMs === undefined) return;
    const nowMs = this.#options.clock.elapsedMs();
    this.#period.waitedMs += nowMs - this.#writtenAtMs;
    this.#waited.ms += nowMs - this.#writtenAtMs;
    this.#writtenAtMs = nowMs;
  }

  get periodBytes(): number {
    return this.#period.bytes;
  }

  /** What the machine has taken since it was asked last, and how long it was waited for. Ends one that takes nothing. */
  review(): { readonly bytes: number; readonly waitedMs: number } {
    this.#addWaiting();
    const period = this.#period;
    this.#period = { bytes: 0, waitedMs: 0 };
    if (this.#waited.ms >= patience.ms) this.#options.end();
    return period;
  }

  /** Its turn has come. */
  wake(): void {
    this.#wake?.();
  }

  /** Once: the body has ended, whole or not. */
  leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#options.left();
    this.wake();
  }

  async #sleep(ms: number): Promise<void> {
    if (ms <= 0 || this.#hasLeft) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel: Cancel = this.#options.clock.after(Math.ceil(ms), resolve);
    this.#wake = resolve;
    await promise;
    this.#wake = undefined;
    cancel();
  }
}
