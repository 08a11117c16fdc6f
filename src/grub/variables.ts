import type { Command, CommandList, Scope } from './commands.ts';
import type { Word } from './word.ts';

const assignment = /^([A-Za-z_]\w*)=([\s\S]*)$/;
const longestValue = 4096;
/** Characters that mean nothing to GRUB, in quotes or not. */
const plain = /^[\w./:=,@%+~-]+$/;
/** What all expansions in one script may come to: `set a=$a$a` must not fill the memory. */
const largestTotal = 16 * 1024 * 1024;

interface Held {
  /** Undefined where it may be one thing or another. */
  readonly value: string | undefined;
  /** The block that sets it; outside of that block the value is not sure. */
  readonly within: CommandList | undefined;
  /** It stands in a file of the image, not in the script. */
  readonly loaded: boolean;
}

/** What commands such as `load_env` set, by what is in the image. */
type Load = (command: Command, variables: Variables) => Iterable<readonly [name: string, value: string]>;

/** What is known of GRUB's variables at one point of a script, without running it. */
export class Variables {
  readonly #held = new Map<string, Held>();
  readonly #parent: Variables | undefined;
  readonly #budget: { left: number };

  constructor(parent: Variables | undefined) {
    this.#parent = parent;
    this.#budget = parent === undefined ? { left: largestTotal } : parent.#budget;
  }

  /** The value of a variable, or undefined if it is not known. `list` is where the question comes from. */
  get(name: string, list: CommandList): string | undefined {
    return this.#find(name, list)?.value;
  }

  #find(name: string, list: CommandList): Held | undefined {
    for (let at: Variables | undefined = this; at !== undefined; at = at.#parent) {
      const held = at.#held.get(name);
      if (held !== undefined) return held.within === undefined || held.within === list ? held : undefined;
    }
    return undefined;
  }

  /** A word as it is written, but with the values of variables that were loaded; undefined if it has none of those. */
  withLoaded(word: Word, list: CommandList): string | undefined {
    const parts = word.parts.map((part) => {
      const held = part.kind === 'variable' ? this.#find(part.name, list) : undefined;
      return held?.loaded && plain.test(held.value ?? '') ? held.value : part.raw;
    });
    const raw = parts.join('');
    return raw === word.raw ? undefined : raw;
  }

  /** The words that GRUB makes of one: unquoted variables are split at white space. Unknown ones stay as written. */
  expand(word: Word, list: CommandList): string[] {
    const words: string[] = [];
    let open: string | undefined;
    for (const part of word.parts) {
      const known = part.kind === 'text' ? part.value : this.#spend(this.get(part.name, list));
      const value = known ?? part.raw;
      if (part.kind === 'text' || part.quote !== 'none' || known === undefined) {
        open = (open ?? '') + value;
      } else {
        const [first, ...rest] = value.split(/[ \t\n]+/).filter((piece) => piece !== '');
        if (first !== undefined) open = (open ?? '') + first;
        for (const piece of rest) {
          if (open !== undefined) words.push(open);
          open = piece;
        }
      }
    }
    if (open !== undefined) words.push(open);
    return words;
  }

  /** Takes note of `set name=value`, `name=value` and `unset name`. */
  note(command: Command): void {
    const [first, second] = command.words;
    if (command.name === 'unset' && second !== undefined) {
      this.#set(second.text, '', command);
      return;
    }
    const word = command.name === 'set' ? second : first;
    const found = word === undefined ? null : assignment.exec(word.text);
    if (word === undefined || found?.[1] === undefined) return;
    const sure = word.parts.every((part) => part.kind === 'text' || this.get(part.name, command.list) !== undefined);
    // The value of an assignment is not split: GRUB keeps what stands behind the first word out of it.
    const value = sure ? this.expand(word, command.list)[0]?.slice(found[1].length + 1) : undefined;
    this.#set(found[1], value !== undefined && value.length <= longestValue ? value : undefined, command);
  }

  /** Takes note of what is set before the script starts. */
  start(values: Iterable<readonly [name: string, value: string]>): void {
    for (const [name, value] of values) this.#held.set(name, { value, within: undefined, loaded: false });
  }

  /** Takes note of what a command loads. */
  noteLoaded(values: ReturnType<Load>, command: Command): void {
    for (const [name, value] of values) {
      // A block that is loaded again and again costs like an expansion.
      if (this.#spend(`${name}=${value}`) === undefined) return;
      this.#set(name, value.length <= longestValue ? value : undefined, command, true);
    }
  }

  #spend(value: string | undefined): string | undefined {
    if (value === undefined || value.length > this.#budget.left) return undefined;
    this.#budget.left -= value.length;
    return value;
  }

  #set(name: string, value: string | undefined, command: Command, loaded = false): void {
    const before = this.get(name, command.list);
    if (command.conditional && before === value) return;
    this.#held.set(name, { value, within: command.conditional ? command.list : undefined, loaded });
  }
}

/**
 * Calls `visit` for every command with what is known of the variables there. A menu entry runs after the whole script
 * has run, so its commands come after all of the script's own, and see the values that the script ends with.
 * `initial` is what is set before the script starts.
 */
export function walkWithVariables(
  commands: readonly Command[],
  visit: (command: Command, variables: Variables) => void,
  load?: Load,
  initial?: Iterable<readonly [name: string, value: string]>,
): void {
  const groups = new Map<Scope, Command[]>();
  const groupOf = (scope: Scope): Command[] => {
    if (scope.parent !== undefined) groupOf(scope.parent);
    const group = groups.get(scope) ?? [];
    groups.set(scope, group);
    return group;
  };
  for (const command of commands) (groups.get(command.scope) ?? groupOf(command.scope)).push(command);
  const known = new Map<Scope, Variables>();
  for (const [scope, group] of groups) {
    const variables = new Variables(scope.parent === undefined ? undefined : known.get(scope.parent));
    if (scope.parent === undefined) variables.start(initial ?? []);
    known.set(scope, variables);
    for (const command of group) {
      visit(command, variables);
      variables.note(command);
      if (load !== undefined) variables.noteLoaded(load(command, variables), command);
    }
  }
}
