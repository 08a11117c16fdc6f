import type { Command } from './commands.ts';
import type { Word } from './word.ts';

/** The commands that load a kernel, and those that load its initrds. The names beside the plain ones are those of
 * distributions' builds for EFI and for the 16-bit boot protocol. */
const kernelCommands = new Set(['linux', 'linuxefi', 'linux16']);
const initrdCommands = new Set(['initrd', 'initrdefi', 'initrd16']);

export function loadsKernel(command: Command): boolean {
  return command.name !== undefined && kernelCommands.has(command.name);
}

export function loadsInitrd(command: Command): boolean {
  return command.name !== undefined && initrdCommands.has(command.name);
}

/** True if the command hands over to another boot loader. */
export function chainsToLoader(command: Command): boolean {
  return command.name === 'chainloader' || command.name === 'ntldr';
}

/** The word that names the kernel, and those of the kernel's arguments. Undefined where no kernel is named. */
export function kernelWords(command: Command): { kernel: Word; arguments: readonly Word[] } | undefined {
  const [, kernel, ...rest] = command.words;
  return kernel === undefined ? undefined : { kernel, arguments: rest };
}
