import type { Command } from './commands.ts';
import type { Token } from './tokenize.ts';

/** One place where a script was changed. */
export interface Change {
  /** Counted from 1, in the text before the change. */
  readonly line: number;
  /** What stood there, and what stands there now; empty if nothing. */
  readonly was: string;
  readonly is: string;
}

/** Changes to single tokens of a script; everything else stays byte for byte. */
export class Edits {
  readonly #tokens: readonly Token[];
  readonly #replaced = new Map<number, string>();
  readonly #removedFrom = new Map<object, Command[]>();

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  replace(index: number, raw: string): void {
    this.#replaced.set(index, raw);
  }

  /** Puts words before (`-1`) or behind (`1`) a word. */
  insert(index: number, side: -1 | 1, words: readonly string[]): void {
    const raw = this.#now(index);
    this.#replaced.set(index, (side === 1 ? [raw, ...words] : [...words, raw]).join(' '));
  }

  /** Removes an argument and the white space before it, but never a line end that ends a command. */
  removeArgument(index: number): void {
    this.#replaced.set(index, '');
    const before = this.#tokens[index - 1];
    if (before?.kind === 'blank') this.#replaced.set(index - 1, '');
  }

  /** Puts other commands in place of one. */
  replaceCommand(command: Command, raw: string): void {
    const last = command.words.at(-1)?.index ?? command.firstToken;
    for (let index = command.firstToken; index <= last; index += 1) this.#replaced.set(index, '');
    this.#replaced.set(command.firstToken, raw);
  }

  /** Removes a whole command; `true` takes its place where GRUB wants a command to be. Takes effect in `apply`. */
  removeCommand(command: Command): void {
    const removed = this.#removedFrom.get(command.list);
    if (removed === undefined) this.#removedFrom.set(command.list, [command]);
    else removed.push(command);
  }

  apply(): { readonly text: string; readonly changes: readonly Change[] } {
    for (const removed of this.#removedFrom.values()) this.#removeAll(removed);
    const changes: { line: number; was: string; is: string }[] = [];
    let open: (typeof changes)[number] | undefined;
    let text = '';
    let line = 1;
    for (const [index, token] of this.#tokens.entries()) {
      const is = this.#replaced.get(index) ?? token.raw;
      text += is;
      if (is === token.raw) {
        open = undefined;
      } else {
        if (open === undefined) {
          open = { line, was: '', is: '' };
          changes.push(open);
        }
        open.was += token.raw;
        open.is += is;
      }
      for (let at = token.raw.indexOf('\n'); at !== -1; at = token.raw.indexOf('\n', at + 1)) line += 1;
    }
    return { text, changes };
  }

  #now(index: number): string {
    return this.#replaced.get(index) ?? this.#tokens[index]?.raw ?? '';
  }

  #removeAll(removed: readonly Command[]): void {
    const list = removed[0]?.list;
    const scope = removed[0]?.scope;
    const mayBeEmpty = scope?.kind === 'script' && !removed[0]?.conditional;
    const emptied = list?.size === removed.length && !mayBeEmpty;
    for (const [number, command] of removed.entries()) {
      if (list?.kind === 'condition' || (emptied && number === 0)) this.#replaceByTrue(command);
      else this.#removeWords(command);
    }
  }

  #replaceByTrue(command: Command): void {
    const [name, ...rest] = command.words;
    if (name === undefined) return;
    for (const word of rest) this.removeArgument(word.index);
    this.#replaced.set(name.index, 'true');
  }

  /** Takes the delimiter behind the command along: GRUB refuses two of them in a row. */
  #removeWords(command: Command): void {
    const first = command.firstToken;
    const last = command.words.at(-1)?.index ?? first;
    for (let index = first; index <= last; index += 1) this.#replaced.set(index, '');
    const kind = (index: number) => this.#tokens[index]?.kind;
    const blankBefore = kind(first - 1) === 'blank';
    const lineStart = blankBefore ? first - 1 : first;
    const startsLine = lineStart === 0 || kind(lineStart - 1) === 'newline';
    let next = last + 1;
    if (kind(next) === 'blank') next += 1;
    const delimiter = this.#tokens[next];
    if (delimiter?.raw === ';') {
      for (let index = last + 1; index <= next; index += 1) this.#replaced.set(index, '');
      if (kind(next + 1) === 'blank') this.#replaced.set(next + 1, '');
    } else if (startsLine && (delimiter === undefined || delimiter.kind === 'newline')) {
      for (let index = lineStart; index <= next && index < this.#tokens.length; index += 1) {
        this.#replaced.set(index, '');
      }
    }
  }
}
