import type { ImageTree } from '../iso/tree.ts';
import { findLiveFilesystem } from '../release/recognise.ts';

/**
 * The two kinds of initramfs of a live system. `bootstrap`: a small one that fetches and mounts the system, which is a
 * file of its own. `full-os`: the whole system is the initramfs.
 */
export type InitramfsKind = 'bootstrap' | 'full-os';

/** Which kind an image has: where no system lies in a file of its own, it must be in the initramfs. */
export function kindOf(tree: Pick<ImageTree, 'find'>): InitramfsKind {
  return findLiveFilesystem(tree) === undefined ? 'full-os' : 'bootstrap';
}
