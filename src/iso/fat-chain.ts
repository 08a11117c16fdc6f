import { BootwrightError } from '../errors.ts';
import type { ByteSource } from '../platform/files.ts';
import { Reader } from '../wire/reader.ts';
import { readExtent } from './extents.ts';
import type { FatVolume } from './fat-volume.ts';
import type { Extent } from './tree.ts';

const windowBytes = 64 * 1024;
const firstCluster = 2;

/** Follows the chains of clusters in the file allocation table. */
export class FatChains {
  readonly #source: ByteSource;
  readonly #volume: FatVolume;
  /** Clusters followed so far: no two files share one, so a sound volume has no more than there are. */
  #followed = 0;
  #window: { offsetBytes: number; bytes: Uint8Array } = { offsetBytes: 0, bytes: new Uint8Array(0) };

  constructor(source: ByteSource, volume: FatVolume) {
    this.#source = source;
    this.#volume = volume;
  }

  /**
   * The clusters from `start` on as runs of bytes, up to `limitBytes` of them, or fewer where the chain ends before.
   * Throws FAT_DAMAGED where the chain leaves the volume, or has more clusters than there are.
   */
  async follow(start: number, limitBytes: number): Promise<Extent[]> {
    const { clusterBytes, clusterCount, dataOffsetBytes } = this.#volume;
    const extents: { offsetBytes: number; sizeBytes: number }[] = [];
    let left = limitBytes;
    let cluster: number | undefined = start;
    while (cluster !== undefined && left > 0) {
      if (cluster < firstCluster || cluster >= clusterCount + firstCluster) {
        throw this.#damaged(`a chain that leads to cluster ${cluster}`);
      }
      if (++this.#followed > clusterCount) throw this.#damaged('chains with more clusters than there are');
      const offsetBytes = dataOffsetBytes + (cluster - firstCluster) * clusterBytes;
      const sizeBytes = Math.min(clusterBytes, left);
      const last = extents.at(-1);
      if (last !== undefined && last.offsetBytes + last.sizeBytes === offsetBytes) last.sizeBytes += sizeBytes;
      else extents.push({ offsetBytes, sizeBytes });
      left -= sizeBytes;
      if (left > 0) cluster = await this.#next(cluster);
    }
    return extents;
  }

  /** The cluster after one; `undefined` at the end of a chain. */
  async #next(cluster: number): Promise<number | undefined> {
    switch (this.#volume.kind) {
      case 12: {
        const pair = new Reader(await this.#entry(cluster + (cluster >> 1), 2)).u16LE();
        const next = cluster % 2 === 0 ? pair & 0xfff : pair >> 4;
        return next >= 0xff8 ? undefined : next;
      }
      case 16: {
        const next = new Reader(await this.#entry(cluster * 2, 2)).u16LE();
        return next >= 0xfff8 ? undefined : next;
      }
      case 32: {
        // The highest four bits are reserved.
        const next = new Reader(await this.#entry(cluster * 4, 4)).u32LE() & 0x0fffffff;
        return next >= 0x0ffffff8 ? undefined : next;
      }
    }
  }

  /** Bytes of the table; a window of it is held. */
  async #entry(at: number, count: number): Promise<Uint8Array> {
    const { fat } = this.#volume;
    if (at + count > fat.sizeBytes) throw this.#damaged('an allocation table that is too small');
    let within = at - this.#window.offsetBytes;
    if (within < 0 || within + count > this.#window.bytes.byteLength) {
      const sizeBytes = Math.min(windowBytes, fat.sizeBytes - at);
      this.#window = {
        offsetBytes: at,
        bytes: await readExtent(this.#source, { offsetBytes: fat.offsetBytes + at, sizeBytes }),
      };
      within = 0;
    }
    return this.#window.bytes.subarray(within, within + count);
  }

  #damaged(what: string): BootwrightError {
    return new BootwrightError('FAT_DAMAGED', { what, offsetBytes: this.#volume.fat.offsetBytes });
  }
}
