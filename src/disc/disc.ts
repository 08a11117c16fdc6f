import { asMounted } from '../iso/as-mounted.ts';
import { openExtents } from '../iso/extents.ts';
import type { Extent, ImageEntry } from '../iso/tree.ts';
import { type IsoImage, openIso } from '../iso/volume.ts';
import type { ByteSource } from '../platform/files.ts';
import { openFile } from '../platform/files-node.ts';
import { readVolumeFacts, type VolumeFacts } from './volume-facts.ts';

/** An ISO that was opened to be written anew, or to be compared. */
export interface Disc {
  readonly source: ByteSource;
  /** With its names as Linux and GRUB show them. */
  readonly image: IsoImage;
  readonly facts: VolumeFacts;
  /** The file whose bytes start at a place, such as the one that El Torito names. */
  fileAt(offsetBytes: number): ImageEntry | undefined;
  /** Any run of bytes of it. */
  bytesOf(extent: Extent): ByteSource;
  close(): Promise<void>;
}

/** Throws what `openFile` and `openIso` throw. */
export async function openDisc(path: string): Promise<Disc> {
  const source = await openFile(path);
  try {
    const image = asMounted(await openIso(source));
    const files = new Map<number, ImageEntry>();
    for (const entry of image.entries) {
      const start = entry.extents[0]?.offsetBytes;
      if (start !== undefined && !files.has(start)) files.set(start, entry);
    }
    return {
      source,
      image,
      facts: await readVolumeFacts(source),
      fileAt: (offsetBytes) => files.get(offsetBytes),
      bytesOf: (extent) => openExtents(source, [extent]),
      close: () => source.close(),
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Where the boot catalog is a file of the tree: its bytes are the disc's own. */
export function bootCatalogFile({ facts, fileAt }: Disc): ImageEntry | undefined {
  return facts.bootCatalogSector === undefined ? undefined : fileAt(facts.bootCatalogSector * 2048);
}
