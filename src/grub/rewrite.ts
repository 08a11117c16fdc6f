import { removeDisks } from './disks.ts';
import { quoted, quotedWithVariables, urlForKernel } from './quote.ts';
import { type MenuOptions, type Rewritten, rewriteMenu } from './rewrite-menu.ts';

export interface RewriteOptions extends MenuOptions {
  /** Where the live system comes from; undefined if the initramfs holds the whole system: then there is no `root=`. */
  readonly liveUrl: string | undefined;
  /** Let GRUB put in the values of `$name` and `${name}` in the URL. */
  readonly variablesInUrl?: boolean;
  /** `grub.cfg`: the image has no configuration for PXE, so the disks must be taken out of its own. */
  readonly from: 'grub-pxe.cfg' | 'grub.cfg';
  /**
   * The initramfs has Azure Linux's own downloader (`sbin/liveos-artifacts-download`): under systemd-networkd its
   * dracut 102 fetches nothing unless it is told to.
   */
  readonly azureDownloader?: boolean | undefined;
}

function rootWord({ liveUrl, variablesInUrl }: RewriteOptions): string | undefined {
  if (liveUrl === undefined) return undefined;
  const root = `root=live:${urlForKernel(liveUrl)}`;
  return variablesInUrl ? quotedWithVariables(root) : quoted(root);
}

/**
 * Makes a live system's GRUB configuration boot from the network: its live entries get `root=live:<URL>`, `ip=dhcp`
 * and the given arguments; entries that boot something else stay. From the ISO's own `grub.cfg` the search for disks
 * goes too. Tests for files of the image are answered, and kernels and initrds that variables of an environment block name
 * are named plainly. Everything else stays byte for byte, and rewriting the result again changes nothing.
 *
 * @param text Decoded as Latin-1 if the bytes shall come back unchanged whatever they are.
 * @throws GRUB_CONFIG_MALFORMED, GRUB_ARGUMENT_UNUSABLE
 */
export function rewriteForPxe(text: string, options: RewriteOptions): Rewritten {
  const derived = options.from === 'grub.cfg';
  return rewriteMenu(text, options, () => ({
    root: rootWord(options),
    sameRoots: [],
    derived,
    arguments: ['ip=dhcp', ...(options.azureDownloader ? ['rd.live.azldownloader=enable'] : [])],
    overNetwork: true,
    disks(command, edits) {
      if (derived) removeDisks(command, edits);
    },
  }));
}
