import { loadsInitrd, loadsKernel } from './boot-commands.ts';
import type { Command, Scope } from './commands.ts';
import { withoutDisk } from './disks.ts';
import type { Edits } from './edits.ts';
import { answerFileTests, type Medium, pathOnMedium, placeOnMedium } from './medium.ts';
import { quoted } from './quote.ts';
import type { Variables } from './variables.ts';
import { Word } from './word.ts';

/** A quote and a device in front of a path. */
const beforePath = /^["']?(?:\([^()'"]*\))?["']?/;

/** The tests of GRUB's `test` for files. */
const fileTests = new Set(['-d', '-e', '-f', '-s']);

function withoutDevice(text: string): string {
  return text.replace(/^\([^()]*\)/, '');
}

/** The initrd among several that holds the system; the others are microcode and such. */
function mainInitrd(command: Command): Word | undefined {
  const files = command.words.slice(1).filter((word) => !word.text.startsWith('-'));
  return files.find((word) => /(?:^|\/)init(?:rd|ramfs)[^/]*$/.test(word.text)) ?? files.at(-1);
}

interface Ways {
  readonly derived: boolean;
  readonly overNetwork: boolean;
}

/** Names the kernels and initrds of a menu as they are on the image, and the initrds that take the place of others. */
export class FilePaths {
  readonly #edits: Edits;
  readonly #medium: Medium | undefined;
  readonly #ways: Ways;
  readonly #initrds = new Map<Scope, Set<string>>();
  readonly #instead = new Map<Scope, string>();

  constructor(edits: Edits, medium: Medium | undefined, ways: Ways, all: readonly Command[]) {
    this.#edits = edits;
    this.#medium = medium;
    this.#ways = ways;
    for (const command of all.filter(loadsInitrd)) {
      const texts = this.#initrds.get(command.scope) ?? new Set();
      texts.add(withoutDevice(mainInitrd(command)?.text ?? ''));
      this.#initrds.set(command.scope, texts);
    }
  }

  /** From here on, another initrd is loaded in this scope. */
  useInitrd(scope: Scope, path: string): void {
    this.#instead.set(scope, path);
  }

  set(command: Command, variables: Variables): void {
    if (command.name === '[' || command.name === 'test') this.#test(command, variables);
    const instead = loadsInitrd(command) ? this.#instead.get(command.scope) : undefined;
    const main = instead === undefined ? undefined : mainInitrd(command);
    const files = loadsKernel(command) ? command.words.slice(1, 2) : loadsInitrd(command) ? command.words.slice(1) : [];
    for (const word of files) {
      const raw = word === main && instead !== undefined ? quoted(instead) : this.#pathOf(word, command, variables);
      if (raw !== word.raw) this.#edits.replace(word.index, raw);
    }
  }

  /** Tests ask for what is loaded: files at their places. One for an initrd that another one takes the place of is true. */
  #test(command: Command, variables: Variables): void {
    if (this.#ways.overNetwork && this.#medium !== undefined) {
      answerFileTests(command, variables, this.#medium, this.#edits);
    }
    const replaced = this.#instead.has(command.scope) ? this.#initrds.get(command.scope) : undefined;
    for (const [at, word] of command.words.entries()) {
      const file = command.words[at + 1];
      const test = word.value ?? '';
      if (at === 0 || file === undefined) continue;
      const isReplaced = replaced?.has(withoutDevice(file.text)) === true;
      if (isReplaced && (fileTests.has(test) || test === '-z')) this.#edits.replace(word.index, '-n');
      else if (fileTests.has(test)) {
        const placed = this.#placed(file.raw, file, command, variables);
        if (placed !== file.raw) this.#edits.replace(file.index, placed);
      }
    }
  }

  /** Files are named as they are, not by variables that were loaded: so that all who read the menu find them. */
  #pathOf(word: Word, command: Command, variables: Variables): string {
    const { derived, overNetwork } = this.#ways;
    const named = (overNetwork ? variables.withLoaded(word, command.list) : undefined) ?? word.raw;
    const bare = derived ? (withoutDisk(named, overNetwork) ?? named) : named;
    return this.#placed(bare, word, command, variables);
  }

  /** A path with `/boot` in front, if the file is only there. */
  #placed(raw: string, { index }: Word, command: Command, variables: Variables): string {
    if (this.#medium === undefined) return raw;
    const path = pathOnMedium(new Word(raw, index), command, variables);
    if (path === undefined) return raw;
    const place = placeOnMedium(path, this.#medium) ?? path;
    const moved = raw.replace(beforePath, '$&/boot');
    const reaches = place !== path && pathOnMedium(new Word(moved, index), command, variables) === place;
    return reaches ? moved : raw;
  }
}
