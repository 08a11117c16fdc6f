import { Reader } from '../wire/reader.ts';
import { decodeText } from './text.ts';

const magic = 0x464c457f;
const wide = 2;

interface SectionTable {
  readonly offset: number;
  readonly entryBytes: number;
  readonly count: number;
  /** The section that holds the names of all. */
  readonly names: number;
}

interface Section {
  readonly nameOffset: number;
  readonly offset: number;
  readonly size: number;
}

function decodeTable(reader: Reader, isWide: boolean): SectionTable {
  const offset = isWide ? Number(reader.seek(40).u64LE()) : reader.seek(32).u32LE();
  reader.seek(isWide ? 58 : 46);
  return { offset, entryBytes: reader.u16LE(), count: reader.u16LE(), names: reader.u16LE() };
}

function decodeSection(reader: Reader, table: SectionTable, index: number, isWide: boolean): Section {
  const nameOffset = reader.seek(table.offset + index * table.entryBytes).u32LE();
  if (!isWide) return { nameOffset, offset: reader.skip(12).u32LE(), size: reader.u32LE() };
  return { nameOffset, offset: Number(reader.skip(20).u64LE()), size: Number(reader.u64LE()) };
}

/**
 * The name of a GRUB module: what its section `.modname` holds. `undefined` where there is none.
 * Little-endian ELF of 32 or 64 bits. Throws WIRE_TRUNCATED where it points outside itself.
 */
export function decodeModuleName(bytes: Uint8Array): string | undefined {
  const reader = new Reader(bytes);
  if (reader.u32LE() !== magic) return undefined;
  const isWide = reader.u8() === wide;
  const table = decodeTable(reader, isWide);
  if (table.entryBytes < (isWide ? 64 : 40)) return undefined;
  const names = decodeSection(reader, table, table.names, isWide);
  const wanted = '.modname\0';
  for (let index = 0; index < table.count; index++) {
    const section = decodeSection(reader, table, index, isWide);
    const nameOffset = names.offset + section.nameOffset;
    if (section.nameOffset + wanted.length > names.size) continue;
    if (decodeText(reader.seek(nameOffset).take(wanted.length)) !== wanted) continue;
    return decodeText(reader.seek(section.offset).take(section.size)).replace(/\0.*$/s, '');
  }
  return undefined;
}
