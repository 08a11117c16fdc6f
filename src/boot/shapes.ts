import type { Firmware, Shape } from './firmware.ts';

/**
 * The shape of offer with which a machine is known to boot. One for each machine and kind of firmware (a ROM, and the
 * iPXE that it loads, are two).
 */
export interface KnownShape {
  readonly mac: string;
  readonly firmware: Firmware;
  readonly shape: Shape;
  /** `false`: it did, and does so no longer; what is kept of it on disk may go. */
  readonly worked: boolean;
}

/** Who asks, in one DHCP message. */
export interface ShapeAsker {
  readonly mac: string;
  readonly firmware: Firmware;
  /** DHCP's xid. */
  readonly transaction: number;
}

export interface GivenShape {
  readonly shape: Shape;
  /** Set in the one answer in which it changes: what was tried before, with how many DISCOVERs. */
  readonly changed?: { readonly from: Shape; readonly discovers: number };
}

/** What one kind of firmware of one machine is being given. */
interface Trial {
  readonly shape: Shape;
  readonly worked: boolean;
  /** DISCOVERs that were answered so, without a transfer since. */
  readonly discovers: number;
  /** Of the last DISCOVER that counted. */
  readonly transaction: number;
  readonly countedMs: number;
  /** The first of the list: that it works is no news. */
  readonly isDefault: boolean;
}

interface Machine {
  readonly trials: Map<Firmware, Trial>;
  /** Which of them asked last, so that a transfer is its success. */
  last: Firmware;
}

/** DISCOVERs that get one shape before the next one is tried. Firmware sends four (PXE 2.1 §2.2): two shapes each time. */
const patience = { untried: 2, worked: 4 } as const;
/** The same xid again sooner is no second try: relays copy messages, and iPXE repeats them while it waits for a proxy. */
const sameTryMs = 1500;
/** After so long it is another boot, and what became of the last one is unknown: it may have booted from its disk. */
const sameTroubleMs = 30 * 60_000;
const never = Number.NEGATIVE_INFINITY;
/** More than any one server boots; a flood of invented machines must end somewhere. */
const mostMachines = 65_536;

/**
 * Which shape of offer each machine gets. A machine that repeats DISCOVER without ever fetching anything gets the next
 * shape, in a circle; what worked before is given up later. Bounded: who asked longest ago is forgotten first.
 */
export class ShapeBook {
  readonly #machines = new Map<string, Machine>();
  /** Whom to forget next: a look from the start of a Map passes by all that was deleted there, each time. */
  readonly #oldest = this.#machines.entries();
  #unsaved = new Map<string, KnownShape>();
  readonly #mostMachines: number;

  constructor(known: readonly KnownShape[], { mostMachines: limit = mostMachines } = {}) {
    this.#mostMachines = limit;
    for (const { mac, firmware, shape, worked } of known) {
      if (!worked) continue;
      const trial = { shape, worked, discovers: 0, transaction: 0, countedMs: never, isDefault: false };
      this.#machine(mac, firmware).trials.set(firmware, trial);
    }
  }

  /**
   * The shape of this answer; `shapes` in the order of trying, at least one. What a DISCOVER got, its REQUEST gets too.
   */
  shapeFor(asker: ShapeAsker, shapes: readonly Shape[], nowMs: number, isDiscover: boolean): GivenShape {
    const { mac, firmware, transaction } = asker;
    const machine = this.#machine(mac, firmware);
    const known = machine.trials.get(firmware);
    const trial = known !== undefined && shapes.includes(known.shape) ? known : this.#begin(asker, shapes, known);
    machine.trials.set(firmware, trial);
    // The clock may have been set back.
    const passedMs = Math.abs(nowMs - trial.countedMs);
    const isCopy = trial.discovers > 0 && trial.transaction === transaction && passedMs < sameTryMs;
    if (!isDiscover || isCopy) return { shape: trial.shape };
    const before = passedMs > sameTroubleMs ? 0 : trial.discovers;
    const counted = { transaction, countedMs: nowMs };
    const next = shapes[(shapes.indexOf(trial.shape) + 1) % shapes.length] ?? trial.shape;
    if (before < patience[trial.worked ? 'worked' : 'untried'] || next === trial.shape) {
      machine.trials.set(firmware, { ...trial, ...counted, discovers: before + 1 });
      return { shape: trial.shape };
    }
    this.#giveUp(mac, firmware, trial);
    const isDefault = next === shapes[0];
    machine.trials.set(firmware, { ...counted, shape: next, worked: false, discovers: 1, isDefault });
    return { shape: next, changed: { from: trial.shape, discovers: before } };
  }

  /**
   * The machine asked for a file: its shape works. Returned where that is news: not the shape that all get first. What a
   * live system fetches hours later says nothing of its firmware.
   */
  transferred(mac: string, nowMs: number): KnownShape | undefined {
    const machine = this.#machines.get(mac);
    const trial = machine?.trials.get(machine.last);
    if (machine === undefined || trial === undefined || nowMs - trial.countedMs > sameTroubleMs) return undefined;
    machine.trials.set(machine.last, { ...trial, worked: true, discovers: 0 });
    if (trial.worked) return undefined;
    const known = { mac, firmware: machine.last, shape: trial.shape, worked: true };
    this.#note(known);
    return trial.isDefault ? undefined : known;
  }

  /** What changed since the last time. `worked: false` takes a machine's row away. */
  takeUnsaved(): readonly KnownShape[] {
    const shapes = [...this.#unsaved.values()];
    this.#unsaved = new Map();
    return shapes;
  }

  /** What could not be saved stays for the next time, but for what has changed again, and may be safe already. */
  restoreUnsaved(shapes: readonly KnownShape[]): void {
    for (const known of shapes) {
      const trial = this.#machines.get(known.mac)?.trials.get(known.firmware);
      const works = trial?.worked === true ? trial.shape : undefined;
      if (works === (known.worked ? known.shape : undefined)) this.#note(known);
    }
  }

  #begin(asker: ShapeAsker, shapes: readonly Shape[], unusable: Trial | undefined): Trial {
    this.#giveUp(asker.mac, asker.firmware, unusable);
    const shape = shapes[0] ?? 'direct';
    return { shape, worked: false, discovers: 0, transaction: 0, countedMs: never, isDefault: true };
  }

  #giveUp(mac: string, firmware: Firmware, trial: Trial | undefined): void {
    if (trial?.worked) this.#note({ mac, firmware, shape: trial.shape, worked: false });
  }

  #note(known: KnownShape): void {
    this.#unsaved.set(keyOf(known), known);
  }

  /** Who asks now stands last, so that who asked longest ago stands first. */
  #machine(mac: string, firmware: Firmware): Machine {
    const machine = this.#machines.get(mac) ?? { trials: new Map(), last: firmware };
    machine.last = firmware;
    this.#machines.delete(mac);
    this.#machines.set(mac, machine);
    const oldest = this.#machines.size > this.#mostMachines ? this.#oldest.next().value : undefined;
    if (oldest !== undefined) {
      const [forgotten, { trials }] = oldest;
      this.#machines.delete(forgotten);
      for (const [kind, trial] of trials) this.#giveUp(forgotten, kind, trial);
    }
    return machine;
  }
}

function keyOf({ mac, firmware }: KnownShape): string {
  return `${mac} ${firmware}`;
}
