import { BootwrightError } from '../errors.ts';
import type { ByteSource } from '../platform/files.ts';
import { Reader } from '../wire/reader.ts';
import { readExtent } from './extents.ts';
import { decodeText } from './text.ts';

/** Descriptors are in sectors of this size whatever the logical block is. ECMA-119 §6.2.1. */
const sectorBytes = 2048;
const firstSector = 16;
/** No image has more than four or five; the set ends with a terminator. */
const maxDescriptors = 64;

const kinds = { bootRecord: 0, primary: 1, supplementary: 2, terminator: 255 } as const;

/** A primary or supplementary volume descriptor. ECMA-119 §8.4, §8.5. */
export interface VolumeDescriptor {
  readonly label: string;
  readonly blockBytes: number;
  readonly volumeBytes: number;
  /** The directory record of the root. */
  readonly root: Uint8Array;
  readonly rootOffsetBytes: number;
}

/** What the volume descriptor set says. */
export interface Descriptors {
  readonly primary: VolumeDescriptor;
  readonly joliet: VolumeDescriptor | undefined;
  /** Where El Torito's boot catalog is, as a sector of 2048 bytes. */
  readonly bootCatalogSector: number | undefined;
}

/** Joliet's three levels of UCS-2, in the field of escape sequences. */
const jolietEscapes = ['%/@', '%/C', '%/E'];

function decodeVolume(bytes: Uint8Array, offsetBytes: number): VolumeDescriptor {
  const reader = new Reader(bytes);
  const volumeBlocks = reader.seek(80).u32LE();
  const blockBytes = reader.seek(128).u16LE();
  if (![512, 1024, 2048].includes(blockBytes)) {
    throw new BootwrightError('ISO_DAMAGED', { what: `a logical block of ${blockBytes} bytes`, offsetBytes });
  }
  return {
    label: decodeText(bytes.subarray(40, 72)).replace(/[\0 ]+$/, ''),
    blockBytes,
    volumeBytes: volumeBlocks * blockBytes,
    root: bytes.subarray(156, 190),
    rootOffsetBytes: offsetBytes + 156,
  };
}

function isJoliet(bytes: Uint8Array): boolean {
  return jolietEscapes.includes(decodeText(bytes.subarray(88, 91)));
}

function isElTorito(bytes: Uint8Array): boolean {
  return decodeText(bytes.subarray(7, 30)) === 'EL TORITO SPECIFICATION';
}

/** Reads the volume descriptor set. Throws ISO_NOT_ISO9660, ISO_TRUNCATED or ISO_DAMAGED. */
export async function readDescriptors(source: ByteSource): Promise<Descriptors> {
  let primary: VolumeDescriptor | undefined;
  let joliet: VolumeDescriptor | undefined;
  let bootCatalogSector: number | undefined;
  for (let index = 0; index < maxDescriptors; index++) {
    const offsetBytes = (firstSector + index) * sectorBytes;
    if (index === 0 && source.sizeBytes < offsetBytes + sectorBytes) throw await notIso9660(source);
    const bytes = await readExtent(source, { offsetBytes, sizeBytes: sectorBytes });
    if (decodeText(bytes.subarray(1, 6)) !== 'CD001') {
      if (index === 0) throw await notIso9660(source, decodeText(bytes.subarray(1, 6)));
      break;
    }
    const kind = bytes[0];
    if (kind === kinds.terminator) break;
    if (kind === kinds.primary) primary ??= decodeVolume(bytes, offsetBytes);
    if (kind === kinds.supplementary && isJoliet(bytes)) joliet ??= decodeVolume(bytes, offsetBytes);
    if (kind === kinds.bootRecord && isElTorito(bytes)) bootCatalogSector ??= new Reader(bytes).seek(71).u32LE();
  }
  if (primary === undefined) throw new BootwrightError('ISO_NOT_ISO9660', { found: 'it has no primary volume' });
  return { primary, joliet, bootCatalogSector };
}

/** What people take for an ISO, by its first bytes. */
const lookalikes: readonly (readonly [string, string])[] = [
  ['1f8b', 'it is compressed by gzip'],
  ['fd377a585a00', 'it is compressed by xz'],
  ['28b52ffd', 'it is compressed by zstd'],
  ['425a68', 'it is compressed by bzip2'],
  ['504b0304', 'it is a ZIP archive'],
  ['377abcaf271c', 'it is a 7z archive'],
  ['514649fb', 'it is a QCOW2 disk'],
  ['68737173', 'it is a squashfs'],
  ['3c21', 'it is a web page'],
  ['3c68746d6c', 'it is a web page'],
];

async function notIso9660(source: ByteSource, identifier = ''): Promise<BootwrightError> {
  // ECMA-167 starts its own descriptors at the same place.
  if (identifier === 'BEA01') return new BootwrightError('ISO_NOT_ISO9660', { found: 'it has UDF alone' });
  const start = await readExtent(source, { offsetBytes: 0, sizeBytes: Math.min(8, source.sizeBytes) });
  const hex = Buffer.from(start).toString('hex');
  const known = lookalikes.find(([magic]) => hex.startsWith(magic))?.[1];
  const found = source.sizeBytes === 0 ? 'it is empty' : (known ?? 'it has no volume descriptor at byte 32768');
  return new BootwrightError('ISO_NOT_ISO9660', { found });
}
