import { BootwrightError } from '../errors.ts';

const maxCharacters = 32;

/**
 * Throws DISC_LABEL_INVALID unless a volume may be called so. ECMA-119 §8.4.8 has 32 characters, of A to Z, 0 to 9 and
 * `_`; real discs add lower case and `. + -`. Others would come out of udev and dracut as `\x20`, or end a word of GRUB.
 */
export function requireLabel(label: string): void {
  const reason = whyNot(label);
  if (reason !== undefined) throw new BootwrightError('DISC_LABEL_INVALID', { label, reason });
}

function whyNot(label: string): string | undefined {
  if (label === '') return 'it is empty';
  if (label.length > maxCharacters) return `it has ${label.length} characters`;
  const odd = /[^A-Za-z0-9._+-]/u.exec(label)?.[0];
  return odd === undefined ? undefined : `it has the character ${JSON.stringify(odd)}`;
}
