import type { Cancel, Clock } from '../platform/clock.ts';
import { Pace } from './pace.ts';
import { Passage } from './passage.ts';
import { Places, slowBelow } from './places.ts';
import { Turns } from './turns.ts';

export interface AdmissionOptions {
  /** So many bodies are sent at full speed at once, the earliest first. */
  readonly maxTransfers: number;
  /** So many of them to one address. */
  readonly maxPerMachine: number;
  /** To all together; absent: no limit. */
  readonly totalBytesPerSecond?: number;
  /** To one address; absent: no limit. */
  readonly machineBytesPerSecond?: number;
  readonly clock: Clock;
}

/** Who may send how much, and when. One for all listeners: they share the same wire. */
export interface Admission {
  /** A body that begins now, to the machine at this address. `end` is called where the machine never gets on with it. */
  enter(body: { readonly machine: string; readonly sizeBytes: number; readonly end: () => void }): Passage;
}

/** A loader, a menu, a part of an ISO: it is sent sooner than it could wait. */
const smallBytes = 1024 * 1024;

/** A machine that asks for nothing for so long does not go on with its boot: kernels of large servers take a minute. */
const pauseMs = 120_000;

/** How often it is looked who is slow. */
const reviewMs = 5000;

export function createAdmission(options: AdmissionOptions): Admission {
  return new Hall(options);
}

class Hall implements Admission {
  readonly #options: AdmissionOptions;
  readonly #turns = new Turns();
  readonly #places: Places<Passage>;
  readonly #total: Pace | undefined;
  readonly #machines = new Map<string, { bodies: number; readonly pace: Pace | undefined }>();
  /** Machines that are sent nothing, and since when; the one that is for longest comes first. */
  readonly #pausing = new Map<string, number>();
  readonly #passages = new Set<Passage>();
  #small = 0;
  #cancelReview: Cancel | undefined;
  #reviewedAtMs = 0;
  /** Those who have had a place since then: they can be judged. */
  #judged = new Set<Passage>();
  /** Who was slower than this in the last period was slow. */
  #slowBytes = 0;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#places = new Places(options);
    this.#total = paceOf(options.totalBytesPerSecond);
  }

  enter({ machine, sizeBytes, end }: Parameters<Admission['enter']>[0]): Passage {
    const places = this.#places;
    this.#pausing.delete(machine);
    this.#forgetThoseGone();
    const isSmall = sizeBytes <= smallBytes;
    const here = this.#machines.get(machine) ?? { bodies: 0, pace: paceOf(this.#options.machineBytesPerSecond) };
    this.#machines.set(machine, here);
    here.bodies += 1;
    const passage: Passage = new Passage({
      machine,
      isSmall,
      clock: this.#options.clock,
      turns: this.#turns,
      paces: [here.pace, this.#total].filter((pace) => pace !== undefined),
      standing: () => places.standing(passage),
      writers: () => places.full + this.#small,
      taken: () => this.#taken(passage),
      end,
      left: () => this.#left(passage, isSmall),
    });
    this.#passages.add(passage);
    if (isSmall) this.#small += 1;
    else wake(places.enter(passage));
    if (this.#cancelReview === undefined) this.#expectReview();
    return passage;
  }

  #left(passage: Passage, isSmall: boolean): void {
    this.#passages.delete(passage);
    this.#judged.delete(passage);
    const here = this.#machines.get(passage.machine);
    if (here !== undefined) here.bodies -= 1;
    if (here?.bodies === 0) {
      this.#machines.delete(passage.machine);
      this.#pausing.set(passage.machine, this.#options.clock.elapsedMs());
    }
    if (isSmall) this.#small -= 1;
    else wake(this.#places.leave(passage));
    if (this.#passages.size > 0) return;
    this.#cancelReview?.();
    this.#cancelReview = undefined;
    this.#judged.clear();
  }

  #forgetThoseGone(): void {
    const sinceMs = this.#options.clock.elapsedMs() - pauseMs;
    for (const [machine, leftAtMs] of this.#pausing) {
      if (leftAtMs > sinceMs) return;
      this.#pausing.delete(machine);
      this.#places.forget(machine);
    }
  }

  /** One beside who is quick after all gets a place again, in its turn. */
  #taken(passage: Passage): void {
    if (this.#places.standing(passage) !== 'beside' || passage.periodBytes < 2 * this.#slowBytes) return;
    wake(this.#places.enter(passage));
  }

  #expectReview(): void {
    this.#reviewedAtMs = this.#options.clock.elapsedMs();
    this.#cancelReview = this.#options.clock.after(reviewMs, () => this.#review());
  }

  #review(): void {
    const durationMs = this.#options.clock.elapsedMs() - this.#reviewedAtMs;
    this.#expectReview();
    const periods = [...this.#passages].map((passage) => ({ passage, ...passage.review() }));
    const judged = periods.filter(({ passage }) => this.#judged.has(passage));
    this.#slowBytes = slowBelow(
      judged.map(({ bytes }) => bytes),
      durationMs,
    );
    for (const { passage, bytes, waitedMs } of judged) {
      if (!this.#places.isAnyoneWaiting) break;
      // One that was waited for: it was not a limit of ours that made it slow.
      const isSlow = bytes < this.#slowBytes && waitedMs > durationMs / 2;
      if (isSlow && this.#places.standing(passage) === 'full') wake(this.#places.stepAside(passage));
    }
    this.#judged = new Set([...this.#passages].filter((passage) => this.#places.standing(passage) === 'full'));
  }
}

function paceOf(bytesPerSecond: number | undefined): Pace | undefined {
  return bytesPerSecond === undefined ? undefined : new Pace(bytesPerSecond);
}

function wake(passages: readonly Passage[]): void {
  for (const passage of passages) passage.wake();
}
