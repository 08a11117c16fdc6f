import { BootwrightError } from '../errors.ts';
import { lineOfToken, type Token } from './tokenize.ts';
import type { Word } from './word.ts';

/** Where commands run: the script itself, a menu entry or a submenu, or a function. */
export interface Scope {
  readonly kind: 'script' | 'menuentry' | 'submenu' | 'function';
  /** As GRUB shows it, variables left as written; the name of a function; empty for the script. */
  readonly title: string;
  /** What `--id` says, for `set default=`. */
  readonly id: string | undefined;
  readonly parent: Scope | undefined;
  /** Its number among the entries and submenus of its menu, from 0. */
  readonly position: number;
}

/** Commands that follow one another in one block. GRUB refuses a block with none. */
export interface CommandList {
  /** A condition of `if`, `while` or `until`, or what is done. */
  readonly kind: 'condition' | 'body';
  /** How many commands it holds, compound ones counted once. */
  size: number;
}

/** One simple command: a name and arguments. */
export interface Command {
  /** Its name and arguments, in order; at least one word. */
  readonly words: readonly Word[];
  /** Index of its first token: the name, or a `!` before it. */
  readonly firstToken: number;
  /** What GRUB makes of the name, or undefined where that depends on a variable. */
  readonly name: string | undefined;
  readonly scope: Scope;
  readonly list: CommandList;
  /** Inside an `if` or a loop of its scope, so that it may not run. */
  readonly conditional: boolean;
}

interface Frame {
  readonly opener: 'script' | 'block' | 'if' | 'loop';
  /** Of an `if` or a loop: which keyword comes next. */
  phase: 'condition' | 'then' | 'else';
  list: CommandList;
  readonly scope: Scope;
  readonly conditional: boolean;
}

/** GRUB's own parser gives up near 1000 (bison's YYMAXDEPTH of 10,000, about ten symbols a level); nobody comes near. */
const deepest = 250;
const optionsWithValue = new Set(['--class', '--users', '--hotkey', '--source', '--id', '$menuentry_id_option']);

/** The title and the id of `menuentry [options] title [options] {`. */
function titleAndId(words: readonly Word[]): { title: string; id: string | undefined } {
  let title: string | undefined;
  let id: string | undefined;
  for (let at = 1; at < words.length; at += 1) {
    const text = words[at]?.text ?? '';
    if (text === '--') title ??= words[at + 1]?.text;
    if (text === '--') break;
    if (text.startsWith('--id=')) id = text.slice('--id='.length);
    else if (optionsWithValue.has(text)) {
      at += 1;
      if (text === '--id' || text === '$menuentry_id_option') id = words[at]?.text;
    } else if (!text.startsWith('--')) title ??= text;
  }
  return { title: title ?? '', id };
}

class CommandParser {
  readonly #tokens: readonly Token[];
  readonly #found: Command[] = [];
  readonly #frames: Frame[] = [];
  readonly #entriesInMenu = new Map<Scope, number>();
  #frame: Frame;
  #words: Word[] = [];
  #firstToken: number | undefined;
  /** What the words at hand belong to: a command, or the head of a `for` or a `function`. */
  #reading: 'command' | 'for' | 'function' = 'command';

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
    const scope: Scope = { kind: 'script', title: '', id: undefined, parent: undefined, position: 0 };
    this.#frame = { opener: 'script', phase: 'then', list: { kind: 'body', size: 0 }, scope, conditional: false };
  }

  parse(): Command[] {
    for (const [index, token] of this.#tokens.entries()) {
      if (token.kind === 'word') this.#word(token);
      else if (token.kind === 'newline') this.#delimiter();
      else if (token.kind === 'operator') this.#operator(token.raw, index);
    }
    this.#endCommand();
    if (this.#frame.opener !== 'script') {
      const open = this.#frame.opener === 'if' ? 'fi' : this.#frame.opener === 'loop' ? 'done' : '}';
      throw this.#malformed(this.#tokens.length, `it ends where \`${open}\` is missing`);
    }
    return this.#found;
  }

  #malformed(index: number, reason: string): BootwrightError {
    return new BootwrightError('GRUB_CONFIG_MALFORMED', { line: lineOfToken(this.#tokens, index), reason });
  }

  #word(word: Word): void {
    if (this.#reading !== 'command' || this.#words.length > 0) {
      this.#words.push(word);
    } else if (!this.#keyword(word)) {
      this.#firstToken ??= word.index;
      if (word.raw !== '!') this.#words.push(word);
    }
  }

  #delimiter(): void {
    if (this.#reading === 'function') return;
    this.#endCommand();
  }

  #operator(operator: string, index: number): void {
    if (operator === '{') this.#openBlock(index);
    else if (operator === '}') this.#close('block', index, operator);
    else this.#delimiter();
  }

  #endCommand(): Command | undefined {
    const words = this.#words;
    const firstToken = this.#firstToken;
    const isCommand = this.#reading === 'command';
    this.#words = [];
    this.#firstToken = undefined;
    this.#reading = 'command';
    if (!isCommand || words.length === 0) return undefined;
    const { list, scope, conditional } = this.#frame;
    const command: Command = {
      words,
      firstToken: firstToken ?? 0,
      name: words[0]?.value,
      scope,
      list,
      conditional,
    };
    list.size += 1;
    this.#found.push(command);
    return command;
  }

  #push(frame: Frame, index: number): void {
    if (this.#frames.length >= deepest) throw this.#malformed(index, `blocks nest deeper than ${deepest}`);
    this.#frames.push(this.#frame);
    this.#frame = frame;
  }

  #openBlock(index: number): void {
    const outer = this.#frame;
    const heading = this.#words;
    const isFunction = this.#reading === 'function';
    const command = this.#endCommand();
    let scope = outer.scope;
    let conditional = outer.conditional;
    if (isFunction) {
      scope = { kind: 'function', title: heading[0]?.text ?? '', id: undefined, parent: scope, position: 0 };
      conditional = false;
    } else if (command?.name === 'menuentry' || command?.name === 'submenu') {
      const position = this.#entriesInMenu.get(outer.scope) ?? 0;
      this.#entriesInMenu.set(outer.scope, position + 1);
      scope = { kind: command.name, ...titleAndId(heading), parent: outer.scope, position };
      conditional = false;
    }
    this.#push({ opener: 'block', phase: 'then', list: { kind: 'body', size: 0 }, scope, conditional }, index);
  }

  #openClause(opener: 'if' | 'loop', kind: CommandList['kind'], index: number): true {
    const { list, scope } = this.#frame;
    list.size += 1;
    this.#push({ opener, phase: 'condition', list: { kind, size: 0 }, scope, conditional: true }, index);
    return true;
  }

  #close(opener: Frame['opener'], index: number, closer: string): true {
    this.#endCommand();
    const complete = this.#frame.opener === opener && this.#frame.phase !== 'condition';
    const outer = complete ? this.#frames.pop() : undefined;
    if (outer === undefined) throw this.#malformed(index, `\`${closer}\` ends nothing that is open here`);
    this.#frame = outer;
    return true;
  }

  #clause(opener: Frame['opener'], phase: Frame['phase'], kind: CommandList['kind'], word: Word): true {
    const expected = word.raw === 'then' || word.raw === 'do' ? 'condition' : 'then';
    if (this.#frame.opener !== opener || this.#frame.phase !== expected) {
      throw this.#malformed(word.index, `\`${word.raw}\` stands where none belongs`);
    }
    this.#frame.phase = phase;
    this.#frame.list = { kind, size: 0 };
    return true;
  }

  /** Keywords count where a command could start, and only unquoted. True if the word was one. */
  #keyword(word: Word): boolean {
    if (this.#firstToken !== undefined) return false;
    switch (word.raw) {
      case 'if':
        return this.#openClause('if', 'condition', word.index);
      case 'while':
      case 'until':
        return this.#openClause('loop', 'condition', word.index);
      case 'for':
        this.#reading = 'for';
        return this.#openClause('loop', 'body', word.index);
      case 'function':
        this.#reading = 'function';
        return true;
      case 'then':
        return this.#clause('if', 'then', 'body', word);
      case 'elif':
        return this.#clause('if', 'condition', 'condition', word);
      case 'else':
        return this.#clause('if', 'else', 'body', word);
      case 'do':
        return this.#clause('loop', 'then', 'body', word);
      case 'fi':
        return this.#close('if', word.index, word.raw);
      case 'done':
        return this.#close('loop', word.index, word.raw);
      default:
        return false;
    }
  }
}

/**
 * The simple commands of a script in the order in which they stand there, each with the menu entry, submenu or
 * function that it belongs to. Linear in the size of the script; nesting is limited as it is in GRUB.
 *
 * @throws GRUB_CONFIG_MALFORMED where blocks and keywords don't pair up.
 */
export function commands(tokens: readonly Token[]): Command[] {
  return new CommandParser(tokens).parse();
}

/** The menu entry that a command belongs to, if any: the innermost one. */
export function entryOf(command: Command): Scope | undefined {
  for (let scope: Scope | undefined = command.scope; scope !== undefined; scope = scope.parent) {
    if (scope.kind === 'menuentry') return scope;
  }
  return undefined;
}
