import { BootwrightError } from '../errors.ts';

/** How much of a tree is read at most. The largest live systems have some ten thousand entries, ten levels deep. */
const limits = {
  entries: 1_000_000,
  directoryBytes: 512 * 1024 * 1024,
  pathCharacters: 256 * 1024 * 1024,
  levels: 128,
} as const;

const words: Record<keyof typeof limits, string> = {
  entries: 'files',
  directoryBytes: 'bytes of directories',
  pathCharacters: 'characters of paths',
  levels: 'levels of directories',
};

/** Counts what reading one tree has cost. Throws ISO_TREE_TOO_LARGE where that is too much. */
export class Budget {
  readonly #spent = { entries: 0, directoryBytes: 0, pathCharacters: 0 };

  spend(what: 'entries' | 'directoryBytes' | 'pathCharacters', count: number): void {
    this.#spent[what] += count;
    if (this.#spent[what] > limits[what]) throw tooLarge(what);
  }

  checkLevel(level: number): void {
    if (level > limits.levels) throw tooLarge('levels');
  }
}

function tooLarge(what: keyof typeof limits): BootwrightError {
  return new BootwrightError('ISO_TREE_TOO_LARGE', { what: words[what], limit: limits[what] });
}
