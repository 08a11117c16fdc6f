import { kernelWords } from './boot-commands.ts';
import type { Command } from './commands.ts';
import type { Edits } from './edits.ts';
import { quoted } from './quote.ts';
import type { Variables } from './variables.ts';
import type { Word } from './word.ts';

/** An argument as it stands in the script, and the words that GRUB makes of it. */
export interface Argument {
  readonly word: Word;
  readonly words: readonly string[];
}

/** What a kernel is given. Undefined where the command names no kernel. */
export function kernelArguments(command: Command, variables: Variables): readonly Argument[] | undefined {
  return kernelWords(command)?.arguments.map((word) => ({ word, words: variables.expand(word, command.list) }));
}

/** The variable that GRUB's environment block may fill with arguments of the machine's owner. */
export function isKernelOptions(word: Word): boolean {
  const [part, ...rest] = word.parts.filter(({ kind, raw }) => kind === 'variable' || raw !== '"');
  return part?.kind === 'variable' && part.name === 'kernelopts' && rest.length === 0;
}

/** The name of an argument: `root` of `root=live:…`. */
export function nameOf(argument: string): string {
  return argument.replace(/=.*$/s, '');
}

/** Writes `raw` in place of the first of the words, and removes the others; without it removes them all. */
export function replaceAll(words: readonly Word[], raw: string | undefined, edits: Edits): void {
  const [first, ...others] = words;
  for (const word of raw === undefined ? words : others) edits.removeArgument(word.index);
  if (first !== undefined && raw !== undefined) edits.replace(first.index, raw);
}

/**
 * Removes arguments. Of a variable that holds several, the others are written out in its place, if all of them are
 * known; `$kernelopts` belongs to the machine's owner and stays.
 */
export function removeMatching(args: readonly Argument[], matches: (argument: string) => boolean, edits: Edits): void {
  for (const { word, words } of args) {
    if (isKernelOptions(word) || !words.some(matches)) continue;
    const rest = words.filter((argument) => !matches(argument));
    if (rest.length === 0) edits.removeArgument(word.index);
    else if (!rest.some((argument) => argument.includes('$'))) edits.replace(word.index, rest.map(quoted).join(' '));
  }
}

/** Puts arguments at the end of a kernel's command line, but before `$kernelopts`, which shall win. */
export function addArguments(command: Command, added: readonly string[], edits: Edits): void {
  const last = command.words.at(-1);
  if (added.length === 0 || last === undefined) return;
  const options = command.words.slice(2).find(isKernelOptions);
  if (options === undefined) edits.insert(last.index, 1, added);
  else edits.insert(options.index, -1, added);
}
