interface Given {
  /** Whoever heard it, under all names that it has. */
  readonly names: readonly string[];
  readonly untilMs: number;
}

/** Who may use which address until when, by what machines heard. Times are those that pass, whatever a clock is set to. */
export class Promises {
  readonly #byAddress = new Map<string, Given>();

  /** The names of another machine that has it; `undefined`: it is given rightly. */
  give(address: string, names: readonly string[], nowMs: number, untilMs: number): readonly string[] | undefined {
    const before = this.#byAddress.get(address);
    this.#byAddress.set(address, { names, untilMs });
    const isOther =
      before !== undefined && before.untilMs > nowMs && !before.names.some((name) => names.includes(name));
    return isOther ? before.names : undefined;
  }

  /** Whoever has one of these names uses it no more. */
  end(address: string, names: readonly string[]): void {
    if (this.#byAddress.get(address)?.names.some((name) => names.includes(name))) this.#byAddress.delete(address);
  }

  /** The same, of all its addresses for which that holds. */
  endWhere(name: string, hasEnded: (address: string) => boolean): void {
    for (const [address, { names }] of this.#byAddress) {
      if (names.includes(name) && hasEnded(address)) this.#byAddress.delete(address);
    }
  }

  /** Somebody took it from its machine. */
  take(address: string): void {
    this.#byAddress.delete(address);
  }
}
