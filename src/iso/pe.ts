import { decodeGrub, type GrubImage } from './grub-image.ts';
import { decodePe, type PeLayout, readingPe } from './pe-layout.ts';
import { decodeText } from './text.ts';

/** One line of `.sbat`: what firmware revokes by. https://github.com/rhboot/shim/blob/main/SBAT.md */
export interface SbatEntry {
  /** Such as `shim`, `grub`, `grub.debian`. */
  readonly component: string;
  readonly generation: number;
  /** Who made it; empty where the line doesn't say, as the next two. */
  readonly vendor: string;
  readonly package: string;
  readonly version: string;
}

/** What a boot loader for UEFI is. */
export interface Loader extends Pick<PeLayout, 'machine' | 'subsystem'> {
  /** It carries a signature for Secure Boot; whose, and whether it is right, is not checked. */
  readonly isSigned: boolean;
  /** Absent where it is no image of GRUB 2. */
  readonly grub?: GrubImage;
  readonly sbat?: readonly SbatEntry[];
}

/** Looks into an EFI program, given whole. Throws LOADER_NOT_PE or LOADER_DAMAGED. */
export function inspectLoader(bytes: Uint8Array): Loader {
  const { machine, subsystem, certificates, sections } = decodePe(bytes);
  const mods = sections.find(({ name }) => name === 'mods')?.bytes;
  const grub = mods === undefined ? undefined : readingPe(() => decodeGrub(mods));
  const sbat = sections.find(({ name }) => name === '.sbat')?.bytes;
  return {
    machine,
    subsystem,
    isSigned: (certificates?.sizeBytes ?? 0) > 0,
    ...(grub !== undefined && { grub }),
    ...(sbat !== undefined && { sbat: decodeSbat(sbat) }),
  };
}

/** A handful of lines is usual. */
const maxSbatLines = 1000;

function decodeSbat(bytes: Uint8Array): SbatEntry[] {
  const lines = decodeText(bytes).replace(/\0.*$/s, '').split('\n', maxSbatLines);
  return lines.flatMap((line) => {
    const [component, generation, vendor = '', name = '', version = ''] = line.trim().split(',', 6);
    if (!component || !generation) return [];
    return [{ component, generation: Number.parseInt(generation, 10) || 0, vendor, package: name, version }];
  });
}
