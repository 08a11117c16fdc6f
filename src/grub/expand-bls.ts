import { BootwrightError } from '../errors.ts';
import { type Architecture, type BlsEntry, type BlsFile, blsEntries } from './bls-entry.ts';
import { blsMenuEntry } from './bls-menu-entry.ts';
import type { Resolve } from './bls-words.ts';
import { type Command, commands, entryOf } from './commands.ts';
import { Edits } from './edits.ts';
import { type Environment, type Environments, valuesLoaded } from './load-env.ts';
import type { Medium } from './medium.ts';
import { tokenize } from './tokenize.ts';
import { type Variables, walkWithVariables } from './variables.ts';

export interface ExpandBlsOptions {
  /** The files of the image; those that are no entries for the menu are left out. */
  readonly entries: readonly BlsFile[];
  /** GRUB's own environment block, `grubenv`: what a `load_env` sets whose file is not known otherwise. */
  readonly environment?: Environment | undefined;
  /** The other environment blocks that the configuration loads. */
  readonly environments?: Environments | undefined;
  /** Entries that say they are for another one are left out. */
  readonly architecture?: Architecture | undefined;
  /** What the image holds: it tells whether `/vmlinuz-…` of an entry is `/boot/vmlinuz-…` there. */
  readonly medium?: Medium | undefined;
}

const assignment = /^([A-Za-z_]\w*)=/;
/** Characters. What all expansions may come to together. */
const largest = 1024 * 1024;

/** What a variable may hold where GRUB has run the script up to a command. */
class LikelyValues {
  readonly #blocks = new Set<object>();
  readonly #loaded = new Map<string, string>();
  readonly #set = new Map<string, string>();
  #left = largest;

  load(values: ReturnType<typeof valuesLoaded>): void {
    if (this.#blocks.has(values)) return;
    this.#blocks.add(values);
    for (const [name, value] of values) this.#loaded.set(name, value);
  }

  /** Remembers `set name=value` in an `if`: a fallback for what no environment block holds. */
  note(command: Command, variables: Variables): void {
    const word = command.name === 'set' ? command.words[1] : command.words[0];
    const name = assignment.exec(word?.text ?? '')?.[1];
    if (word === undefined || name === undefined || !command.conditional) return;
    const [value = ''] = variables.expand(word, command.list);
    this.#set.set(name, value.slice(name.length + 1));
  }

  at(command: Command, variables: Variables): Resolve {
    return (name) => {
      const value = variables.get(name, command.list) ?? this.#loaded.get(name) ?? this.#set.get(name) ?? '';
      this.spend(value);
      return value;
    };
  }

  spend(text: string): void {
    this.#left -= text.length;
    if (this.#left >= 0) return;
    throw new BootwrightError('GRUB_CONFIG_MALFORMED', {
      line: 1,
      reason: `its boot loader entries come to more than ${largest} bytes`,
    });
  }
}

/** The entries that a `blscfg` command shows. `shown` are those that an earlier one has in the menu already. */
function entriesOf(
  command: Command,
  all: readonly BlsEntry[],
  preset: string,
  shown: ReadonlySet<BlsEntry>,
): BlsEntry[] {
  const isDefault = (entry: BlsEntry) =>
    preset !== '' && (preset === entry.id || preset === entry.title || preset === String(all.indexOf(entry)));
  const words = command.words.slice(1).map((word) => word.text);
  const [which] = words;
  const hidden = all.filter((entry) => !shown.has(entry));
  // A folder of entries, or an option of a later GRUB: all that there are.
  if (words.length !== 1 || which === undefined || /^[(/-]/.test(which)) return hidden;
  if (which === 'default') return hidden.filter(isDefault);
  if (which === 'non-default') return hidden.filter((entry) => !isDefault(entry));
  return hidden.filter(({ id }) => id === which || `${id}.conf` === which);
}

/**
 * Puts a menu entry for each boot loader entry in place of `blscfg`, which looks for them in a folder: nobody can
 * list a folder over TFTP. Newest kernel first, with the ids that `saved_entry` knows; entries for rescue are left out.
 * Variables such as `$kernelopts` are put in as GRUB would find them: from a `set`, else from the environment block,
 * else from a `set` in an `if`, else empty. A configuration without `blscfg` comes back byte for byte.
 *
 * @throws GRUB_CONFIG_MALFORMED, BLS_ENTRY_UNUSABLE
 */
export function expandBls(text: string, options: ExpandBlsOptions): string {
  const tokens = tokenize(text);
  const all = commands(tokens);
  if (!all.some(isBlscfg)) return text;
  const { entries } = blsEntries(options.entries, options.architecture);
  const edits = new Edits(tokens);
  const values = new LikelyValues();
  const shown = new Set<BlsEntry>();
  const hasLoadVideo = all.some(({ scope }) => scope.kind === 'function' && scope.title === 'load_video');
  const visit = (command: Command, variables: Variables): void => {
    values.note(command, variables);
    if (command.name === 'insmod' && command.words[1]?.value === 'blscfg') edits.removeCommand(command);
    if (!isBlscfg(command) || entryOf(command) !== undefined) return;
    const resolve = values.at(command, variables);
    const chosen = entriesOf(command, entries, resolve('default'), shown);
    const rendered = chosen.map((entry) => {
      const menuEntry = blsMenuEntry(entry, { resolve, medium: options.medium, hasLoadVideo });
      values.spend(menuEntry);
      return menuEntry;
    });
    if (!command.conditional) for (const entry of chosen) shown.add(entry);
    if (rendered.length === 0) edits.removeCommand(command);
    else edits.replaceCommand(command, rendered.join('\n'));
  };
  walkWithVariables(all, visit, (command, variables) => {
    const loaded = valuesLoaded(command, variables, options.environments ?? new Map(), options.environment);
    values.load(loaded);
    return loaded;
  });
  return edits.apply().text;
}

/** `bls_import` is an older name of it. */
function isBlscfg({ name }: Command): boolean {
  return name === 'blscfg' || name === 'bls_import';
}
