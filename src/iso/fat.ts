import { BootwrightError } from '../errors.ts';
import type { ByteSource } from '../platform/files.ts';
import { Budget } from './budget.ts';
import { openEntry, readExtent, requireInside } from './extents.ts';
import { FatChains } from './fat-chain.ts';
import { decodeFatDirectory, type FatRecord, recordBytes } from './fat-directory.ts';
import { type FatVolume, readFatVolume } from './fat-volume.ts';
import { lookup } from './lookup.ts';
import { requireSafeName } from './names.ts';
import type { Extent, ImageEntry, ImageTree } from './tree.ts';

/** A FAT12, FAT16 or FAT32 file system, such as the `efiboot.img` that El Torito names. */
export interface FatImage extends ImageTree {
  readonly label: string;
}

/** A directory has 65,536 records at most. FAT specification §6.1 */
const maxDirectoryBytes = 65_536 * recordBytes;
/** FAT knows no permissions. */
const modes = { file: 0o444, directory: 0o555 } as const;

/**
 * Reads the tree of a FAT file system, of which every byte may be hostile.
 * Throws FAT_NOT_FAT, FAT_DAMAGED, ISO_TRUNCATED, ISO_NAME_UNSAFE or ISO_TREE_TOO_LARGE.
 */
export async function openFat(source: ByteSource): Promise<FatImage> {
  const volume = await readFatVolume(source);
  const walk = new Walk(source, volume);
  await walk.run();
  return {
    label: walk.label,
    entries: walk.entries,
    find: lookup(walk.entries),
    open: (entry) => openEntry(source, entry),
  };
}

class Walk {
  readonly entries: ImageEntry[] = [];
  label = '';
  readonly #source: ByteSource;
  readonly #volume: FatVolume;
  readonly #chains: FatChains;
  readonly #budget = new Budget();
  /** First clusters of directories: one that comes again is a loop. */
  readonly #seen = new Set<number>();

  constructor(source: ByteSource, volume: FatVolume) {
    this.#source = source;
    this.#volume = volume;
    this.#chains = new FatChains(source, volume);
  }

  async run(): Promise<void> {
    const { root } = this.#volume;
    const extents = typeof root === 'number' ? await this.#chains.follow(root, maxDirectoryBytes) : [root];
    await this.#directory(extents, '', 1);
  }

  async #directory(extents: readonly Extent[], path: string, level: number): Promise<void> {
    this.#budget.checkLevel(level);
    const records = new Map<string, FatRecord>();
    const bytes = await this.#read(extents);
    const onLabel = level === 1 ? (label: string) => (this.label ||= label) : undefined;
    for (const record of decodeFatDirectory(bytes, onLabel)) {
      this.#budget.spend('entries', 1);
      requireSafeName(record.name, path);
      if (!records.has(record.name)) records.set(record.name, record);
    }
    for (const record of [...records.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const childPath = path === '' ? record.name : `${path}/${record.name}`;
      this.#budget.spend('pathCharacters', childPath.length);
      if (record.isDirectory) {
        this.entries.push(entryOf(record, childPath, 0, []));
        if (this.#seen.has(record.firstCluster)) throw this.#damaged(`the directory ${childPath} is there twice`);
        this.#seen.add(record.firstCluster);
        const chain = await this.#chains.follow(record.firstCluster, maxDirectoryBytes);
        await this.#directory(chain, childPath, level + 1);
      } else {
        this.entries.push(entryOf(record, childPath, record.sizeBytes, await this.#content(record, childPath)));
      }
    }
  }

  async #content({ firstCluster, sizeBytes }: FatRecord, path: string): Promise<Extent[]> {
    if (sizeBytes === 0) return [];
    const extents = await this.#chains.follow(firstCluster, sizeBytes);
    const found = extents.reduce((sum, extent) => sum + extent.sizeBytes, 0);
    if (found < sizeBytes) {
      throw this.#damaged(`${path} has ${sizeBytes} bytes and clusters for ${found}`);
    }
    for (const extent of extents) requireInside(this.#source, extent);
    return extents;
  }

  #damaged(what: string): BootwrightError {
    return new BootwrightError('FAT_DAMAGED', { what, offsetBytes: this.#volume.fat.offsetBytes });
  }

  async #read(extents: readonly Extent[]): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for (const extent of extents) {
      this.#budget.spend('directoryBytes', extent.sizeBytes);
      pieces.push(await readExtent(this.#source, extent));
    }
    return Buffer.concat(pieces);
  }
}

function entryOf(record: FatRecord, path: string, sizeBytes: number, extents: readonly Extent[]): ImageEntry {
  const kind = record.isDirectory ? 'directory' : 'file';
  return { path, kind, sizeBytes, mode: modes[kind], modifiedMs: record.modifiedMs, extents };
}
