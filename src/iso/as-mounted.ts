import { lookup } from './lookup.ts';
import type { IsoImage } from './volume.ts';

/**
 * An image with its names as they are seen. Plain ISO9660 has capitals only; Linux (isofs_name_translate in
 * fs/isofs/dir.c) and GRUB show them as small letters, and so its configuration has them. Others stay.
 */
export function asMounted(image: IsoImage): IsoImage {
  if (image.naming !== 'iso9660') return image;
  const seen = (path: string) => path.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const entries = image.entries.map((entry) => ({ ...entry, path: seen(entry.path) }));
  const bootCatalog = image.bootCatalog && seen(image.bootCatalog);
  return { ...image, bootCatalog, entries, find: lookup(entries) };
}
