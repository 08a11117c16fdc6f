import type { Command } from './commands.ts';
import type { Edits } from './edits.ts';
import { quoted } from './quote.ts';

/** A disk, CD or floppy as GRUB names it, with or without parentheses: `hd0,gpt2`, `(cd0)`. */
const disk = /^\(?(?:hd|cd|fd|ahci|ata|usb|scsi)\d*(?:,\w+)*\)?$/;
/** The same in front of a path, at the start of a word that may be quoted. */
const diskInPath = /^(["']?)\((?:hd|cd|fd|ahci|ata|usb|scsi)\d*(?:,\w+)*\)(?=["']?[/$])/;

interface Search {
  /** Undefined if it sets none. */
  readonly variable: string | undefined;
  /** What it looks for, where that is a label. */
  readonly label: string | undefined;
}

/** Reads a `search` by the rules of grub-core/commands/search_wrap.c; those of the older `search.fs_label` have an order. */
function readSearch(command: Command): Search {
  const texts = command.words.slice(1).map((word) => word.text);
  if (command.name !== 'search') {
    const [what, variable] = texts.filter((text) => !text.startsWith('-'));
    return { variable, label: command.name === 'search.fs_label' ? what : undefined };
  }
  const positional: string[] = [];
  let variable: string | undefined;
  let byLabel = false;
  for (let at = 0; at < texts.length; at += 1) {
    const text = texts[at] ?? '';
    const next = texts[at + 1];
    if (/^(?:--(?:fs-)?label|-[a-z]*l[a-z]*)$/.test(text)) byLabel = true;
    if (text.startsWith('--set=')) variable = text.slice('--set='.length);
    else if (text === '--set' || /^-[a-z]*s$/.test(text)) {
      variable = 'root';
      if (next !== undefined && !next.startsWith('-')) {
        variable = next;
        at += 1;
      }
    } else if (/^(?:--hint[a-z0-9-]*|-h)$/.test(text)) at += 1;
    else if (!text.startsWith('-')) positional.push(text);
  }
  const label = byLabel ? positional[0] : undefined;
  // With a name for --set and nothing to search for, GRUB takes the name as what to search for.
  return { variable: variable !== undefined && positional.length === 0 ? 'root' : variable, label };
}

function isSearch(name: string | undefined): boolean {
  return name === 'search' || (name?.startsWith('search.') ?? false);
}

/** True for `set root=(hd0,1)` and `root=hd0,1`. */
function namesDiskAsRoot(command: Command): boolean {
  const word = command.name === 'set' ? command.words[1] : command.words[0];
  const value = word?.value;
  return value?.startsWith('root=') === true && disk.test(value.slice('root='.length));
}

/**
 * Takes the search for disks out of a configuration that no longer boots from one. `search` and `set root=` of a disk
 * would turn GRUB's root away from the network, or find a disk of the machine that is not meant; what a `search` puts
 * into another variable becomes GRUB's root. `insmod` of partition and filesystem modules stays: it harms nothing.
 */
export function removeDisks(command: Command, edits: Edits): void {
  if (isSearch(command.name)) {
    const { variable } = readSearch(command);
    const [name, ...rest] = command.words;
    if (variable === undefined || variable === 'root' || name === undefined || !/^[A-Za-z_]\w*$/.test(variable)) {
      edits.removeCommand(command);
    } else {
      for (const word of rest) edits.removeArgument(word.index);
      edits.replace(name.index, `set ${quoted(variable)}=$root`);
    }
  } else if (namesDiskAsRoot(command)) {
    edits.removeCommand(command);
  }
}

/** The variable that a `search` puts the device in. Undefined for other commands, and where it only prints it. */
export function setBySearch(command: Command): string | undefined {
  return isSearch(command.name) ? readSearch(command).variable : undefined;
}

/**
 * Turns each `search` into one for the label, setting the variable that it set. A disk as GRUB's root is found by its
 * label as well, unless a `search` in the same entry sets the root anyway.
 */
export function searchFor(label: string, all: readonly Command[]): (command: Command, edits: Edits) => void {
  const found = new Set(all.filter((command) => setBySearch(command) === 'root').map((command) => command.scope));
  return (command, edits) => {
    const [name, ...rest] = command.words;
    const search = isSearch(command.name) ? readSearch(command) : undefined;
    const rootOnDisk = namesDiskAsRoot(command) && !found.has(command.scope);
    const variable = search?.variable ?? (rootOnDisk ? 'root' : undefined);
    if (name === undefined || variable === undefined || search?.label === label) return;
    for (const word of rest) edits.removeArgument(word.index);
    edits.replace(name.index, `search --label ${quoted(label)} --set ${quoted(variable)}`);
  };
}

/** The word without the disk in front of its path; undefined if there is none. On a disc, a disc is none of them. */
export function withoutDisk(raw: string, overNetwork: boolean): string | undefined {
  if (!overNetwork && /^["']?\(cd/.test(raw)) return undefined;
  const bare = raw.replace(diskInPath, '$1');
  return bare === raw ? undefined : bare;
}
