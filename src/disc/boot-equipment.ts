import type { BootImage } from '../iso/el-torito.ts';
import type { Extent } from '../iso/tree.ts';
import { blockAddresses } from './block-addresses.ts';
import type { Disc } from './disc.ts';
import type { Partition } from './partitions.ts';
import { sameBytes } from './same-bytes.ts';

/** EFI system partitions, as an MBR and as a GPT name them. */
const efiSystemTypes = ['ef', '28732ac11ff8d211ba4b00a0c93ec93b'];

/**
 * What the second disc lost of what the first one boots from: `undefined` if nothing. Files that both have under the
 * same path are compared elsewhere; here they must be what the catalog and the partition tables lead to.
 */
export async function lostBootEquipment(from: Disc, to: Disc, signal?: AbortSignal): Promise<string | undefined> {
  const [before, after] = [from.image.bootImages, to.image.bootImages];
  if (before.length !== after.length) return `${after.length} boot images instead of ${before.length}`;
  for (const [index, image] of before.entries()) {
    const lost = await lostImage(from, image, to, after[index] as BootImage, signal);
    if (lost !== undefined) return `boot image ${index + 1} for ${image.platform} ${lost}`;
  }
  return lostPartitions(from, to, signal);
}

async function lostImage(from: Disc, image: BootImage, to: Disc, copy: BootImage, signal?: AbortSignal) {
  if (copy.platform !== image.platform || copy.bootable !== image.bootable) return `is one for ${copy.platform}`;
  const path = from.fileAt(image.extent.offsetBytes)?.path;
  const isKept = path === undefined ? await sameExtent(from, image.extent, to, copy.extent, signal) : false;
  if (isKept || (path !== undefined && startsAt(to, path) === copy.extent.offsetBytes)) return undefined;
  return path === undefined ? 'has other bytes' : `is not ${path}`;
}

function startsAt({ image }: Disc, path: string): number | undefined {
  return image.entries.find((entry) => entry.path === path)?.extents[0]?.offsetBytes;
}

/** The same bytes but for the addresses of their own blocks. What reaches to the end of its disc may be padded more. */
async function sameExtent(from: Disc, left: Extent, to: Disc, right: Extent, signal?: AbortSignal): Promise<boolean> {
  const isOpen = [left.offsetBytes + left.sizeBytes - from.source.sizeBytes === 0, left.sizeBytes === right.sizeBytes];
  if (!isOpen.includes(true)) return false;
  const sizeBytes = Math.min(left.sizeBytes, right.sizeBytes);
  const except = await blockAddresses(from.source, left);
  if (JSON.stringify(except) !== JSON.stringify(await blockAddresses(to.source, right))) return false;
  return sameBytes(from.bytesOf({ ...left, sizeBytes }), to.bytesOf({ ...right, sizeBytes }), { except, signal });
}

async function lostPartitions(from: Disc, to: Disc, signal?: AbortSignal): Promise<string | undefined> {
  const [before, after] = [from.facts.partitions, to.facts.partitions];
  if (before === undefined) return undefined;
  if (after === undefined) return 'the partition table is gone';
  if (Buffer.compare(before.bootCode, after.bootCode) !== 0) return 'the code of the master boot record is another';
  if (before.diskGuid !== after.diskGuid) return 'the GUID of the disk is another';
  const kinds = (partitions: readonly Partition[]) => partitions.map(({ type, active }) => `${type} ${active}`).join();
  if (kinds(before.mbr) !== kinds(after.mbr)) return 'the master boot record has other partitions';
  return (
    (await lostPartition(from, before.mbr, to, after.mbr, signal)) ??
    (await lostPartition(from, before.gpt, to, after.gpt, signal))
  );
}

/** Of partitions, those count that machines boot from; others cover the volume, or the gaps of the table. */
async function lostPartition(
  from: Disc,
  before: readonly Partition[],
  to: Disc,
  after: readonly Partition[],
  signal?: AbortSignal,
): Promise<string | undefined> {
  const isBooted = (disc: Disc) => (partition: Partition) =>
    efiSystemTypes.includes(partition.type) ||
    disc.image.bootImages.some(({ extent }) => extent.offsetBytes === partition.offsetBytes);
  const copies = after.filter(isBooted(to));
  for (const [index, partition] of before.filter(isBooted(from)).entries()) {
    const copy = copies[index];
    if (copy?.type !== partition.type) return `a partition of type ${partition.type} is gone`;
    const path = from.fileAt(partition.offsetBytes)?.path;
    if (path !== undefined) {
      if (startsAt(to, path) !== copy.offsetBytes) return `a partition does not start with ${path}`;
    } else if (!(await sameExtent(from, inside(from, partition), to, inside(to, copy), signal))) {
      return `a partition of type ${partition.type} has other bytes`;
    }
  }
  return undefined;
}

/** A table may promise more than the image has. */
function inside({ source }: Disc, { offsetBytes, sizeBytes }: Partition): Extent {
  const start = Math.min(offsetBytes, source.sizeBytes);
  return { offsetBytes: start, sizeBytes: Math.min(sizeBytes, source.sizeBytes - start) };
}
