import { lookup } from '../iso/lookup.ts';
import type { IsoImage } from '../iso/volume.ts';

/** Plain ISO9660 has capitals only. GRUB and Linux show them as small letters, and so its configuration has them. */
export function asMounted(image: IsoImage): IsoImage {
  if (image.naming !== 'iso9660') return image;
  const entries = image.entries.map((entry) => ({ ...entry, path: entry.path.toLowerCase() }));
  return { ...image, entries, find: lookup(entries) };
}
