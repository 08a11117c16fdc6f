/**
 * `full`: it is sent as fast as it is taken. `waiting`: it gets a trickle until its turn comes. `beside`: it has been so
 * slow to take its bytes that it costs nothing to serve it beside those who have a place.
 */
export type Standing = 'full' | 'waiting' | 'beside';

/** A body, and the machine that it goes to. */
export interface Claim {
  readonly machine: string;
}

export interface PlacesOptions {
  readonly maxTransfers: number;
  readonly maxPerMachine: number;
}

/**
 * A boot is a kernel, an initrd and a live image: a machine that has begun goes on before those that have not, with so
 * many files. Then it waits like everybody, lest one that asks on and on keeps its place for ever.
 */
const filesInTurn = 8;

/**
 * Who is sent at full speed. In a boot storm that all share, all would end together, and late: so the earliest come
 * first and are done. By turns among machines, lest one that asks a hundred times keeps the others waiting.
 */
export class Places<Body extends Claim> {
  readonly #options: PlacesOptions;
  readonly #standings = new Map<Body, Standing>();
  readonly #fullOf = new Map<string, number>();
  /** By machine. The machine whose turn is next comes first. */
  readonly #waiting: Line<Body> = new Map();
  /** The same of those that have begun: they come before all others. */
  readonly #goingOn: Line<Body> = new Map();
  /** With how many files a machine may go on. */
  readonly #filesLeft = new Map<string, number>();
  #full = 0;

  constructor(options: PlacesOptions) {
    this.#options = options;
  }

  standing(body: Body): Standing | undefined {
    return this.#standings.get(body);
  }

  /** How many have a place. */
  get full(): number {
    return this.#full;
  }

  get isAnyoneWaiting(): boolean {
    return this.#waiting.size + this.#goingOn.size > 0;
  }

  /** A body that is new here, or one beside that has become quick: it waits for its turn. Who has a place by that. */
  enter(body: Body): Body[] {
    const { machine } = body;
    this.#standings.set(body, 'waiting');
    const filesLeft = this.#filesLeft.get(machine) ?? 0;
    if (filesLeft > 0) this.#filesLeft.set(machine, filesLeft - 1);
    const line = filesLeft > 0 ? this.#goingOn : this.#waiting;
    line.set(machine, (line.get(machine) ?? new Set()).add(body));
    return this.#fill();
  }

  /** A machine that has asked for nothing for so long that its boot is over, or another one. */
  forget(machine: string): void {
    this.#filesLeft.delete(machine);
  }

  /** A body that is slow gives its place up. Who has one by that. */
  stepAside(body: Body): Body[] {
    this.#remove(body);
    this.#standings.set(body, 'beside');
    return this.#fill();
  }

  /** A body that has ended. Who has a place by that. */
  leave(body: Body): Body[] {
    this.#remove(body);
    return this.#fill();
  }

  #remove(body: Body): void {
    const standing = this.#standings.get(body);
    this.#standings.delete(body);
    if (standing === 'full') this.#count(body.machine, -1);
    if (standing !== 'waiting') return;
    for (const line of [this.#goingOn, this.#waiting]) {
      const bodies = line.get(body.machine);
      bodies?.delete(body);
      if (bodies?.size === 0) line.delete(body.machine);
    }
  }

  #count(machine: string, change: 1 | -1): void {
    const count = (this.#fullOf.get(machine) ?? 0) + change;
    this.#full += change;
    if (count === 0) this.#fullOf.delete(machine);
    else this.#fullOf.set(machine, count);
  }

  #fill(): Body[] {
    const begun: Body[] = [];
    while (this.#full < this.#options.maxTransfers) {
      const next = this.#next(this.#goingOn);
      const body = next ?? this.#next(this.#waiting);
      if (body === undefined) break;
      if (next === undefined) this.#filesLeft.set(body.machine, filesInTurn - 1);
      this.#remove(body);
      this.#standings.set(body, 'full');
      this.#count(body.machine, 1);
      begun.push(body);
    }
    return begun;
  }

  /** No more machines are passed over than there are places, since each of those has as many as it may. */
  #next(line: Line<Body>): Body | undefined {
    for (const [machine, bodies] of line) {
      if ((this.#fullOf.get(machine) ?? 0) >= this.#options.maxPerMachine) continue;
      // Its others come after those of the other machines.
      line.delete(machine);
      line.set(machine, bodies);
      return bodies.values().next().value;
    }
    return undefined;
  }
}

type Line<Body> = Map<string, Set<Body>>;

/** Below that, in bytes a second, nobody needs a place, however slow the others are. */
const slowest = 16 * 1024;

/**
 * Fewer bytes than these make one slow, of those who were sent at full speed for so long and took so much each: it is
 * measured by the others, since on a slow network all are slow.
 */
export function slowBelow(takenBytes: readonly number[], durationMs: number): number {
  const mean = takenBytes.reduce((sum, bytes) => sum + bytes, 0) / Math.max(1, takenBytes.length);
  return Math.max((slowest * durationMs) / 1000, mean / 8);
}
