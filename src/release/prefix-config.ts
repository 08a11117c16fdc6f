import type { Facts } from '../inspect/report.ts';
import { grubConfigPath } from './layout.ts';
import type { PutFile } from './overlay-tree.ts';
import { textFile } from './text-file.ts';

/** A device in front of a prefix, such as `(,gpt2)`: over the network there is only the server. */
const device = /^\([^)]*\)/;

/**
 * A configuration where the image's GRUB looks for it, which leads on to the one in `boot/grub2`: a vendor's folder in
 * EFI, or the loader's own folder where GRUB has no prefix. Bootwright's own server answers for all of these; other
 * servers have only the files. Undefined where it looks in `boot/grub2` itself, or in a place that is none.
 */
export function prefixConfig(grub: Facts['grub']): PutFile | undefined {
  if (grub === null) return undefined;
  const folder = (grub.prefix ?? '').replace(device, '').replace(/^\/+|\/+$/g, '');
  const path = folder === '' ? 'grub.cfg' : `${folder}/grub.cfg`;
  const isClean = path.split('/').every((name) => /^[\w.+-]+$/.test(name) && !/^\.+$/.test(name));
  if (!isClean || path === grubConfigPath) return undefined;
  return textFile(path, `# GRUB of this image looks here.\nset prefix=/boot/grub2\nconfigfile /${grubConfigPath}\n`);
}
