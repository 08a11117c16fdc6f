import { compareVersions } from '../grub/version-order.ts';
import type { ImageEntry, ImageTree } from '../iso/tree.ts';

/** A kernel of an image, and what belongs to it. */
export interface Kernel {
  /** Absent for `boot/vmlinuz`, whose name does not tell. */
  readonly version: string | undefined;
  readonly entry: ImageEntry;
  /** Its initramfs; of `boot/vmlinuz` it is `boot/initrd.img`. In a full-os image versioned kernels have none. */
  readonly initrd: ImageEntry | undefined;
  /** The initramfs of the system that saves a crash dump (kdump): it stands in no menu. */
  readonly kdump: ImageEntry | undefined;
  /** For emergencies: it has no modules of its own, and stands in no menu for the network. */
  readonly isRescue: boolean;
}

/** The part of an image's tree that is needed to read its files. */
export type FileTree = Pick<ImageTree, 'entries' | 'find' | 'open'>;

/** How distributions call the initramfs of a kernel: dracut's, Debian's, SUSE's. */
const initrdNames = (version: string) => [
  `initramfs-${version}.img`,
  `initrd.img-${version}`,
  `initrd-${version}.img`,
  `initrd-${version}`,
];
const kdumpNames = (version: string) => [`initramfs-${version}kdump.img`, `initrd-${version}kdump.img`];

function kernelVersionIn(path: string): string | undefined {
  return /^boot\/vmlinuz-([^/]+)$/.exec(path)?.[1];
}

/** The version in the path of a kdump initramfs, directly in `boot`. */
export function kdumpVersionIn(path: string): string | undefined {
  return /^boot\/(?:initramfs|initrd)-([^/]+?)kdump\.img$/.exec(path)?.[1];
}

/** The kernels in `boot`, newest first by rpm's order of versions, and the one without a version last. */
export function kernelsOf(tree: Pick<ImageTree, 'entries' | 'find'>): readonly Kernel[] {
  const versioned = tree.entries
    .filter(({ kind }) => kind !== 'directory')
    .flatMap(({ path }) => {
      const version = kernelVersionIn(path);
      const entry = fileAt(tree, path);
      return version === undefined || entry === undefined ? [] : [{ version, entry }];
    })
    .toSorted((a, b) => compareVersions(b.version, a.version));
  const kernels = versioned.map(({ version, entry }) => ({
    version,
    entry,
    initrd: firstOf(tree, initrdNames(version)),
    kdump: firstOf(tree, kdumpNames(version)),
    isRescue: version.startsWith('0-rescue-'),
  }));
  const plain = fileAt(tree, 'boot/vmlinuz');
  // It may be a symbolic link to one of the others.
  if (plain === undefined || kernels.some(({ entry }) => entry === plain)) return kernels;
  const initrd = fileAt(tree, 'boot/initrd.img');
  return [...kernels, { version: undefined, entry: plain, initrd, kdump: undefined, isRescue: false }];
}

function fileAt(tree: Pick<ImageTree, 'find'>, path: string): ImageEntry | undefined {
  const entry = tree.find(path);
  return entry?.kind === 'file' ? entry : undefined;
}

function firstOf(tree: Pick<ImageTree, 'find'>, names: readonly string[]): ImageEntry | undefined {
  for (const name of names) {
    const entry = fileAt(tree, `boot/${name}`);
    if (entry !== undefined) return entry;
  }
  return undefined;
}
