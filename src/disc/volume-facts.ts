import { readDescriptors } from '../iso/descriptors.ts';
import { readExtent } from '../iso/extents.ts';
import { decodeText } from '../iso/text.ts';
import type { ByteSource } from '../platform/files.ts';
import { type PartitionTables, readPartitions } from './partitions.ts';

/** What of an image is kept, besides its files, when it is written anew. */
export interface VolumeFacts {
  readonly hasJoliet: boolean;
  readonly bootCatalogSector: number | undefined;
  readonly date: VolumeDate;
  readonly partitions: PartitionTables | undefined;
}

/** When a volume was changed last, by its own word: GRUB's `search --fs-uuid` looks for these digits. */
export interface VolumeDate {
  /** Year, month, day, hours, minutes, seconds and hundredths: 16 digits. ECMA-119 §8.4.26.1 */
  readonly digits: string;
  readonly epochSeconds: number;
}

const primarySector = 16;
const sectorBytes = 2048;
const createdOffset = 813;
const modifiedOffset = 830;

/** Throws what `readDescriptors` throws. */
export async function readVolumeFacts(source: ByteSource): Promise<VolumeFacts> {
  const { joliet, bootCatalogSector } = await readDescriptors(source);
  const primary = await readExtent(source, { offsetBytes: primarySector * sectorBytes, sizeBytes: sectorBytes });
  const dateAt = (offset: number) => parseVolumeDate(decodeText(primary.subarray(offset, offset + 16)));
  return {
    hasJoliet: joliet !== undefined,
    bootCatalogSector,
    date: dateAt(modifiedOffset) ?? dateAt(createdOffset) ?? volumeDate(0),
    partitions: await readPartitions(source),
  };
}

function parseVolumeDate(digits: string): VolumeDate | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\d\d$/.exec(digits)?.slice(1).map(Number);
  if (parts === undefined) return undefined;
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = parts;
  const milliseconds = Date.UTC(year, month - 1, day, hours, minutes, seconds);
  const isDate = new Date(milliseconds).toISOString().replace(/\D/g, '').startsWith(digits.slice(0, 14));
  // What xorriso takes: 1970 to 2999.
  if (!isDate || year < 1970 || year > 2999) return undefined;
  return { digits, epochSeconds: milliseconds / 1000 };
}

/** A second of UTC as the date of a volume. */
export function volumeDate(epochSeconds: number): VolumeDate {
  const digits = new Date(epochSeconds * 1000).toISOString().replace(/\D/g, '').slice(0, 14);
  return { digits: `${digits}00`, epochSeconds };
}
