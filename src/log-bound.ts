import type { BootEvent } from './boot/timeline.ts';
import type { Clock } from './platform/clock.ts';

type Level = 'debug' | 'info' | 'warn';

/** Of one kind of line: so many at once, and so many a second when those are used up. */
interface Bound {
  readonly atOnce: number;
  readonly perSecond: number;
}

/**
 * A thousand machines that boot write some twenty lines each within minutes, and all of them count. Of what goes wrong,
 * a thousand lines say it; whoever wants the disk to be full must not have more. A line has about 250 bytes.
 */
const bounds: Readonly<Record<Level, Bound>> = {
  debug: { atOnce: 20_000, perSecond: 50 },
  info: { atOnce: 20_000, perSecond: 50 },
  warn: { atOnce: 1000, perSecond: 10 },
};

/** Until the count of what was left out is told. */
const tellMs = 10_000;

interface Kind {
  /** Lines that may still be written. */
  left: number;
  countedMs: number;
  leftOut: number;
}

interface LineBoundOptions {
  readonly clock: Clock;
  /** So many lines of a kind were left out within the last ten seconds; one of them was about `event`. */
  readonly tell: (leftOut: number, event: BootEvent) => void;
}

/** Which lines of the log are written. Clients decide how many events there are, and ours is the disk. */
export class LineBound {
  readonly #options: LineBoundOptions;
  /** By step, protocol and outcome: they are few. */
  readonly #kinds = new Map<string, Kind>();
  /** What is to be told, each with the last event that was left out. */
  readonly #pending = new Map<Kind, BootEvent>();
  #cancel: (() => void) | undefined;

  constructor(options: LineBoundOptions) {
    this.#options = options;
  }

  /** Whether the line of this event is written; else it is counted. */
  admits(event: BootEvent, level: Level): boolean {
    const { clock } = this.#options;
    const { atOnce, perSecond } = bounds[level];
    const nowMs = clock.elapsedMs();
    const key = keyOf(event);
    const kind = this.#kinds.get(key) ?? { left: atOnce, countedMs: nowMs, leftOut: 0 };
    this.#kinds.set(key, kind);
    kind.left = Math.min(kind.left + ((nowMs - kind.countedMs) * perSecond) / 1000, atOnce);
    kind.countedMs = nowMs;
    if (kind.left >= 1) {
      kind.left -= 1;
      return true;
    }
    kind.leftOut += 1;
    this.#pending.set(kind, event);
    this.#cancel ??= clock.after(tellMs, () => this.close());
    return false;
  }

  /** Tells what is still to be told. */
  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const pending = [...this.#pending];
    this.#pending.clear();
    for (const [kind, event] of pending) {
      const { leftOut } = kind;
      kind.leftOut = 0;
      this.#options.tell(leftOut, event);
    }
  }
}

function keyOf(event: BootEvent): string {
  const protocol = 'protocol' in event ? event.protocol : '';
  return `${event.step} ${protocol} ${event.step === 'served' ? event.outcome : ''}`;
}
