import type { Command } from './commands.ts';
import type { Edits } from './edits.ts';
import { quoted } from './quote.ts';

/** A disk, CD or floppy as GRUB names it, with or without parentheses: `hd0,gpt2`, `(cd0)`. */
const disk = /^\(?(?:hd|cd|fd|ahci|ata|usb|scsi)\d*(?:,\w+)*\)?$/;
/** The same in front of a path, at the start of a word that may be quoted. */
const diskInPath = /^(["']?)\((?:hd|cd|fd|ahci|ata|usb|scsi)\d*(?:,\w+)*\)(?=["']?[/$])/;

/** The variable that a `search` sets, by the rules of grub-core/commands/search_wrap.c; undefined if it sets none. */
function searchSets(command: Command): string | undefined {
  const texts = command.words.slice(1).map((word) => word.text);
  if (command.name !== 'search') return texts.filter((text) => !text.startsWith('-'))[1] ?? undefined;
  const positional: string[] = [];
  let variable: string | undefined;
  for (let at = 0; at < texts.length; at += 1) {
    const text = texts[at] ?? '';
    const next = texts[at + 1];
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
  // With a name for --set and nothing to search for, GRUB takes the name as what to search for.
  return variable !== undefined && positional.length === 0 ? 'root' : variable;
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
    const variable = searchSets(command);
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

/** The word without the disk in front of its path; undefined if there is none. */
export function withoutDisk(raw: string): string | undefined {
  const bare = raw.replace(diskInPath, '$1');
  return bare === raw ? undefined : bare;
}
