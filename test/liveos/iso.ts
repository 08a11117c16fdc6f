import { cp, link, mkdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';
import { type Flavour, type Layout, layouts } from './flavours.ts';
import { imageTime } from './tree.ts';

const env = { SOURCE_DATE_EPOCH: String(imageTime) };
const efiImage = 'boot/grub2/efiboot.img';

/**
 * Makes the ISO of one flavour from the `parts` in `partsFolder`. UEFI boots it from a disc (El Torito) and from a
 * stick (a GPT partition over the same EFI file system). Its kernel is told `no_timer_check`, since one that is emulated
 * on a busy machine may find its timer dead, and panic.
 *
 * @param output a file that is written over
 */
export async function makeIso(partsFolder: string, flavour: Flavour, output: string): Promise<void> {
  const { configs, loaders, files }: Layout = layouts[flavour];
  const staging = `${output}.staging`;
  await rm(staging, { recursive: true, force: true });
  for (const folder of ['common', configs]) {
    await cp(join(import.meta.dirname, 'iso', folder), staging, { recursive: true, verbatimSymlinks: true });
  }
  for (const [path, part] of Object.entries({ ...loaders, ...files })) {
    await mkdir(dirname(join(staging, path)), { recursive: true });
    await link(join(partsFolder, part), join(staging, path));
  }
  await makeEfiImage(staging, Object.keys(loaders));
  await execa(
    'xorriso',
    [
      ...['-as', 'mkisofs', '-quiet', '-volid', 'CDROM', '-rational-rock', '-joliet', '-iso-level', '3'],
      `--set_all_file_dates`,
      `=${imageTime}`,
      ...['-e', efiImage, '-no-emul-boot', '-efi-boot-part', '--efi-boot-image', '--protective-msdos-label'],
      ...['-output', output, staging],
    ],
    { env },
  );
  await rm(staging, { recursive: true });
}

/** The FAT file system from which UEFI starts a disc or a stick, with shim and GRUB side by side. */
async function makeEfiImage(staging: string, loaders: readonly string[]): Promise<void> {
  const image = join(staging, efiImage);
  await execa('mkfs.vfat', ['-C', '-i', 'b007b007', image, String(8 * 1024)], { env });
  await execa('mmd', ['-i', image, '::/efi', '::/efi/boot'], { env });
  for (const path of loaders) {
    await execa('mcopy', ['-i', image, join(staging, path), `::/efi/boot/${basename(path).toLowerCase()}`], { env });
  }
  await execa('mcopy', ['-i', image, '-s', join(import.meta.dirname, 'efi-image/boot'), '::/'], { env });
}
