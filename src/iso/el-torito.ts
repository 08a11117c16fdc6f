import { BootwrightError } from '../errors.ts';
import type { ByteSource } from '../platform/files.ts';
import { Reader } from '../wire/reader.ts';
import type { Descriptors } from './descriptors.ts';
import { readExtent, requireInside } from './extents.ts';
import type { Extent, ImageEntry } from './tree.ts';

/** The platforms of a validation entry or section header. El Torito §2.1, UEFI §13.3.2.1. */
const platforms = { 0: 'bios', 1: 'powerpc', 2: 'mac', 239: 'efi' } as const;

/** One image that firmware boots from a CD. */
export interface BootImage {
  readonly platform: 'bios' | 'powerpc' | 'mac' | 'efi' | 'other';
  readonly bootable: boolean;
  /**
   * Where it is. The catalog's size is often too small (BIOS loads four sectors, and EFI images may say 0 or 1): where
   * a file of the tree starts there, or the platform is EFI, this is the larger size.
   */
  readonly extent: Extent;
}

const sectorBytes = 2048;
/** The catalog counts in the sectors of a floppy. */
const virtualSectorBytes = 512;
const entryBytes = 32;
const mark = { validation: 1, header: 0x90, lastHeader: 0x91, bootable: 0x88, extension: 0x44 } as const;

function damaged(what: string, offsetBytes: number): BootwrightError {
  return new BootwrightError('ISO_DAMAGED', { what, offsetBytes });
}

/** Where the catalog, of one sector, is a file of the tree. */
export function bootCatalogPath(
  { bootCatalogSector }: Descriptors,
  entries: readonly ImageEntry[],
): string | undefined {
  if (bootCatalogSector === undefined) return undefined;
  const offsetBytes = bootCatalogSector * sectorBytes;
  return entries.find(
    ({ kind, sizeBytes, extents }) =>
      kind === 'file' && sizeBytes === sectorBytes && extents[0]?.offsetBytes === offsetBytes,
  )?.path;
}

/** Reads El Torito's boot catalog: one sector, 64 entries, where every image known has at most a handful. */
export async function readBootCatalog(
  source: ByteSource,
  { bootCatalogSector }: Descriptors,
  entries: readonly ImageEntry[],
): Promise<BootImage[]> {
  if (bootCatalogSector === undefined) return [];
  const offsetBytes = bootCatalogSector * sectorBytes;
  const catalog = await readExtent(source, { offsetBytes, sizeBytes: sectorBytes });
  if (catalog[0] !== mark.validation || catalog[30] !== 0x55 || catalog[31] !== 0xaa) {
    throw damaged('no boot catalog where its descriptor says', offsetBytes);
  }
  const sizes = sizesByOffset(entries);
  const images: BootImage[] = [];
  let platform = platformOf(catalog[1] ?? 0);
  let left = 1;
  for (let at = entryBytes; at < sectorBytes; at += entryBytes) {
    const entry = catalog.subarray(at, at + entryBytes);
    const kind = entry[0] ?? 0;
    if (left === 0) {
      if (kind !== mark.header && kind !== mark.lastHeader) break;
      platform = platformOf(entry[1] ?? 0);
      left = new Reader(entry).seek(2).u16LE();
    } else if (kind !== mark.extension) {
      left -= 1;
      const { sectors, sector } = decodeEntry(entry);
      if (sector === 0) continue;
      const start = sector * sectorBytes;
      const stated = Math.max(sectors * virtualSectorBytes, sizes.get(start) ?? 0);
      // UEFI §13.3.2.1: 0 or 1 sectors mean all that is left; hybrid images have it as a partition behind the volume.
      const isOpen = platform === 'efi' && !sizes.has(start) && (sectors <= 1 || sectors === 0xffff);
      const sizeBytes = isOpen ? Math.max(stated, source.sizeBytes - start) : stated;
      const extent = { offsetBytes: start, sizeBytes };
      requireInside(source, extent);
      images.push({ platform, bootable: kind === mark.bootable, extent });
    }
  }
  return images;
}

function platformOf(id: number): BootImage['platform'] {
  return platforms[id as keyof typeof platforms] ?? 'other';
}

function decodeEntry(entry: Uint8Array): { sectors: number; sector: number } {
  const reader = new Reader(entry).seek(6);
  return { sectors: reader.u16LE(), sector: reader.u32LE() };
}

function sizesByOffset(entries: readonly ImageEntry[]): Map<number, number> {
  const sizes = new Map<number, number>();
  for (const { extents } of entries) {
    const [only] = extents;
    if (only !== undefined && extents.length === 1) sizes.set(only.offsetBytes, only.sizeBytes);
  }
  return sizes;
}
