import { announcement, attributes, field, name, type TinyFile, tinyIso } from '../iso/tiny-iso.ts';
import { type Folder, foldersOf } from './folders.ts';

/** A file (text, bytes, or with permission bits) or a symbolic link of a tiny image. */
type Part = string | Uint8Array | { readonly content: string | Uint8Array; readonly mode: number } | Link;

interface Link {
  readonly link: string;
}

/** Files by their path in the image; `null` takes one away. */
export type Parts = Readonly<Record<string, Part | null>>;

/** How an image names its files: Rock Ridge keeps modes and links too, Joliet the names alone, and plain ISO9660 capitals. */
export type Naming = 'rock-ridge' | 'joliet' | 'iso9660';

interface TinyImage {
  readonly parts: Parts;
  readonly label?: string;
  readonly naming?: Naming;
  /** Records for the root directory, as they are. */
  readonly extra?: readonly TinyFile[];
  /** The path of the file that UEFI boots from a disc (El Torito). */
  readonly bootImage?: string;
}

function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? Buffer.from(content) : content;
}

function linkField(target: string): Uint8Array {
  const components = target.split('/').flatMap((part, index) => {
    if (part === '' && index === 0) return [Uint8Array.of(0x08, 0)];
    if (part === '.') return [Uint8Array.of(0x02, 0)];
    if (part === '..') return [Uint8Array.of(0x04, 0)];
    return part === '' ? [] : [Buffer.concat([Uint8Array.of(0, part.length), Buffer.from(part)])];
  });
  return field('SL', [0], ...components);
}

/** The system use field of a file of that name, for records that are written by hand. */
export function namedFile(fileName: string): Uint8Array {
  return Buffer.concat([name(fileName), attributes(0o100644)]);
}

/** The same for a symbolic link. */
export function namedLink(fileName: string, target: string): Uint8Array {
  return Buffer.concat([name(fileName), attributes(0o120777), linkField(target)]);
}

function rockRidgeFile(fileName: string, part: Part): Omit<TinyFile, 'identifier'> {
  const systemUse = (mode: number) => Buffer.concat([name(fileName), attributes(mode)]);
  if (typeof part === 'string' || part instanceof Uint8Array) {
    return { systemUse: systemUse(0o100644), content: bytesOf(part) };
  }
  if ('link' in part) return { systemUse: namedLink(fileName, part.link) };
  return { systemUse: systemUse(0o100000 | part.mode), content: bytesOf(part.content) };
}

function plainFile(part: Part): Omit<TinyFile, 'identifier'> {
  if (typeof part === 'string' || part instanceof Uint8Array) return { content: bytesOf(part) };
  if ('link' in part) throw new Error('only Rock Ridge has links');
  return { content: bytesOf(part.content) };
}

function rockRidge(folder: Folder<Part>): TinyFile[] {
  return [...folder].sort().map(([fileName, part], index) => {
    if (!(part instanceof Map)) return { identifier: `F${index};1`, ...rockRidgeFile(fileName, part) };
    const systemUse = Buffer.concat([name(fileName), attributes(0o040755)]);
    return { identifier: `D${index}`, systemUse, children: rockRidge(part) };
  });
}

function named(
  folder: Folder<Part>,
  identifierOf: (fileName: string, isFile: boolean) => string | Uint8Array,
): TinyFile[] {
  return [...folder].sort().map(([fileName, part]) => {
    const identifier = identifierOf(fileName, !(part instanceof Map));
    return part instanceof Map
      ? { identifier, children: named(part, identifierOf) }
      : { identifier, ...plainFile(part) };
  });
}

/** ISO9660's own: capitals, and a version behind files. */
function capitals(fileName: string, isFile: boolean): string {
  const upper = fileName.toUpperCase();
  if (!isFile) return upper;
  return upper.includes('.') ? `${upper};1` : `${upper}.;1`;
}

/** UCS-2, big endian. */
function joliet(fileName: string, isFile: boolean): Uint8Array {
  return Buffer.from(isFile ? `${fileName};1` : fileName, 'utf16le').swap16();
}

const catalogMark = 'tiny boot catalog';

function emptyCatalog(): Buffer {
  const catalog = Buffer.alloc(64);
  catalog.set([1, 0xef], 0);
  catalog.write(catalogMark, 4, 'latin1');
  catalog.set([0x55, 0xaa, 0x88], 30);
  return catalog;
}

/** An ISO of a few files, in a few kilobytes. */
export function tinyImage({
  parts,
  label = 'CDROM',
  naming = 'rock-ridge',
  extra = [],
  bootImage,
}: TinyImage): Uint8Array {
  const tree = foldersOf(
    Object.entries(parts).flatMap(([path, part]): [string, Part][] => (part === null ? [] : [[path, part]])),
  );
  const isRockRidge = naming === 'rock-ridge';
  const image = Buffer.from(
    tinyIso({
      children: [...(isRockRidge ? rockRidge(tree) : named(tree, capitals)), ...extra],
      label,
      ...(isRockRidge && { rootSystemUse: announcement() }),
      ...(naming === 'joliet' && { joliet: named(tree, joliet) }),
      ...(bootImage !== undefined && { bootCatalog: emptyCatalog() }),
    }),
  );
  const content = bootImage === undefined ? undefined : parts[bootImage];
  if (content instanceof Uint8Array) {
    // Where the boot image is, is known once the image is made.
    const entry = image.indexOf(catalogMark) - 4 + 32;
    image.writeUInt16LE(Math.min(content.length / 512, 0xffff), entry + 6);
    image.writeUInt32LE(image.indexOf(content) / 2048, entry + 8);
  }
  return image;
}
