import type { ImageEntry } from '../iso/tree.ts';
import type { DiscChanges } from './changes.ts';

/**
 * Changes with their paths as the image writes them: `efi/boot/bootx64.efi` is `EFI/BOOT/BOOTX64.EFI` where that is
 * there, wholly in upper or wholly in lower case, and the other is not. Firmware, and GRUB on plain ISO9660 and Joliet,
 * make no difference between the two: a disc that has both boots by chance.
 */
export function inCaseOf(entries: readonly ImageEntry[], changes: DiscChanges): DiscChanges {
  const written = new Set(entries.map(({ path }) => path));
  const settle = (path: string): string => {
    if (written.has(path)) return path;
    const same = [path.toUpperCase(), path.toLowerCase()].find((each) => written.has(each));
    if (same !== undefined) return same;
    const end = path.lastIndexOf('/');
    return end < 0 ? path : `${settle(path.slice(0, end))}${path.slice(end)}`;
  };
  return {
    ...changes,
    put: changes.put.map((file) => ({ ...file, path: settle(file.path), open: () => file.open() })),
    remove: changes.remove.map(settle),
  };
}
