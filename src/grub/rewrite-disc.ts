import { BootwrightError } from '../errors.ts';
import { searchFor, setBySearch } from './disks.ts';
import { quoted } from './quote.ts';
import { type MenuOptions, type Rewritten, rewriteMenu } from './rewrite-menu.ts';

export interface DiscOptions extends MenuOptions {
  /** The volume label of the disc: what GRUB and dracut find it by. */
  readonly label: string;
  /** The initramfs holds the whole system: then there is no `root=`. */
  readonly fullOs: boolean;
}

/**
 * What can stand behind `LABEL=`. udev writes other characters as `\x20`, and dracut takes what it is given but for
 * spaces and slashes (label_uuid_to_dev); yet GRUB doubles a backslash on the kernel's command line and puts quotes
 * around a word with a space (grub-core/lib/cmdline.c), which dracut does not read. So nothing else gets through.
 */
const usableLabel = /^[\w#+.:=@-]+$/;

function rootOf({ label, fullOs }: DiscOptions): string | undefined {
  if (fullOs) return undefined;
  if (!usableLabel.test(label)) throw new BootwrightError('GRUB_LABEL_UNUSABLE', { label: JSON.stringify(label) });
  return `root=live:LABEL=${label}`;
}

/**
 * Makes a live system's GRUB configuration boot from a disc or stick with the label: every `search` looks for it, and
 * live entries get `root=live:LABEL=<label>`, or none if the initramfs holds the whole system, and the given arguments.
 * Where nothing searches, as in a configuration that was made for the network, a `search` comes first. Everything else
 * stays byte for byte, and rewriting the result again changes nothing.
 *
 * With `rewriteForPxe(…, { from: 'grub.cfg' })` and the same arguments it goes back and forth: what the second pass of
 * one gives, every later pass of it gives again, whatever was done by the other in between.
 *
 * @throws GRUB_CONFIG_MALFORMED, GRUB_ARGUMENT_UNUSABLE, GRUB_LABEL_UNUSABLE
 */
export function rewriteForDisc(text: string, options: DiscOptions): Rewritten {
  const root = rootOf(options);
  let searches = false;
  const rewritten = rewriteMenu(text, options, (all) => {
    searches = all.some((command) => setBySearch(command) !== undefined);
    return {
      root: root === undefined ? undefined : quoted(root),
      sameRoots: [root ?? '', `root=live:CDLABEL=${options.label}`],
      derived: true,
      arguments: [],
      overNetwork: false,
      disks: searchFor(options.label, all),
    };
  });
  if (searches) return rewritten;
  const is = `search --label ${quoted(options.label)} --set root\n`;
  return { ...rewritten, text: is + rewritten.text, changes: [{ line: 1, was: '', is }, ...rewritten.changes] };
}
