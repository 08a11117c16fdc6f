import { readExtent } from '../iso/extents.ts';
import type { Extent } from '../iso/tree.ts';
import type { ByteSource } from '../platform/files.ts';
import { Reader } from '../wire/reader.ts';
import type { Run } from './same-bytes.ts';

const sectorBytes = 2048;
const primarySector = 16;
/** mkisofs -boot-info-table: where the volume, the loader and its bytes are, for ISOLINUX and GRUB. */
const infoTable: Run = { start: 8, end: 64 };
/** mkisofs --grub2-boot-info: where GRUB's core goes on, in sectors of 512 bytes. */
const grubAddress: Run = { start: 2548, end: 2556 };

/**
 * Where a loader for BIOS holds the address of its own blocks: what tells it apart from the same loader at another
 * place of a disc.
 */
export async function blockAddresses(source: ByteSource, { offsetBytes, sizeBytes }: Extent): Promise<Run[]> {
  const head = await readExtent(source, { offsetBytes, sizeBytes: Math.min(sizeBytes, 2 * sectorBytes) });
  const sector = offsetBytes / sectorBytes;
  const runs: Run[] = [];
  if (head.byteLength >= infoTable.end) {
    const reader = new Reader(head).seek(infoTable.start);
    if (reader.u32LE() === primarySector && reader.u32LE() === sector) runs.push(infoTable);
  }
  if (head.byteLength >= grubAddress.end) {
    if (new Reader(head).seek(grubAddress.start).u64LE() === BigInt(sector * 4 + 5)) runs.push(grubAddress);
  }
  return runs;
}
