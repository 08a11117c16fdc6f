import { BootwrightError } from '../errors.ts';
import type { ByteSource } from '../platform/files.ts';
import { Reader } from '../wire/reader.ts';
import { readExtent } from './extents.ts';
import type { Extent } from './tree.ts';

/** Where things are in a FAT file system, from its BIOS parameter block. Microsoft FAT specification §3. */
export interface FatVolume {
  readonly kind: 12 | 16 | 32;
  readonly fat: Extent;
  readonly clusterBytes: number;
  /** Where cluster 2, the first one, starts. */
  readonly dataOffsetBytes: number;
  readonly clusterCount: number;
  /** The root directory: its own place, or on FAT32 the first cluster of its chain. */
  readonly root: Extent | number;
}

function notFat(found: string): BootwrightError {
  return new BootwrightError('FAT_NOT_FAT', { found });
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && (value & (value - 1)) === 0;
}

/** Fields that both kinds of parameter block have, in their order. */
function decodeParameters(sector: Uint8Array) {
  const reader = new Reader(sector).skip(11);
  const bytesPerSector = reader.u16LE();
  const sectorsPerCluster = reader.u8();
  const reservedSectors = reader.u16LE();
  const fats = reader.u8();
  const rootEntries = reader.u16LE();
  const sectors16 = reader.u16LE();
  const fatSectors16 = reader.skip(1).u16LE();
  const sectors32 = reader.skip(8).u32LE();
  const fatSectors32 = reader.u32LE();
  const rootCluster = reader.skip(4).u32LE();
  return {
    bytesPerSector,
    sectorsPerCluster,
    reservedSectors,
    fats,
    rootEntries,
    sectors: sectors16 || sectors32,
    fatSectors: fatSectors16 || fatSectors32,
    rootCluster,
  };
}

/** Reads the first sector. Throws FAT_NOT_FAT. */
export async function readFatVolume(source: ByteSource): Promise<FatVolume> {
  if (source.sizeBytes < 512) throw notFat(`it has ${source.sizeBytes} bytes`);
  const sector = await readExtent(source, { offsetBytes: 0, sizeBytes: 512 });
  if (sector[510] !== 0x55 || sector[511] !== 0xaa) throw notFat('its first sector has no 55 AA at its end');
  const parameters = decodeParameters(sector);
  const { bytesPerSector, sectorsPerCluster, reservedSectors, fats, rootEntries, sectors, fatSectors } = parameters;
  if (!isPowerOfTwo(bytesPerSector) || bytesPerSector < 512 || bytesPerSector > 4096) {
    throw notFat(`its sectors would have ${bytesPerSector} bytes`);
  }
  if (!isPowerOfTwo(sectorsPerCluster) || reservedSectors === 0 || fats === 0 || fatSectors === 0) {
    throw notFat('its first sector has no BIOS parameter block');
  }
  const rootSectors = Math.ceil((rootEntries * 32) / bytesPerSector);
  const rootSector = reservedSectors + fats * fatSectors;
  const clusterCount = Math.floor((sectors - rootSector - rootSectors) / sectorsPerCluster);
  if (clusterCount < 1) throw notFat('it has no room for a file');
  // The number of clusters alone decides (§3.5).
  const kind = clusterCount < 4085 ? 12 : clusterCount < 65525 ? 16 : 32;
  return {
    kind,
    fat: { offsetBytes: reservedSectors * bytesPerSector, sizeBytes: fatSectors * bytesPerSector },
    clusterBytes: sectorsPerCluster * bytesPerSector,
    dataOffsetBytes: (rootSector + rootSectors) * bytesPerSector,
    clusterCount,
    root:
      kind === 32
        ? parameters.rootCluster
        : { offsetBytes: rootSector * bytesPerSector, sizeBytes: rootSectors * bytesPerSector },
  };
}
