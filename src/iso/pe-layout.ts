import { BootwrightError, hasCode } from '../errors.ts';
import { Reader } from '../wire/reader.ts';
import { decodeText } from './text.ts';

const machines = {
  332: 'ia32',
  450: 'arm',
  20580: 'riscv64',
  25188: 'loongarch64',
  34404: 'x64',
  43620: 'arm64',
} as const;

const subsystems = { 10: 'efi-application', 11: 'efi-boot-driver', 12: 'efi-runtime-driver' } as const;

interface PeSection {
  readonly name: string;
  /** What is loaded of it, without the padding of the file. */
  readonly bytes: Uint8Array;
  /** Where it is in the file, with its padding. */
  readonly offset: number;
  readonly storedBytes: number;
}

/** Where everything is in an EFI program. */
export interface PeLayout {
  readonly machine: (typeof machines)[keyof typeof machines] | 'other';
  readonly subsystem: (typeof subsystems)[keyof typeof subsystems] | 'other';
  readonly sections: readonly PeSection[];
  /** `SizeOfHeaders`: bytes before the first section. */
  readonly headersBytes: number;
  /** The offset of the field `CheckSum`, four bytes. */
  readonly checksumOffset: number;
  /** The certificate table, with the offset of its eight bytes among the data directories; absent without a directory. */
  readonly certificates?: { readonly entryOffset: number; readonly offset: number; readonly sizeBytes: number };
}

const peSignature = 0x00004550;
const optionalHeaderMagic = { pe32: 0x10b, pe32Plus: 0x20b } as const;
const certificateDirectory = 4;
const sectionHeaderBytes = 40;
const symbolBytes = 18;
const maxNameBytes = 256;
/** The loader of Windows allows 96. */
const maxSections = 96;

/** Runs what reads an EFI program. Throws LOADER_DAMAGED where it would read past the end. */
export function readingPe<Result>(decode: () => Result): Result {
  try {
    return decode();
  } catch (error) {
    if (!hasCode(error, 'WIRE_TRUNCATED')) throw error;
    throw new BootwrightError('LOADER_DAMAGED', { what: error.message }, { cause: error });
  }
}

/** Reads the headers of an EFI program, given whole. Throws LOADER_NOT_PE or LOADER_DAMAGED. */
export function decodePe(bytes: Uint8Array): PeLayout {
  return readingPe(() => {
    if (bytes[0] !== 0x4d || bytes[1] !== 0x5a)
      throw notPe(bytes.byteLength === 0 ? 'it is empty' : 'no MZ at its start');
    const reader = new Reader(bytes);
    const headerOffset = reader.seek(0x3c).u32LE();
    if (reader.seek(headerOffset).u32LE() !== peSignature) throw notPe('no PE header');
    const machine = machines[reader.u16LE() as keyof typeof machines] ?? 'other';
    const sectionCount = reader.u16LE();
    const symbolsOffset = reader.skip(4).u32LE();
    const namesOffset = symbolsOffset === 0 ? 0 : symbolsOffset + reader.u32LE() * symbolBytes;
    const optionalHeaderBytes = reader.seek(headerOffset + 20).u16LE();
    const optionalOffset = reader.skip(2).offset;
    const optional = decodeOptionalHeader(reader.take(optionalHeaderBytes), optionalOffset);
    return { machine, ...optional, sections: decodeSections(reader, sectionCount, namesOffset) };
  });
}

function decodeOptionalHeader(bytes: Uint8Array, at: number): Omit<PeLayout, 'machine' | 'sections'> {
  const reader = new Reader(bytes);
  const magic = reader.u16LE();
  const isPlus = magic === optionalHeaderMagic.pe32Plus;
  if (!isPlus && magic !== optionalHeaderMagic.pe32) throw notPe(`an optional header of kind ${magic}`);
  const headersBytes = reader.seek(60).u32LE();
  const checksumOffset = at + reader.offset;
  const subsystem = subsystems[reader.skip(4).u16LE() as keyof typeof subsystems] ?? 'other';
  const directories = reader.seek(isPlus ? 108 : 92).u32LE();
  if (directories <= certificateDirectory) return { subsystem, headersBytes, checksumOffset };
  const entryOffset = at + reader.skip(certificateDirectory * 8).offset;
  const certificates = { entryOffset, offset: reader.u32LE(), sizeBytes: reader.u32LE() };
  return { subsystem, headersBytes, checksumOffset, certificates };
}

function decodeSections(reader: Reader, count: number, namesOffset: number): PeSection[] {
  if (count > maxSections) throw new BootwrightError('LOADER_DAMAGED', { what: `${count} sections` });
  const headers = Array.from({ length: count }, () => new Reader(reader.take(sectionHeaderBytes)));
  return headers.map((header) => {
    const name = decodeName(zeroEnded(header.take(8)), reader.bytes, namesOffset);
    const virtualBytes = header.u32LE();
    const storedBytes = header.skip(4).u32LE();
    const offset = header.u32LE();
    // What is stored is padded to the alignment of the file; the virtual size, where there is one, is the real one.
    const sizeBytes = virtualBytes === 0 ? storedBytes : Math.min(storedBytes, virtualBytes);
    const bytes = sizeBytes === 0 ? new Uint8Array(0) : reader.seek(offset).take(sizeBytes);
    return { name, bytes, offset, storedBytes };
  });
}

/** GNU's linker puts a name of more than eight bytes behind its symbols, and writes where: `/4`. */
function decodeName(name: string, bytes: Uint8Array, namesOffset: number): string {
  const [, place] = /^\/(\d{1,7})$/.exec(name) ?? [];
  const start = namesOffset + Number(place);
  return place === undefined || namesOffset === 0 || start >= bytes.byteLength
    ? name
    : zeroEnded(bytes.subarray(start, start + maxNameBytes));
}

function zeroEnded(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decodeText(end < 0 ? bytes : bytes.subarray(0, end));
}

function notPe(found: string): BootwrightError {
  return new BootwrightError('LOADER_NOT_PE', { found });
}
