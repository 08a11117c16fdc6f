import { rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { insidePackages, loaderPackages } from './packages.ts';

/** What `finish-tree` leaves in the tree. */
const made = ['vmlinuz', 'initrd.img', 'shim-signed.efi', 'grub-signed.efi', 'grub.efi', 'grub-vendor.efi'] as const;
export type Part = (typeof made)[number] | 'rootfs.img' | 'initrd-full-os.img';

/** All times in the image, in seconds since 1970: it does not depend on when it was made. 2025-01-01. */
export const imageTime = 1735689600;

/** The kernel modules that the machines of the tests need; the other three thousand would only make it larger. */
const kernelModules = [
  'drivers/block/loop.ko',
  'drivers/block/virtio_blk.ko',
  'drivers/cdrom/*',
  'drivers/char/hw_random/*',
  'drivers/net/net_failover.ko',
  'drivers/net/virtio_net.ko',
  'drivers/scsi/scsi_common.ko',
  'drivers/scsi/scsi_mod.ko',
  'drivers/scsi/sr_mod.ko',
  'drivers/scsi/virtio_scsi.ko',
  'drivers/virtio/*',
  'fs/efivarfs/*',
  'fs/isofs/*',
  'fs/overlayfs/*',
  'fs/squashfs/*',
  'lib/*',
  'net/core/*',
  'net/packet/*',
];

const unpackedRules = [
  'path-exclude=/usr/share/doc/*',
  'path-exclude=/usr/share/info/*',
  'path-exclude=/usr/share/locale/*',
  'path-exclude=/usr/share/man/*',
  'path-exclude=/lib/modules/*/kernel/*',
  ...kernelModules.map((module) => `path-include=/lib/modules/*/kernel/${module}`),
];

/** What the packages bring and the running system has no use for. dracut stays: an initrd can be made of the system. */
const notInTheSystem = [
  'boot',
  'made',
  'usr/lib/udev/hwdb.d',
  'usr/lib/x86_64-linux-gnu/perl',
  'usr/lib/x86_64-linux-gnu/perl-base',
  'usr/share/perl',
  'usr/share/zoneinfo',
  'var/cache',
  'var/lib/apt',
  'var/lib/dpkg',
];

/** Makes a minimal Debian 12, and leaves every `Part` in `folder`, which must be empty. */
export async function makeTree(folder: string, mirror: string | undefined): Promise<void> {
  const tree = join(folder, 'tree');
  await execa(
    'unshare',
    [
      // What it mounts and starts goes when it goes, however it goes.
      ...['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'mmdebstrap'],
      '--mode=root',
      '--variant=essential',
      `--include=${insidePackages.join(',')}`,
      '--aptopt=Apt::Install-Recommends "false"',
      '--dpkgopt=force-unsafe-io',
      ...unpackedRules.map((rule) => `--dpkgopt=${rule}`),
      `--customize-hook=${join(import.meta.dirname, 'finish-tree')}`,
      'bookworm',
      tree,
      ...(mirror === undefined ? [] : [mirror]),
    ],
    {
      // unshare ignores any other signal.
      killSignal: 'SIGKILL',
      env: {
        SOURCE_DATE_EPOCH: String(imageTime),
        LOADER_PACKAGES: loaderPackages.join(' '),
        // finish-tree makes the one initrd that is wanted: no package shall make another before it.
        INITRD: 'No',
      },
    },
  );
  await execa(
    'mksquashfs',
    [
      ...[tree, join(folder, 'rootfs.img'), '-quiet', '-no-progress', '-no-xattrs'],
      ...['-comp', 'zstd', '-Xcompression-level', '9', '-e', ...notInTheSystem],
    ],
    { env: { SOURCE_DATE_EPOCH: String(imageTime) } },
  );
  for (const part of made) await rename(join(tree, 'made', part), join(folder, part));
  await makeFullOs(tree, join(folder, 'initrd-full-os.img'));
  await rm(tree, { recursive: true });
}

/** The same system once more, as an initrd that is all there is. */
async function makeFullOs(tree: string, output: string): Promise<void> {
  for (const path of notInTheSystem) await rm(join(tree, path), { recursive: true, force: true });
  await symlink('usr/lib/systemd/systemd', join(tree, 'init'));
  const pack = 'find . | LC_ALL=C sort | cpio --quiet --create --format newc --reproducible | zstd --quiet -T0 -9';
  const touch = `find . -exec touch --no-dereference --date @${imageTime} {} +`;
  await execa('chroot', [tree, 'sh', '-c', `cd / && ${touch} && ${pack}`], { stdout: { file: output } });
}
