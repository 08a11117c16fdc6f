import type { Command } from './commands.ts';
import type { Edits } from './edits.ts';
import type { Variables } from './variables.ts';
import type { Word } from './word.ts';

/** What GRUB can ask a disc, but not a server: the files of the image, by their paths from its root. */
export interface Medium {
  kindOf(path: string): 'file' | 'directory' | undefined;
}

/** A device that a variable names: on a machine that boots from the network, the one that the release comes from. */
const variableDevice = /^\(\$(?:\w+|\{\w+\})\)(?=\/)/;

/** The absolute path on the image that a word names; undefined where it names none, or depends on what is not known. */
export function pathOnMedium(word: Word, command: Command, variables: Variables): string | undefined {
  const [only, ...more] = variables.expand(word, command.list);
  if (only === undefined || more.length > 0) return undefined;
  const device = variableDevice.test(word.text) ? /^\([^()]*\)/ : variableDevice;
  const path = only.replace(device, '');
  return path.startsWith('/') && !path.includes('$') ? path : undefined;
}

/**
 * Where a path of a configuration is on the image: as it is, or below `/boot`, which is a file system of its own where
 * the configuration was made. Undefined where it is at neither place.
 */
export function placeOnMedium(path: string, medium: Medium): string | undefined {
  if (medium.kindOf(path) !== undefined) return path;
  const below = `/boot${path}`;
  return medium.kindOf(below) === undefined ? undefined : below;
}

const fileTests = new Map<string, (kind: ReturnType<Medium['kindOf']>) => boolean>([
  ['-e', (kind) => kind !== undefined],
  ['-f', (kind) => kind === 'file'],
  ['-d', (kind) => kind === 'directory'],
]);

/**
 * Answers the tests for files of the image. GRUB lists a directory to answer them, and over TFTP and HTTP it finds every
 * directory empty (grub_net_fs_dir in grub-core/net/net.c): `[ -f /boot/initrd.img ]` would be false, and the kernel
 * start without its initrd. (`-s` opens the file instead, and works.) The path stays where it is: as a text it is not empty, so that `-n` is true and `-z` false.
 */
export function answerFileTests(command: Command, variables: Variables, medium: Medium, edits: Edits): void {
  if (command.name !== '[' && command.name !== 'test') return;
  for (const [at, word] of command.words.entries()) {
    const isTrue = fileTests.get(word.value ?? '');
    const file = command.words[at + 1];
    if (at === 0 || isTrue === undefined || file === undefined) continue;
    const path = pathOnMedium(file, command, variables);
    if (path === undefined) continue;
    edits.replace(word.index, isTrue(medium.kindOf(placeOnMedium(path, medium) ?? path)) ? '-n' : '-z');
  }
}
