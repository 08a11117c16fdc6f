import { chainsToLoader, loadsInitrd, loadsKernel } from './boot-commands.ts';
import { type Command, commands, type Scope } from './commands.ts';
import { type Change, Edits } from './edits.ts';
import { FilePaths } from './file-paths.ts';
import {
  type Argument,
  addArguments,
  isKernelOptions,
  kernelArguments,
  nameOf,
  removeMatching,
  replaceAll,
} from './kernel-arguments.ts';
import { initrdOf, isOfBootstrap, liveArguments, startsBootstrap } from './kinds.ts';
import { isLiveRoot, isRoot, isRootInMemory, type System, systemOf } from './live.ts';
import { type Environments, valuesLoaded } from './load-env.ts';
import type { Medium } from './medium.ts';
import { quoted } from './quote.ts';
import { tokenize } from './tokenize.ts';
import { type Variables, walkWithVariables } from './variables.ts';

/** What both outputs are asked for. */
export interface MenuOptions {
  /** Added to every live entry that doesn't have them, each one word, unquoted. */
  readonly kernelArguments: readonly string[];
  /** What the image holds: it answers tests that GRUB could not make over the network, and places kernels. */
  readonly medium?: Medium | undefined;
  /** The environment blocks that the configuration loads. */
  readonly environments?: Environments | undefined;
  /** Entries of the other kind of initramfs are turned into this one: other initrds, other arguments. */
  readonly turn?: boolean | undefined;
}

export interface Rewritten {
  readonly text: string;
  /** How many kernels it boots that start a live system, or a full one from memory. */
  readonly liveKernels: number;
  readonly changes: readonly Change[];
}

/** What becomes of a menu. */
export interface Target {
  /** `root=live:…` as it shall stand in the script; undefined if the initramfs holds the whole system. */
  readonly root: string | undefined;
  /** Further forms of the root that mean the same, and stay. */
  readonly sameRoots: readonly string[];
  /** The configuration is the disc's own: a root on a disk stands for the live system. */
  readonly derived: boolean;
  /** What live entries are told besides, where they say nothing under that name. */
  readonly arguments: readonly string[];
  /** Over the network: GRUB can list no folder there, and knows no disk. */
  readonly overNetwork: boolean;
  /** Changes what finds disks. Not called for entries that hand over to another boot loader. */
  disks(command: Command, edits: Edits): void;
}

class MenuRewriter {
  readonly #target: Target;
  readonly #options: MenuOptions;
  readonly #edits: Edits;
  readonly #paths: FilePaths;
  readonly #toLoaders: ReadonlySet<Scope>;
  readonly #withInitrd: ReadonlySet<Scope>;
  liveKernels = 0;

  constructor(target: Target, options: MenuOptions, edits: Edits, all: readonly Command[]) {
    this.#target = target;
    this.#options = options;
    this.#edits = edits;
    this.#paths = new FilePaths(edits, options.medium, target, all);
    this.#toLoaders = new Set(all.filter(chainsToLoader).map((command) => command.scope));
    this.#withInitrd = new Set(all.filter(loadsInitrd).map((command) => command.scope));
  }

  command(command: Command, variables: Variables): void {
    // An entry for another system's boot loader on a disk keeps its search for that disk.
    if (!this.#toLoaders.has(command.scope)) {
      this.#target.disks(command, this.#edits);
      this.#paths.set(command, variables);
    }
    // Behind the path: arguments may be put right behind it.
    if (loadsKernel(command)) this.#kernel(command, variables);
  }

  #kernel(command: Command, variables: Variables): void {
    const args = kernelArguments(command, variables);
    if (args === undefined) return;
    const words = args.flatMap((argument) => argument.words);
    const hasInitrd = this.#withInitrd.has(command.scope);
    const { derived, root } = this.#target;
    const known = systemOf({ arguments: words, hasInitrd, derived, fullOs: root === undefined });
    const turned = this.#turns(known, words, hasInitrd) && this.#turnInitrd(command, variables);
    const system: System = turned && root !== undefined ? 'dracut-live' : known;
    if (system === 'not-live') return;
    this.liveKernels += 1;
    this.#arguments(command, args, system, turned);
  }

  /** True for an entry of the other kind. One that says `root=/dev/ram0` is an installer, and stays one. */
  #turns(system: System, words: readonly string[], hasInitrd: boolean): boolean {
    if (this.#options.turn !== true || system === 'other-live' || !hasInitrd || words.some(isRootInMemory))
      return false;
    // What is added to every entry says nothing of this one.
    const own = words.filter((word) => !this.#options.kernelArguments.includes(word));
    if (this.#target.root !== undefined) return !startsBootstrap(own);
    return startsBootstrap(own) || (this.#target.derived && own.some(isRoot));
  }

  #turnInitrd(command: Command, variables: Variables): boolean {
    const word = command.words[1];
    const [kernel = '$'] = word === undefined ? [] : variables.expand(word, command.list);
    const kind = this.#target.root === undefined ? 'full-os' : 'bootstrap';
    const initrd = initrdOf(kernel, kind, this.#options.medium);
    if (initrd !== undefined) this.#paths.useInitrd(command.scope, initrd);
    return initrd !== undefined;
  }

  #arguments(command: Command, args: readonly Argument[], system: System, turned: boolean): void {
    const words = args.flatMap((argument) => argument.words);
    const given = [...new Set(this.#options.kernelArguments)];
    const added: string[] = [];
    if (system === 'other-live') {
      const isoOnDisk = args.filter(({ word }) => word.text.startsWith('findiso='));
      const gone = this.#target.overNetwork && this.#target.derived;
      for (const { word } of gone ? isoOnDisk : []) this.#edits.removeArgument(word.index);
    } else if (turned && this.#target.root === undefined) {
      removeMatching(args, (word) => (isOfBootstrap(word) && !given.includes(word)) || isRoot(word), this.#edits);
    } else {
      added.push(...this.#setRoot(args, turned));
    }
    if (system === 'dracut-live') {
      const all = [...words, ...given];
      const names = new Set(all.map(nameOf));
      const needed = [...liveArguments(this.#options.medium, turned, all), ...this.#target.arguments];
      added.push(...needed.filter((argument) => !names.has(nameOf(argument))).map(quoted));
    }
    const further = given.filter((argument) => !words.includes(argument) && !isLiveRoot(argument));
    added.push(...further.map(quoted));
    addArguments(command, added, this.#edits);
  }

  /** Sets or removes `root=`; what has to be added at the end is returned. */
  #setRoot(args: readonly Argument[], turned: boolean): string[] {
    const { root, derived, sameRoots } = this.#target;
    const onlyLive = root === undefined && !derived && !turned;
    const roots = args.filter(({ word, words }) => {
      // A variable that holds more than the root stays: what is added behind it wins in dracut.
      if (!isRoot(word.text) && (words.length !== 1 || isKernelOptions(word))) return false;
      const [argument = ''] = words;
      return isRoot(argument) && !isRootInMemory(argument) && (!onlyLive || isLiveRoot(argument));
    });
    const [first] = roots;
    if (roots.length === 1 && sameRoots.includes(first?.words.join(' ') ?? '')) return [];
    const found = roots.map(({ word }) => word);
    replaceAll(found, root, this.#edits);
    return root !== undefined && roots.length === 0 ? [root] : [];
  }
}

/**
 * Rewrites what a menu's live entries say of where the system comes from. Everything else stays byte for byte.
 *
 * @throws GRUB_CONFIG_MALFORMED, GRUB_ARGUMENT_UNUSABLE
 */
export function rewriteMenu(
  text: string,
  options: MenuOptions,
  targetOf: (all: readonly Command[]) => Target,
): Rewritten {
  const tokens = tokenize(text);
  const all = commands(tokens);
  const edits = new Edits(tokens);
  const rewriter = new MenuRewriter(targetOf(all), options, edits, all);
  const environments: Environments = options.environments ?? new Map();
  walkWithVariables(
    all,
    (command, variables) => rewriter.command(command, variables),
    (command, variables) => valuesLoaded(command, variables, environments),
  );
  return { ...edits.apply(), liveKernels: rewriter.liveKernels };
}
