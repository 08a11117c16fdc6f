import { loadsInitrd, loadsKernel } from './boot-commands.ts';
import { type Command, commands, entryOf, type Scope } from './commands.ts';
import { releaseReference, withoutPrologue } from './release-device.ts';
import { tokenize } from './tokenize.ts';
import { type Variables, walkWithVariables } from './variables.ts';

/** A kernel that a GRUB configuration boots. Variables that are not known without running it stay as written. */
export interface BootEntry {
  /** As in the menu; empty for a kernel that is loaded outside any menu entry. */
  readonly title: string;
  /** A path without its device, such as `/boot/vmlinuz`; in a rendered configuration, its path in the release. */
  readonly kernel: string;
  readonly initrds: readonly string[];
  /** The kernel's arguments, one word each. */
  readonly arguments: readonly string[];
  /** What stands behind `root=live:`. */
  readonly liveRoot?: string;
}

/** The kernels that a GRUB configuration boots, and what it boots when nobody touches a key. */
export interface BootMenu {
  readonly entries: readonly BootEntry[];
  /** The entry that boots by itself; the first one where `set default=` depends on what was booted last. */
  readonly defaultEntry: BootEntry | undefined;
  /** Seconds the menu waits; -1 is for ever. Undefined if the configuration doesn't say. */
  readonly timeoutSeconds: number | undefined;
}

interface Found extends BootEntry {
  readonly initrds: string[];
  readonly scope: Scope | undefined;
}

const device = /^\([^)]*\)(?=\/)/;

/** The path without its device, or without the release that a rendered configuration puts in its place. */
function pathOf(word: string): string {
  return word.startsWith(`${releaseReference}/`) ? word.slice(releaseReference.length) : word.replace(device, '');
}

function liveRoot(words: readonly string[]): string | undefined {
  return words.findLast((word) => word.startsWith('root=live:'))?.slice('root=live:'.length);
}

function kernelEntry(command: Command, variables: Variables): Found | undefined {
  const [kernel, ...rest] = command.words.slice(1).flatMap((word) => variables.expand(word, command.list));
  if (kernel === undefined) return undefined;
  const scope = entryOf(command);
  const found = { title: scope?.title ?? '', kernel: pathOf(kernel), initrds: [], arguments: rest, scope };
  const live = liveRoot(rest);
  return live === undefined ? found : { ...found, liveRoot: live };
}

function addInitrds(entry: Found, command: Command, variables: Variables): void {
  const paths = command.words.slice(1).flatMap((word) => variables.expand(word, command.list));
  for (const path of paths) if (!path.startsWith('-')) entry.initrds.push(pathOf(path));
}

/** What `set default=` names one step of: a number, a title or an id. */
function names(step: string, scope: Scope): boolean {
  return step === scope.title || step === scope.id || step === String(scope.position);
}

/** True if a path such as `1>0` or `Advanced>Rescue` leads to the entry. A path may end at a submenu: its first entry. */
function leadsTo(path: readonly string[], entry: Scope): boolean {
  const way: Scope[] = [];
  for (let at: Scope | undefined = entry; at !== undefined && at.kind !== 'script'; at = at.parent) way.unshift(at);
  const menus = way.filter((scope) => scope.kind !== 'function');
  return menus.every((scope, depth) => names(path[depth] ?? '0', scope));
}

/** Reads which kernels a GRUB configuration boots. @throws GRUB_CONFIG_MALFORMED */
export function bootMenu(text: string): BootMenu {
  const found: Found[] = [];
  const latest = new Map<Scope, Found>();
  let choice: string | undefined;
  let timeoutSeconds: number | undefined;
  walkWithVariables(commands(tokenize(withoutPrologue(text))), (command, variables) => {
    if (loadsKernel(command)) {
      const entry = kernelEntry(command, variables);
      if (entry === undefined) return;
      found.push(entry);
      latest.set(command.scope, entry);
    } else if (loadsInitrd(command)) {
      const entry = latest.get(command.scope);
      if (entry !== undefined) addInitrds(entry, command, variables);
    } else if (command.scope.kind === 'script' && command.name === 'set') {
      const setting = command.words[1]?.value;
      if (setting?.startsWith('default=')) choice = setting.slice('default='.length);
      const seconds = /^timeout=(-?\d{1,9})$/.exec(setting ?? '')?.[1];
      if (seconds !== undefined && (timeoutSeconds === undefined || !command.conditional)) {
        timeoutSeconds = Number(seconds);
      }
    }
  });
  const path = choice?.split('>') ?? ['0'];
  const chosen = found.find((entry) => entry.scope !== undefined && leadsTo(path, entry.scope));
  return { entries: found.map(withoutScope), defaultEntry: chosenOrFirst(chosen, found), timeoutSeconds };
}

function withoutScope({ scope: _, ...entry }: Found): BootEntry {
  return entry;
}

function chosenOrFirst(chosen: Found | undefined, found: readonly Found[]): BootEntry | undefined {
  const entry = chosen ?? found[0];
  return entry === undefined ? undefined : withoutScope(entry);
}

/** The kernels that a GRUB configuration boots, in the order of the script. @throws GRUB_CONFIG_MALFORMED */
export function bootEntries(text: string): readonly BootEntry[] {
  return bootMenu(text).entries;
}
