import { formatBytes } from '../format.ts';
import { type Finding, finding } from './finding.ts';
import type { Facts } from './report.ts';

const mebibyte = 1024 * 1024;

/** What small virtual machines have; more than that is worth a word. */
const usualBytes = 4096 * mebibyte;
/** What a system without a desktop takes beside its files. */
const systemBytes = 256 * mebibyte;
/** How many times its size a kernel takes that says nothing of it: unpacked, and with its tables. */
const kernelFactor = 4;

/** What one entry of the menu has a machine hold in memory. */
export interface Held {
  readonly kernel: { readonly sizeBytes: number; readonly runningBytes: number | undefined };
  readonly initrds: readonly { readonly sizeBytes: number; readonly unpackedBytes: number }[];
  /** What is fetched and stays: the ISO, or the squashfs in it; absent where the initrd is all there is. */
  readonly fetched: { readonly what: 'ISO' | 'squashfs'; readonly sizeBytes: number } | undefined;
}

/**
 * An estimate, from below, of the memory that a machine needs: what lies in it once it runs. What the system writes
 * comes on top of it.
 *
 * Without `root=`, Linux unpacks an initrd into a tmpfs, which may fill half of the memory (init_rootfs in
 * init/do_mounts.c, mm/shmem.c); with `root=`, into a ramfs, which may fill it all. dracut fetches into that, too.
 */
export function memoryFor({ kernel, initrds, fetched }: Held): NonNullable<Facts['memory']> {
  const unpackedBytes = sum(initrds.map((initrd) => initrd.unpackedBytes));
  const packedBytes = sum(initrds.map(({ sizeBytes }) => sizeBytes));
  const parts = [
    { what: 'the kernel', sizeBytes: kernel.runningBytes ?? kernel.sizeBytes * kernelFactor },
    { what: 'the unpacked initrd', sizeBytes: unpackedBytes },
    ...(fetched === undefined ? [] : [{ what: `the ${fetched.what}`, sizeBytes: fetched.sizeBytes }]),
    { what: 'the system at work', sizeBytes: systemBytes },
  ];
  // It lies beside what it unpacks to, when nothing is at work yet.
  if (fetched === undefined && packedBytes > systemBytes) {
    parts.push({ what: 'the packed initrd beside it', sizeBytes: packedBytes - systemBytes });
  }
  const heldBytes = sum(parts.map(({ sizeBytes }) => sizeBytes));
  if (fetched === undefined && 2 * unpackedBytes > heldBytes) {
    parts.push({ what: 'what keeps that to half of the memory', sizeBytes: 2 * unpackedBytes - heldBytes });
  }
  return { neededBytes: sum(parts.map(({ sizeBytes }) => sizeBytes)), parts };
}

export function checkMemory({ neededBytes }: NonNullable<Facts['memory']>): Finding[] {
  if (neededBytes <= usualBytes) return [];
  return [finding('MEMORY_LARGE', { needed: formatBytes(neededBytes), usual: formatBytes(usualBytes) })];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
