import { BootwrightError, hasCode } from '../errors.ts';
import { Reader } from '../wire/reader.ts';
import type { FileTree, Kernel } from './kernels.ts';

/** Where distributions put them. https://uapi-group.org/specifications/specs/unified_kernel_image/ */
const ukiPath = /^efi\/linux\/[^/]+\.efi$/i;
/** Headers of an EFI program lie at its start. */
const headBytes = 4096;
const sectionHeaderBytes = 40;

/**
 * Refuses unified kernel images (UKI): EFI programs that hold a kernel, its arguments and its initramfs, and that may be
 * signed as a whole. Throws INITRAMFS_UKI.
 */
export async function refuseUki(tree: FileTree, kernels: readonly Kernel[]): Promise<void> {
  const entry = tree.entries.find(({ path }) => ukiPath.test(path));
  if (entry !== undefined) throw new BootwrightError('INITRAMFS_UKI', { path: entry.path });
  for (const kernel of kernels) {
    const source = tree.open(kernel.entry);
    const head = new Uint8Array(Math.min(headBytes, source.sizeBytes));
    const count = await source.read(head, 0).finally(() => source.close());
    if (hasLinuxSection(head.subarray(0, count))) {
      throw new BootwrightError('INITRAMFS_UKI', { path: kernel.entry.path });
    }
  }
}

/** True for an EFI program with a section `.linux`. A kernel is an EFI program too, without one. */
function hasLinuxSection(head: Uint8Array): boolean {
  try {
    const reader = new Reader(head);
    if (reader.u16() !== 0x4d5a) return false;
    reader.seek(reader.seek(0x3c).u32LE());
    if (reader.u32() !== 0x50450000) return false;
    const sections = reader.skip(2).u16LE();
    const optionalHeaderBytes = reader.skip(12).u16LE();
    reader.skip(2 + optionalHeaderBytes);
    for (let index = 0; index < sections; index++) {
      const name = Buffer.from(reader.take(sectionHeaderBytes)).toString('latin1', 0, 8);
      if (name.startsWith('.linux')) return true;
    }
    return false;
  } catch (error) {
    // Cut off, or none: whether it boots is not asked here.
    if (hasCode(error, 'WIRE_TRUNCATED')) return false;
    throw error;
  }
}
