import { chainsToLoader, kernelWords, loadsInitrd, loadsKernel } from './boot-commands.ts';
import { type Command, commands, type Scope } from './commands.ts';
import { removeDisks, withoutDisk } from './disks.ts';
import { type Change, Edits } from './edits.ts';
import { hasLiveMark, isLiveRoot, isRoot, isRootInMemory, systemOf } from './live.ts';
import { type Environments, valuesLoaded } from './load-env.ts';
import { answerFileTests, type Medium } from './medium.ts';
import { quoted, quotedWithVariables, urlForKernel } from './quote.ts';
import { tokenize } from './tokenize.ts';
import { type Variables, walkWithVariables } from './variables.ts';
import type { Word } from './word.ts';

export interface RewriteOptions {
  /** Where the live system comes from; undefined if the initramfs holds the whole system: then there is no `root=`. */
  readonly liveUrl: string | undefined;
  /** Let GRUB put in the values of `$name` and `${name}` in the URL. */
  readonly variablesInUrl?: boolean;
  /** Added to every live entry that doesn't have them, each one word, unquoted. */
  readonly kernelArguments: readonly string[];
  /** `grub.cfg`: the image has no configuration for PXE, so the disks must be taken out of its own. */
  readonly from: 'grub-pxe.cfg' | 'grub.cfg';
  /** What the image holds, for tests that GRUB could not make over the network. They stay if this is undefined. */
  readonly medium?: Medium | undefined;
  /** The environment blocks that the configuration loads. */
  readonly environments?: Environments | undefined;
}

export interface Rewritten {
  readonly text: string;
  /** How many kernels it boots that start a live system (or, without a URL, a full one from memory). */
  readonly liveKernels: number;
  readonly changes: readonly Change[];
}

/** An argument as it stands in the script, and the words that GRUB makes of it. */
interface Argument {
  readonly word: Word;
  readonly words: readonly string[];
}

function rootWord({ liveUrl, variablesInUrl }: RewriteOptions): string | undefined {
  if (liveUrl === undefined) return undefined;
  const root = `root=live:${urlForKernel(liveUrl)}`;
  return variablesInUrl ? quotedWithVariables(root) : quoted(root);
}

/** Writes `root` in place of the first of the words, and removes the others. */
function replaceRoots(roots: readonly Word[], root: string | undefined, edits: Edits): void {
  const [first, ...others] = roots;
  for (const word of root === undefined ? roots : others) edits.removeArgument(word.index);
  if (first !== undefined && root !== undefined) edits.replace(first.index, root);
}

/** The variable that GRUB's environment block may fill with arguments of the machine's owner. */
function isKernelOptions(word: Word): boolean {
  const [part, ...rest] = word.parts.filter(({ kind, raw }) => kind === 'variable' || raw !== '"');
  return part?.kind === 'variable' && part.name === 'kernelopts' && rest.length === 0;
}

/** Puts arguments at the end of a kernel's command line, but before `$kernelopts`, which shall win. */
function addArguments(command: Command, added: readonly string[], edits: Edits): void {
  const last = command.words.at(-1);
  if (added.length === 0 || last === undefined) return;
  const options = command.words.slice(2).find(isKernelOptions);
  if (options === undefined) edits.insert(last.index, 1, added);
  else edits.insert(options.index, -1, added);
}

class PxeRewriter {
  readonly #options: RewriteOptions;
  readonly #edits: Edits;
  readonly #fromDisk: ReadonlySet<Scope>;
  readonly #withInitrd: ReadonlySet<Scope>;
  readonly #root: string | undefined;
  liveKernels = 0;

  constructor(options: RewriteOptions, edits: Edits, all: readonly Command[]) {
    this.#options = options;
    this.#edits = edits;
    this.#fromDisk = new Set(all.filter(chainsToLoader).map((command) => command.scope));
    this.#withInitrd = new Set(all.filter(loadsInitrd).map((command) => command.scope));
    this.#root = rootWord(options);
  }

  command(command: Command, variables: Variables): void {
    // An entry for another system's boot loader on a disk keeps its search for that disk.
    if (!this.#fromDisk.has(command.scope)) {
      const { from, medium } = this.#options;
      if (from === 'grub.cfg') removeDisks(command, this.#edits);
      if (medium !== undefined) answerFileTests(command, variables, medium, this.#edits);
      if (loadsKernel(command)) this.#setPaths(command.words.slice(1, 2), command, variables);
      if (loadsInitrd(command)) this.#setPaths(command.words.slice(1), command, variables);
    }
    if (loadsKernel(command)) this.#kernel(command, variables);
  }

  /** Files are named as they are, not by variables that were loaded: so that all who read the menu find them. */
  #setPaths(words: readonly Word[], command: Command, variables: Variables): void {
    for (const word of words) {
      const named = variables.withLoaded(word, command.list);
      const bare = this.#options.from === 'grub.cfg' ? withoutDisk(named ?? word.raw) : undefined;
      const path = bare ?? named;
      if (path !== undefined) this.#edits.replace(word.index, path);
    }
  }

  #kernel(command: Command, variables: Variables): void {
    const found = kernelWords(command);
    if (found === undefined) return;
    const args = found.arguments.map((word) => ({ word, words: variables.expand(word, command.list) }));
    const words = args.flatMap((argument) => argument.words);
    const derived = this.#options.from === 'grub.cfg';
    const fullOs = this.#options.liveUrl === undefined;
    const system = systemOf({ arguments: words, hasInitrd: this.#withInitrd.has(command.scope), derived, fullOs });
    if (system === 'not-live') return;
    this.liveKernels += 1;
    const added: string[] = [];
    if (system === 'other-live') {
      const isoOnDisk = args.filter(({ word }) => word.text.startsWith('findiso='));
      for (const { word } of derived ? isoOnDisk : []) this.#edits.removeArgument(word.index);
    } else {
      added.push(...this.#setRoot(args));
    }
    const given = [...new Set(this.#options.kernelArguments)].filter((argument) => !words.includes(argument));
    if (system === 'dracut-live') {
      if (!hasLiveMark([...words, ...given])) added.push('rd.live.image');
      if (![...words, ...given].some((word) => word.startsWith('ip='))) added.push('ip=dhcp');
    }
    addArguments(command, [...added, ...given.filter((argument) => !isLiveRoot(argument)).map(quoted)], this.#edits);
  }

  /** Sets or removes `root=`; what has to be added at the end is returned. */
  #setRoot(args: readonly Argument[]): string[] {
    const fullOs = this.#options.liveUrl === undefined;
    const onlyLive = fullOs && this.#options.from === 'grub-pxe.cfg';
    const roots = args.filter(({ word, words }) => {
      // A variable that holds more than the root stays: what is added behind it wins in dracut.
      if (!isRoot(word.text) && (words.length !== 1 || isKernelOptions(word))) return false;
      const [root = ''] = words;
      return isRoot(root) && !isRootInMemory(root) && (!onlyLive || isLiveRoot(root));
    });
    replaceRoots(
      roots.map(({ word }) => word),
      this.#root,
      this.#edits,
    );
    return this.#root !== undefined && roots.length === 0 ? [this.#root] : [];
  }
}

/**
 * Makes a live system's GRUB configuration boot from the network: its live entries get `root=live:<URL>`, `ip=dhcp`
 * and the given arguments; entries that boot something else stay. From the ISO's own `grub.cfg` the search for disks
 * goes too. Tests for files of the image are answered, and kernels and initrds that variables of an environment block name
 * are named plainly. Everything else stays byte for byte, and rewriting the result again changes nothing.
 *
 * @param text Decoded as Latin-1 if the bytes shall come back unchanged whatever they are.
 * @throws GRUB_CONFIG_MALFORMED, GRUB_ARGUMENT_UNUSABLE
 */
export function rewriteForPxe(text: string, options: RewriteOptions): Rewritten {
  const tokens = tokenize(text);
  const all = commands(tokens);
  const edits = new Edits(tokens);
  const rewriter = new PxeRewriter(options, edits, all);
  const environments: Environments = options.environments ?? new Map();
  walkWithVariables(
    all,
    (command, variables) => rewriter.command(command, variables),
    (command, variables) => valuesLoaded(command, variables, environments),
  );
  return { ...edits.apply(), liveKernels: rewriter.liveKernels };
}
