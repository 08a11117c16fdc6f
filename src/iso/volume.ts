import type { ByteSource } from '../platform/files.ts';
import { Budget } from './budget.ts';
import { type Descriptors, readDescriptors, type VolumeDescriptor } from './descriptors.ts';
import { readDirectory } from './directory.ts';
import { type DirectoryRecord, decodeDirectoryRecord } from './directory-record.ts';
import { type BootImage, bootCatalogPath, readBootCatalog } from './el-torito.ts';
import { openEntry, openExtents, requireInside } from './extents.ts';
import { lookup } from './lookup.ts';
import type { Naming } from './names.ts';
import { rockRidgeSkip } from './rock-ridge.ts';
import { SystemUse } from './system-use.ts';
import type { ImageTree } from './tree.ts';
import { readTree } from './walk.ts';

/** An ISO9660 image: its tree, read once, and its boot catalog. */
export interface IsoImage extends ImageTree {
  /** The volume label, as GRUB's `search --label` and dracut's `CDLABEL=` mean it. */
  readonly label: string;
  /** Where the names come from: Rock Ridge if there is any, else Joliet, else plain ISO9660. */
  readonly naming: Naming;
  readonly bootImages: readonly BootImage[];
  /** The file of the tree that is El Torito's boot catalog, if one is: it has addresses of this very disc. */
  readonly bootCatalog: string | undefined;
  /** The bytes of a boot image, such as a FAT that no file of the tree names. */
  openBootImage(image: BootImage): ByteSource;
}

/** Rock Ridge is announced in the root's own record. */
async function findRockRidge(
  source: ByteSource,
  volume: VolumeDescriptor,
  root: DirectoryRecord,
): Promise<number | undefined> {
  const budget = new Budget();
  for await (const record of readDirectory(source, root.extent, volume.blockBytes, budget)) {
    const fields = new SystemUse(source, volume.blockBytes, budget);
    return rockRidgeSkip(await fields.fields(sharedArea(record), record.offsetBytes));
  }
  return undefined;
}

/** On CD-ROM XA, 14 bytes of its own come before the SP field (P1281 §5.3). */
function sharedArea({ systemUse }: DirectoryRecord): Uint8Array {
  const isSharing = (at: number) => systemUse[at] === 0x53 && systemUse[at + 1] === 0x50 && systemUse[at + 4] === 0xbe;
  if (isSharing(0)) return systemUse;
  return isSharing(14) ? systemUse.subarray(14) : new Uint8Array(0);
}

async function chooseTree(source: ByteSource, { primary, joliet }: Descriptors) {
  const root = decodeDirectoryRecord(primary.root, primary.blockBytes, primary.rootOffsetBytes);
  const systemUseSkip = await findRockRidge(source, primary, root);
  if (systemUseSkip !== undefined) return { naming: 'rock-ridge', volume: primary, root, systemUseSkip } as const;
  if (joliet === undefined) return { naming: 'iso9660', volume: primary, root, systemUseSkip: 0 } as const;
  const jolietRoot = decodeDirectoryRecord(joliet.root, joliet.blockBytes, joliet.rootOffsetBytes);
  return { naming: 'joliet', volume: joliet, root: jolietRoot, systemUseSkip: 0 } as const;
}

/**
 * Reads what is in an ISO9660 image, of which every byte may be hostile. Memory grows with the number of its files,
 * not with its size. Throws ISO_NOT_ISO9660, ISO_TRUNCATED where it ends before its volume or one of its files does,
 * ISO_DAMAGED, ISO_NAME_UNSAFE, ISO_TREE_TOO_LARGE or ISO_UNSUPPORTED.
 */
export async function openIso(source: ByteSource): Promise<IsoImage> {
  const descriptors = await readDescriptors(source);
  requireInside(source, { offsetBytes: 0, sizeBytes: descriptors.primary.volumeBytes });
  const { naming, volume, root, systemUseSkip } = await chooseTree(source, descriptors);
  const plan = { source, blockBytes: volume.blockBytes, naming, systemUseSkip, root: root.extent };
  const entries = await readTree(plan);
  return {
    label: descriptors.primary.label,
    naming,
    entries,
    bootImages: await readBootCatalog(source, descriptors, entries),
    bootCatalog: bootCatalogPath(descriptors, entries),
    find: lookup(entries),
    open: (entry) => openEntry(source, entry),
    openBootImage: ({ extent }) => openExtents(source, [extent]),
  };
}
