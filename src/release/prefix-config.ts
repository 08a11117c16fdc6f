import type { Facts } from '../inspect/report.ts';
import type { ImageTree } from '../iso/tree.ts';
import { grubConfigPath } from './layout.ts';
import type { PutFile } from './overlay-tree.ts';
import { textFile } from './text-file.ts';

/** A device in front of a prefix, such as `(,gpt2)`: over the network there is only the server. */
const device = /^\([^)]*\)/;

/** What Linux allows for one name, and more than any loader's prefix has. */
const longestName = 255;
const longestPath = 1024;

function isName(name: string): boolean {
  return /^[\w.+-]+$/.test(name) && !/^\.+$/.test(name) && name.length <= longestName;
}

/** Whether a file can be there: below folders alone, and in place of none. */
function hasRoom(path: string, tree: Pick<ImageTree, 'entries'>): boolean {
  return tree.entries.every((entry) =>
    entry.kind === 'directory' ? entry.path !== path : !path.startsWith(`${entry.path}/`),
  );
}

/**
 * A configuration where the image's GRUB looks for it, which leads on to the one in `boot/grub2`: a vendor's folder in
 * EFI, or the loader's own folder where GRUB has no prefix. Bootwright's own server answers for all of these; other
 * servers have only the files. One of the image in that place is for discs, and gives way, but for one that was `added`
 * by the user. Undefined where GRUB looks in `boot/grub2` itself, or in a place where no file can be.
 */
export function prefixConfig(
  grub: Facts['grub'],
  tree: Pick<ImageTree, 'entries'>,
  added: readonly PutFile[],
): PutFile | undefined {
  if (grub === null) return undefined;
  const folder = (grub.prefix ?? '').replace(device, '').replace(/^\/+|\/+$/g, '');
  const path = folder === '' ? 'grub.cfg' : `${folder}/grub.cfg`;
  const isClean = path.length <= longestPath && path.split('/').every((name) => isName(name));
  if (!isClean || path === grubConfigPath || !hasRoom(path, tree)) return undefined;
  if (added.some((file) => file.path === path)) return undefined;
  return textFile(path, `# GRUB of this image looks here.\nset prefix=/boot/grub2\nconfigfile /${grubConfigPath}\n`);
}
