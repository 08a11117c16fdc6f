import { type Folder, foldersOf } from './folders.ts';

const sectorBytes = 512;
const entryBytes = 32;
const rootEntries = 16;
const endOfChain = 0xfff;

function entry(name: string, attributes: number, cluster: number, sizeBytes: number): Uint8Array {
  const bytes = Buffer.alloc(entryBytes);
  const [base = '', extension = ''] = name === '.' || name === '..' ? [name] : name.toUpperCase().split('.');
  if (base.length > 8 || extension.length > 3) throw new Error(`${name} is no 8.3 name`);
  bytes.write(base.padEnd(8) + extension.padEnd(3), 0, 'latin1');
  bytes[11] = attributes;
  bytes.writeUInt16LE(cluster, 26);
  bytes.writeUInt32LE(sizeBytes, 28);
  return bytes;
}

/** A file system of 12 bits (FAT) with these files, whose names are of 8 and 3 letters and become capitals. */
export function tinyFat(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const data = new Map<number, Uint8Array>();
  const chain: number[] = [0xff8, endOfChain];

  /** Reserves room for so many bytes; its first cluster. */
  function reserve(sizeBytes: number): number {
    const first = chain.length;
    const count = Math.max(1, Math.ceil(sizeBytes / sectorBytes));
    for (let index = 1; index <= count; index++) chain.push(index === count ? endOfChain : first + index);
    return first;
  }

  function directory(folder: Folder<Uint8Array>, self: number, parent: number): Uint8Array {
    const entries = self === 0 ? [] : [entry('.', 0x10, self, 0), entry('..', 0x10, parent, 0)];
    for (const [name, content] of folder) {
      const isFolder = content instanceof Map;
      const first = reserve(isFolder ? (content.size + 2) * entryBytes : content.length);
      data.set(first, isFolder ? directory(content, first, self) : content);
      entries.push(entry(name, isFolder ? 0x10 : 0x20, first, isFolder ? 0 : content.length));
    }
    return Buffer.concat(entries);
  }

  const root = directory(foldersOf(Object.entries(files)), 0, 0);
  const fatSectors = Math.ceil((chain.length * 3) / 2 / sectorBytes);
  const dataStart = 1 + fatSectors + (rootEntries * entryBytes) / sectorBytes;
  const sectors = dataStart + chain.length - 2;
  const image = Buffer.alloc(sectors * sectorBytes);
  image.set([0xeb, 0x3c, 0x90]);
  image.write('TINYFAT ', 3, 'latin1');
  image.writeUInt16LE(sectorBytes, 11);
  image[13] = 1;
  image.writeUInt16LE(1, 14);
  image[16] = 1;
  image.writeUInt16LE(rootEntries, 17);
  image.writeUInt16LE(sectors, 19);
  image[21] = 0xf8;
  image.writeUInt16LE(fatSectors, 22);
  image.set([0x55, 0xaa], 510);
  for (const [index, next] of chain.entries()) {
    const at = sectorBytes + Math.floor((index * 3) / 2);
    const shifted = index % 2 === 0 ? next : next << 4;
    image.writeUInt16LE(image.readUInt16LE(at) | shifted, at);
  }
  image.set(root, (1 + fatSectors) * sectorBytes);
  for (const [cluster, content] of data) image.set(content, (dataStart + cluster - 2) * sectorBytes);
  return image;
}
