import { BootwrightError } from '../errors.ts';
import { Reader } from '../wire/reader.ts';
import { decodeModuleName } from './elf.ts';
import { decodeText } from './text.ts';

/** What grub-mkimage put into an image of GRUB 2. */
export interface GrubImage {
  /** Names of the modules that are built in, such as `http`; more may come from the memory disk or the prefix. */
  readonly modules: readonly string[];
  /** Where it looks for grub.cfg and modules, such as `/boot/grub2`; empty where it takes its own folder. */
  readonly prefix?: string;
  /** A configuration that is built in and runs first. */
  readonly config?: string;
  /** It carries a memory disk, as grub-mkstandalone makes it. */
  readonly hasMemoryDisk: boolean;
}

/** `mimg`, at the start of the `mods` section. GRUB: include/grub/kernel.h */
const magic = 0x676d696d;
const kinds = { elf: 0, memoryDisk: 1, config: 2, prefix: 3 } as const;
/** A type and a size, which counts these two, too. */
const objectHeaderBytes = 8;
/** GRUB has some three hundred modules. */
const maxObjects = 2000;

/** Where the first object is and where the last one ends; 64-bit images have wider numbers, and align to them. */
function decodeInfo(bytes: Uint8Array): { offset: number; size: number; alignment: number } {
  const reader = new Reader(bytes).skip(4);
  const second = reader.u32LE();
  // The 64-bit header has padding where the other one has its offset, which is never 0.
  if (second !== 0) return { offset: second, size: reader.u32LE(), alignment: 4 };
  return { offset: Number(reader.u64LE()), size: Number(reader.u64LE()), alignment: 8 };
}

/** Decodes the `mods` section; `undefined` where it is not GRUB's. Throws LOADER_DAMAGED or WIRE_TRUNCATED. */
export function decodeGrub(section: Uint8Array): GrubImage | undefined {
  if (section.byteLength < 4 || new Reader(section).u32LE() !== magic) return undefined;
  const { offset, size, alignment } = decodeInfo(section);
  const objects = new Reader(new Reader(section).take(size)).seek(offset);
  const modules: string[] = [];
  let prefix: string | undefined;
  let config: string | undefined;
  let hasMemoryDisk = false;
  for (let count = 0; objects.remaining >= objectHeaderBytes; count++) {
    const start = objects.offset;
    const kind = objects.u32LE();
    const objectBytes = objects.u32LE();
    if (objectBytes < objectHeaderBytes || count === maxObjects) {
      throw new BootwrightError('LOADER_DAMAGED', { what: `object ${count} of GRUB has ${objectBytes} bytes` });
    }
    const content = objects.take(objectBytes - objectHeaderBytes);
    if (kind === kinds.elf) modules.push(decodeModuleName(content) ?? '(unnamed)');
    if (kind === kinds.prefix) prefix ??= decodeZeroEnded(content);
    if (kind === kinds.config) config ??= decodeZeroEnded(content);
    if (kind === kinds.memoryDisk) hasMemoryDisk = true;
    const next = Math.ceil((start + objectBytes) / alignment) * alignment;
    objects.seek(Math.min(next, objects.bytes.byteLength));
  }
  return { modules, hasMemoryDisk, ...(prefix !== undefined && { prefix }), ...(config !== undefined && { config }) };
}

function decodeZeroEnded(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decodeText(end < 0 ? bytes : bytes.subarray(0, end));
}
