import { BootwrightError, hasCode } from '../errors.ts';
import { Reader } from '../wire/reader.ts';
import { decodeGrub, type GrubImage } from './grub-image.ts';
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

/** One line of `.sbat`: what firmware revokes by. https://github.com/rhboot/shim/blob/main/SBAT.md */
interface SbatEntry {
  /** Such as `shim`, `grub`, `grub.debian`. */
  readonly component: string;
  readonly generation: number;
}

/** What a boot loader for UEFI is. */
export interface Loader {
  readonly machine: (typeof machines)[keyof typeof machines] | 'other';
  readonly subsystem: (typeof subsystems)[keyof typeof subsystems] | 'other';
  /** It carries a signature for Secure Boot; whose, and whether it is right, is not checked. */
  readonly isSigned: boolean;
  /** Absent where it is no image of GRUB 2. */
  readonly grub?: GrubImage;
  readonly sbat?: readonly SbatEntry[];
}

interface Section {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const peSignature = 0x00004550;
const optionalHeaderMagic = { pe32: 0x10b, pe32Plus: 0x20b } as const;
const certificateDirectory = 4;
const sectionHeaderBytes = 40;
/** The loader of Windows allows 96. */
const maxSections = 96;

/** Looks into an EFI program, given whole. Throws LOADER_NOT_PE or LOADER_DAMAGED. */
export function inspectLoader(bytes: Uint8Array): Loader {
  try {
    return decode(bytes);
  } catch (error) {
    if (!hasCode(error, 'WIRE_TRUNCATED')) throw error;
    throw new BootwrightError('LOADER_DAMAGED', { what: error.message }, { cause: error });
  }
}

function decode(bytes: Uint8Array): Loader {
  const reader = new Reader(bytes);
  if (bytes[0] !== 0x4d || bytes[1] !== 0x5a)
    throw notPe(bytes.byteLength === 0 ? 'it is empty' : 'no MZ at its start');
  const headerOffset = reader.seek(0x3c).u32LE();
  if (reader.seek(headerOffset).u32LE() !== peSignature) throw notPe('no PE header');
  const machine = machines[reader.u16LE() as keyof typeof machines] ?? 'other';
  const sectionCount = reader.u16LE();
  const optionalHeaderBytes = reader.skip(12).u16LE();
  const optionalHeader = reader.skip(2).take(optionalHeaderBytes);
  const sections = decodeSections(reader, sectionCount);
  const mods = sections.find(({ name }) => name === 'mods')?.bytes;
  const grub = mods === undefined ? undefined : decodeGrub(mods);
  const sbat = sections.find(({ name }) => name === '.sbat')?.bytes;
  return {
    machine,
    ...decodeOptionalHeader(optionalHeader),
    ...(grub !== undefined && { grub }),
    ...(sbat !== undefined && { sbat: decodeSbat(sbat) }),
  };
}

function decodeOptionalHeader(bytes: Uint8Array): Pick<Loader, 'subsystem' | 'isSigned'> {
  const reader = new Reader(bytes);
  const magic = reader.u16LE();
  const isPlus = magic === optionalHeaderMagic.pe32Plus;
  if (!isPlus && magic !== optionalHeaderMagic.pe32) throw notPe(`an optional header of kind ${magic}`);
  const subsystem = subsystems[reader.seek(68).u16LE() as keyof typeof subsystems] ?? 'other';
  const directories = reader.seek(isPlus ? 108 : 92).u32LE();
  const isSigned = directories > certificateDirectory && reader.skip(certificateDirectory * 8 + 4).u32LE() > 0;
  return { subsystem, isSigned };
}

function decodeSections(reader: Reader, count: number): Section[] {
  if (count > maxSections) throw new BootwrightError('LOADER_DAMAGED', { what: `${count} sections` });
  const headers = Array.from({ length: count }, () => new Reader(reader.take(sectionHeaderBytes)));
  return headers.map((header) => {
    const name = decodeText(header.take(8)).replace(/\0.*$/s, '');
    const virtualBytes = header.u32LE();
    const storedBytes = header.skip(4).u32LE();
    const offset = header.u32LE();
    // What is stored is padded to the alignment of the file; the virtual size, where there is one, is the real one.
    const sizeBytes = virtualBytes === 0 ? storedBytes : Math.min(storedBytes, virtualBytes);
    return { name, bytes: sizeBytes === 0 ? new Uint8Array(0) : reader.seek(offset).take(sizeBytes) };
  });
}

function decodeSbat(bytes: Uint8Array): SbatEntry[] {
  const lines = decodeText(bytes).replace(/\0.*$/s, '').split('\n');
  return lines.flatMap((line) => {
    const [component, generation] = line.split(',');
    return component && generation ? [{ component, generation: Number.parseInt(generation, 10) || 0 }] : [];
  });
}

function notPe(found: string): BootwrightError {
  return new BootwrightError('LOADER_NOT_PE', { found });
}
