import { BootwrightError } from '../errors.ts';

/** Characters that mean nothing to GRUB's lexer, nor to its wildcards (`*`, `?`). */
const plain = /^[\w./:=,@%+~^()[\]-]+$/;
const control = /\p{Cc}/u;
/** A `$` that GRUB would refuse in double quotes, since no name follows. */
const namelessDollar = /\$(?!\w|\{\w+\})/g;

function checked(value: string): string {
  if (control.test(value)) throw new BootwrightError('GRUB_ARGUMENT_UNUSABLE', { argument: JSON.stringify(value) });
  return value;
}

/**
 * A word that GRUB reads as exactly `value`: bare where that is possible, else quoted.
 *
 * @throws GRUB_ARGUMENT_UNUSABLE if it holds a line end or another control character.
 */
export function quoted(value: string): string {
  if (plain.test(checked(value))) return value;
  return value.includes("'") ? `"${value.replace(/[\\"$]/g, '\\$&')}"` : `'${value}'`;
}

/** As `quoted`, but GRUB puts in the values of `$name` and `${name}`, such as `$net_default_server`. */
export function quotedWithVariables(value: string): string {
  if (plain.test(checked(value))) return value;
  return `"${value.replace(/[\\"]/g, '\\$&').replace(namelessDollar, '\\$')}"`;
}

/**
 * The URL without what can't reach the kernel unchanged: GRUB puts a backslash before each quote and backslash on the
 * kernel's command line, and quotes around a word with a space (grub-core/lib/cmdline.c).
 */
export function urlForKernel(url: string): string {
  return url.replace(/[ "'\\]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
