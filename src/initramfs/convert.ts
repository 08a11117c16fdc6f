import { BootwrightError } from '../errors.ts';
import type { ByteSource } from '../platform/files.ts';
import type { TreeChanges } from '../release/overlay-tree.ts';
import { findLiveFilesystem } from '../release/recognise.ts';
import { toBootstrap } from './bootstrap.ts';
import type { Conversion, ConvertOptions } from './conversion.ts';
import { fullOsSystem } from './cpio-read.ts';
import { maxCpioFileBytes } from './cpio-write.ts';
import { toFullOs } from './full-os.ts';
import { type FileTree, kernelsOf } from './kernels.ts';
import type { InitramfsKind } from './kind.ts';
import { takeSquashfs } from './squashfs.ts';
import { surveySystem, systemLimits } from './survey.ts';
import { refuseUki } from './uki.ts';

/**
 * Makes the other kind of initramfs for an image, or the same again with another setting for kdump: what has to be put
 * into the image and taken out of it. The bytes of `put` lie in the scratch folder.
 *
 * Throws INITRAMFS_NO_KERNEL, INITRAMFS_NO_SYSTEM, INITRAMFS_UKI, INITRAMFS_SELINUX, INITRAMFS_NO_INIT,
 * INITRAMFS_ROOT_UNSUPPORTED, INITRAMFS_ROOT_DAMAGED, INITRAMFS_NAME_UNSAFE, INITRAMFS_FILE_TOO_LARGE,
 * INITRAMFS_TOO_LARGE, INITRAMFS_NOT_WRITTEN, INITRAMFS_PROGRAM_MISSING, DRACUT_MISSING, KERNEL_MODULES_MISSING,
 * DRACUT_FAILED, SANDBOX_REFUSED, INITRD_* for the initrd of a full-os image, and the reason of the signal.
 */
export async function convert(tree: FileTree, to: InitramfsKind, options: ConvertOptions): Promise<TreeChanges> {
  const kernels = kernelsOf(tree);
  await refuseUki(tree, kernels);
  if (kernels.length === 0) throw new BootwrightError('INITRAMFS_NO_KERNEL', {});
  const { path, system, squashfs } = await findSystem(tree, options);
  const survey = await surveySystem(system, path, to === 'full-os' ? maxCpioFileBytes : Infinity);
  if (squashfs !== undefined && survey.landmarks.has('squashedImage')) {
    const found = 'a squashfs with an image of a disk in it';
    throw new BootwrightError('INITRAMFS_ROOT_UNSUPPORTED', { path, found });
  }
  const conversion = { ...options, tree, kernels, path, system, squashfs, survey };
  return to === 'full-os' ? toFullOs(conversion) : toBootstrap(conversion);
}

async function findSystem(
  tree: FileTree,
  { scratch, signal }: ConvertOptions,
): Promise<Pick<Conversion, 'path' | 'system' | 'squashfs'>> {
  const live = findLiveFilesystem(tree);
  if (live !== undefined) {
    const source: ByteSource = tree.open(live);
    const squashfs = await takeSquashfs(source, live.path, { scratch, signal }).finally(() => source.close());
    return { path: live.path, system: squashfs, squashfs };
  }
  const initrd = tree.find('boot/initrd.img');
  if (initrd?.kind !== 'file') throw new BootwrightError('INITRAMFS_NO_SYSTEM', {});
  const system = fullOsSystem(() => tree.open(initrd), initrd.path, systemLimits.bytes);
  return { path: initrd.path, system, squashfs: undefined };
}
