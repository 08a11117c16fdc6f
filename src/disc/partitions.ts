import { readExtent } from '../iso/extents.ts';
import { decodeText } from '../iso/text.ts';
import type { ByteSource } from '../platform/files.ts';
import { Reader } from '../wire/reader.ts';

/** A partition of an image that is written to a stick as it is. */
export interface Partition {
  /** One byte in hexadecimal (MBR), or a GUID as its bytes stand (GPT). */
  readonly type: string;
  readonly active: boolean;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** The partition tables at the start of an image. */
export interface PartitionTables {
  /** The code that a BIOS runs. It ends before byte 432, from where on SYSLINUX and GRUB keep block addresses. */
  readonly bootCode: Uint8Array;
  /** Bytes 440 to 443, by which Linux makes PARTUUIDs. */
  readonly diskSignature: Uint8Array;
  readonly mbr: readonly Partition[];
  readonly gpt: readonly Partition[];
  /** As its bytes stand, in hexadecimal. */
  readonly diskGuid: string | undefined;
}

const sectorBytes = 512;
const bootCodeBytes = 432;
export const diskSignatureOffset = 440;
const mbrOffset = 446;
const mbrEntryBytes = 16;
const mbrEntries = 4;
/** UEFI §5.3.2 has 128 entries; xorriso writes 248. */
const maxGptEntries = 1024;
const maxGptEntryBytes = 4096;

/** Reads them as they are; `undefined` where an image has none, as one that is for discs alone. */
export async function readPartitions(source: ByteSource): Promise<PartitionTables | undefined> {
  const head = await readExtent(source, { offsetBytes: 0, sizeBytes: 2 * sectorBytes });
  if (head[510] !== 0x55 || head[511] !== 0xaa) return undefined;
  const gptHeader = head.subarray(sectorBytes);
  const hasGpt = decodeText(gptHeader.subarray(0, 8)) === 'EFI PART';
  return {
    bootCode: head.subarray(0, bootCodeBytes),
    diskSignature: head.subarray(diskSignatureOffset, diskSignatureOffset + 4),
    mbr: decodeMbr(head),
    gpt: hasGpt ? await readGpt(source, gptHeader) : [],
    diskGuid: hasGpt ? Buffer.from(gptHeader.subarray(56, 72)).toString('hex') : undefined,
  };
}

function decodeMbr(head: Uint8Array): Partition[] {
  const partitions: Partition[] = [];
  for (let index = 0; index < mbrEntries; index++) {
    const reader = new Reader(head).seek(mbrOffset + index * mbrEntryBytes);
    const active = (reader.u8() & 0x80) !== 0;
    const type = reader.skip(3).u8().toString(16).padStart(2, '0');
    const firstSector = reader.skip(3).u32LE();
    const sectors = reader.u32LE();
    if (sectors === 0) continue;
    partitions.push({ type, active, offsetBytes: firstSector * sectorBytes, sizeBytes: sectors * sectorBytes });
  }
  return partitions;
}

/** UEFI §5.3.2, §5.3.3. Where its numbers can't be, it is none. */
async function readGpt(source: ByteSource, header: Uint8Array): Promise<Partition[]> {
  const reader = new Reader(header).seek(72);
  const offsetBytes = Number(reader.u64LE()) * sectorBytes;
  const count = reader.u32LE();
  const entryBytes = reader.u32LE();
  const sizeBytes = count * entryBytes;
  const isSane = count <= maxGptEntries && entryBytes >= 128 && entryBytes <= maxGptEntryBytes;
  if (!isSane || offsetBytes + sizeBytes > source.sizeBytes) return [];
  const table = await readExtent(source, { offsetBytes, sizeBytes });
  const partitions: Partition[] = [];
  for (let at = 0; at < sizeBytes; at += entryBytes) {
    const entry = new Reader(table.subarray(at, at + entryBytes));
    const type = Buffer.from(entry.take(16)).toString('hex');
    if (/^0+$/.test(type)) continue;
    const first = Number(entry.skip(16).u64LE());
    const last = Number(entry.u64LE());
    partitions.push({
      type,
      active: false,
      offsetBytes: first * sectorBytes,
      sizeBytes: (last - first + 1) * sectorBytes,
    });
  }
  return partitions;
}
