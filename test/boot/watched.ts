/** Something that changes by itself and is looked at again after every change. */
export class Watched {
  readonly #waiting = new Set<() => void>();

  changed(): void {
    for (const look of [...this.#waiting]) look();
  }

  /** What `look` finds, now or after a change. Rejects with what it throws, and with `late()` after `timeoutMs`. */
  until<Found>(look: () => Found | undefined, timeoutMs: number, late: () => Error): Promise<Found> {
    return new Promise((resolve, reject) => {
      const finish = () => {
        clearTimeout(timer);
        this.#waiting.delete(again);
      };
      const again = () => {
        try {
          const found = look();
          if (found === undefined) return;
          finish();
          resolve(found);
        } catch (error) {
          finish();
          reject(error);
        }
      };
      const timer = setTimeout(() => {
        finish();
        reject(late());
      }, timeoutMs);
      this.#waiting.add(again);
      again();
    });
  }
}
