import { BootwrightError } from '../errors.ts';
import { tokenize } from './tokenize.ts';
import type { Word } from './word.ts';

/** What GRUB knows of a variable; empty if it knows nothing. */
export type Resolve = (name: string) => string;

/** Puts in variables as GRUB's blscfg does, before anything is read as a script: a backslash keeps a `$` from it. */
function substituted(text: string, resolve: Resolve): string {
  return text.replace(/(\\.)|\$(?:\{(\w+)\}|(\w+))/g, (all, kept, braced, bare) =>
    kept === undefined ? resolve(braced ?? bare) : all,
  );
}

/** The words of a text that is nothing but words to GRUB; undefined where it would be a script, or a broken one. */
function scriptWords(text: string): readonly Word[] | undefined {
  try {
    const tokens = tokenize(text);
    const words = tokens.filter((token) => token.kind === 'word');
    return words.length === tokens.filter(({ kind }) => kind !== 'blank').length ? words : undefined;
  } catch (error) {
    if (error instanceof BootwrightError) return undefined;
    throw error;
  }
}

/** As the kernel cuts its command line: at white space that no double quotes hold (next_arg in lib/cmdline.c). */
function kernelWords(text: string): string[] {
  return [...text.matchAll(/(?:"[^"]*(?:"|$)|[^\s"])+/g)].map(([word]) => word.replaceAll('"', ''));
}

function valuesOf(word: Word, resolve: Resolve): string[] {
  const text = word.parts.map((part) => (part.kind === 'text' ? part.value : resolve(part.name))).join('');
  const split = word.parts.some((part) => part.kind === 'variable' && part.quote === 'none');
  return split ? text.split(/\s+/) : [text];
}

/**
 * The words that a value of an entry comes to. GRUB reads it as a piece of a script, in which quotes and backslashes
 * count; where it would be more than words there (`;`, `{`, a quote without an end), it is taken literally, which is what
 * the specification says.
 */
export function blsWords(value: string, resolve: Resolve): string[] {
  const text = substituted(value, resolve);
  const words = scriptWords(text)?.flatMap((word) => valuesOf(word, resolve)) ?? kernelWords(text);
  return words.filter((word) => word !== '');
}
