import { cp, link, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { imageTime } from './tree.ts';

/**
 * `signed`: shim and GRUB as Debian signed them, for Secure Boot; this GRUB knows TFTP and no HTTP.
 * `http`: the same, but a GRUB that nobody signed and that knows HTTP.
 */
export const flavours = ['signed', 'http'] as const;
export type Flavour = (typeof flavours)[number];

/** Where each part of the tree lies on the image: the layout of Azure Linux's image customizer. */
function layout(flavour: Flavour): Readonly<Record<string, string>> {
  return {
    'efi/boot/bootx64.efi': 'shim-signed.efi',
    'efi/boot/grubx64.efi': `grub-${flavour}.efi`,
    'boot/vmlinuz': 'vmlinuz',
    'boot/initrd.img': 'initrd.img',
    'liveos/rootfs.img': 'rootfs.img',
  };
}

/**
 * Makes the ISO of one flavour from the `parts` in `partsFolder`.
 *
 * @param output a file that is written over
 */
export async function makeIso(partsFolder: string, flavour: Flavour, output: string): Promise<void> {
  const staging = `${output}.staging`;
  await rm(staging, { recursive: true, force: true });
  await cp(join(import.meta.dirname, 'iso'), staging, { recursive: true, verbatimSymlinks: true });
  for (const [path, part] of Object.entries(layout(flavour))) {
    await mkdir(dirname(join(staging, path)), { recursive: true });
    await link(join(partsFolder, part), join(staging, path));
  }
  await makeEfiImage(staging);
  await execa(
    'xorriso',
    [
      ...['-as', 'mkisofs', '-quiet', '-volid', 'CDROM', '-rational-rock', '-joliet', '-iso-level', '3'],
      `--set_all_file_dates`,
      `=${imageTime}`,
      ...['-e', 'boot/grub2/efiboot.img', '-no-emul-boot', '-output', output, staging],
    ],
    { env: { SOURCE_DATE_EPOCH: String(imageTime) } },
  );
  await rm(staging, { recursive: true });
}

/** The FAT file system from which UEFI starts a disc (El Torito), with the same loaders as `efi/boot`. */
async function makeEfiImage(staging: string): Promise<void> {
  const image = join(staging, 'boot/grub2/efiboot.img');
  const env = { SOURCE_DATE_EPOCH: String(imageTime) };
  await execa('mkfs.vfat', ['-C', '-i', 'b007b007', image, String(8 * 1024)], { env });
  await execa('mmd', ['-i', image, '::/efi', '::/efi/boot'], { env });
  const loaders = ['bootx64.efi', 'grubx64.efi'].map((name) => join(staging, 'efi/boot', name));
  await execa('mcopy', ['-i', image, ...loaders, '::/efi/boot/'], { env });
}
