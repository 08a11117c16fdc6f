import { BootwrightError } from '../errors.ts';
import { fatNames, longNameRecords, recordBytes } from './fat-names.ts';

/** A file of a FAT image, by its path. */
export interface FatFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

interface Folder {
  readonly children: Map<string, Folder | Uint8Array>;
}

const sectorBytes = 512;
const reservedSectors = 1;
const tables = 2;
const rootRecords = 512;
const attribute = { directory: 0x10, file: 0x20 } as const;
/** FAT16 by its number of clusters; others may count slightly wrong, so keep off its ends. FAT specification §3.5 */
const clusters = { least: 4101, most: 65_509 } as const;
/** El Torito counts the sectors of a boot image in 16 bits. */
const limitBytes = 65_535 * sectorBytes;
/** What stands where a label would be. With one, `search --label` and `root=live:LABEL=` might find this partition. */
const noLabel = 'NO NAME    ';
/** 1980-01-01, the first day that FAT knows. */
const date = (1 << 5) | 1;

/**
 * A FAT16 file system with these files, of the kind that firmware boots from (El Torito, EFI system partition). The
 * same files give the same bytes. It is made in memory: what firmware boots is some megabytes, 32 MiB at most.
 * Throws DISC_LOADERS_TOO_LARGE.
 */
export function fatImage(files: readonly FatFile[]): Uint8Array {
  const sizeBytes = files.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
  const tooLarge = () => new BootwrightError('DISC_LOADERS_TOO_LARGE', { sizeBytes, limitBytes });
  if (sizeBytes > limitBytes) throw tooLarge();
  const root = folderOf(files);
  const used = clustersOf(root, sectorBytes, true);
  // One sector a cluster: within what El Torito can count, there are never too many.
  const count = Math.max(clusters.least, used);
  const tableSectors = Math.ceil(((count + 2) * 2) / sectorBytes);
  const dataSector = reservedSectors + tables * tableSectors + (rootRecords * recordBytes) / sectorBytes;
  // A whole number of sectors of a disc.
  const sectors = Math.ceil((dataSector + count) / 4) * 4;
  if (used > clusters.most || sectors * sectorBytes > limitBytes) throw tooLarge();
  const image = Buffer.alloc(sectors * sectorBytes);
  image.set(bootSector(sectors, tableSectors));
  const writer = new FatWriter(image, tableSectors, dataSector);
  writer.root(root);
  return image;
}

function folderOf(files: readonly FatFile[]): Folder {
  const root: Folder = { children: new Map() };
  for (const { path, bytes } of files) {
    const names = path.split('/');
    const last = names.pop() ?? '';
    let folder = root;
    for (const name of names) {
      const key = keyIn(folder, name);
      const next = folder.children.get(key);
      const inner: Folder = next === undefined || next instanceof Uint8Array ? { children: new Map() } : next;
      folder.children.set(key, inner);
      folder = inner;
    }
    folder.children.set(keyIn(folder, last), bytes);
  }
  return root;
}

/** Upper and lower case are the same on FAT. */
function keyIn({ children }: Folder, name: string): string {
  return [...children.keys()].find((key) => key.toLowerCase() === name.toLowerCase()) ?? name;
}

function clustersOf(item: Folder | Uint8Array, clusterBytes: number, isRoot = false): number {
  if (item instanceof Uint8Array) return Math.ceil(item.byteLength / clusterBytes);
  const own = isRoot ? 0 : Math.ceil(recordsOf(item, 2) / (clusterBytes / recordBytes));
  return [...item.children.values()].reduce((sum, child) => sum + clustersOf(child, clusterBytes), own);
}

/** How many records a folder has, with `extra` ones for itself and its parent. */
function recordsOf({ children }: Folder, extra: number): number {
  return fatNames([...children.keys()]).reduce((sum, name) => sum + longNameRecords(name).length + 1, extra);
}

/** FAT specification §3.1, §3.2 */
function bootSector(sectors: number, tableSectors: number): Uint8Array {
  const sector = Buffer.alloc(sectorBytes);
  sector.set([0xeb, 0x3c, 0x90]);
  sector.write('BOOTWRT ', 3, 'latin1');
  sector.writeUInt16LE(sectorBytes, 11);
  sector[13] = 1;
  sector.writeUInt16LE(reservedSectors, 14);
  sector[16] = tables;
  sector.writeUInt16LE(rootRecords, 17);
  sector.writeUInt16LE(sectors < 65_536 ? sectors : 0, 19);
  sector[21] = 0xf8;
  sector.writeUInt16LE(tableSectors, 22);
  sector.writeUInt16LE(32, 24);
  sector.writeUInt16LE(64, 26);
  sector.writeUInt32LE(sectors < 65_536 ? 0 : sectors, 32);
  sector[36] = 0x80;
  sector[38] = 0x29;
  sector.write('BWEF', 39, 'latin1');
  sector.write(noLabel, 43, 'latin1');
  sector.write('FAT16   ', 54, 'latin1');
  sector.set([0x55, 0xaa], 510);
  return sector;
}

class FatWriter {
  readonly #image: Buffer;
  readonly #tableSectors: number;
  readonly #dataSector: number;
  #nextCluster = 2;

  constructor(image: Buffer, tableSectors: number, dataSector: number) {
    this.#image = image;
    this.#tableSectors = tableSectors;
    this.#dataSector = dataSector;
    this.#link(0, 0xfff8);
    this.#link(1, 0xffff);
  }

  root(folder: Folder): void {
    const rootOffset = (reservedSectors + tables * this.#tableSectors) * sectorBytes;
    this.#image.set(Buffer.concat(this.#records(folder, 0)), rootOffset);
  }

  /** Writes what is in a folder and gives its records. `parent` is the cluster that `..` of its own folders means. */
  #records(folder: Folder, own: number): Uint8Array[] {
    const names = fatNames([...folder.children.keys()]);
    return [...folder.children.values()].flatMap((child, index) => {
      const name = names[index];
      if (name === undefined) return [];
      const isFile = child instanceof Uint8Array;
      const cluster = isFile ? this.#file(child) : this.#folder(child, own);
      const kind = isFile ? attribute.file : attribute.directory;
      return [...longNameRecords(name), record(name.short, kind, cluster, isFile ? child.byteLength : 0)];
    });
  }

  #file(bytes: Uint8Array): number {
    if (bytes.byteLength === 0) return 0;
    const first = this.#take(Math.ceil(bytes.byteLength / sectorBytes));
    this.#image.set(bytes, this.#offsetOf(first));
    return first;
  }

  #folder(folder: Folder, parent: number): number {
    const first = this.#take(Math.ceil((recordsOf(folder, 2) * recordBytes) / sectorBytes));
    const dots = [['.', first] as const, ['..', parent] as const].map(([name, cluster]) =>
      record(Buffer.from(name.padEnd(11), 'latin1'), attribute.directory, cluster, 0),
    );
    this.#image.set(Buffer.concat([...dots, ...this.#records(folder, first)]), this.#offsetOf(first));
    return first;
  }

  /** The first of so many clusters side by side. */
  #take(count: number): number {
    const first = this.#nextCluster;
    this.#nextCluster += count;
    for (let index = 0; index < count; index++) {
      this.#link(first + index, index === count - 1 ? 0xffff : first + index + 1);
    }
    return first;
  }

  #link(cluster: number, next: number): void {
    for (let table = 0; table < tables; table++) {
      const start = (reservedSectors + table * this.#tableSectors) * sectorBytes;
      this.#image.writeUInt16LE(next, start + cluster * 2);
    }
  }

  #offsetOf(cluster: number): number {
    return (this.#dataSector + cluster - 2) * sectorBytes;
  }
}

/** FAT specification §6 */
function record(name: Uint8Array, kind: number, cluster: number, sizeBytes: number): Uint8Array {
  const bytes = Buffer.alloc(recordBytes);
  bytes.set(name);
  bytes[11] = kind;
  for (const offset of [16, 18, 24]) bytes.writeUInt16LE(date, offset);
  bytes.writeUInt16LE(cluster, 26);
  bytes.writeUInt32LE(sizeBytes, 28);
  return bytes;
}
