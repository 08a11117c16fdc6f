/** Debian packages that the machine which makes the image must have. */
export const imagePackages = [
  // debootstrap takes the first alternative of a dependency, so it wants initramfs-tools, which dracut conflicts with; and
  // it has no hooks that run inside mounts that go away again by themselves.
  'mmdebstrap',
  'squashfs-tools',
  'xorriso',
  'mtools',
  'dosfstools',
] as const;

/** Debian packages that boot the image: a UEFI machine, and a network of its own. */
export const machinePackages = ['qemu-system-x86', 'ovmf', 'iproute2'] as const;

/** Debian packages inside the image: dracut fetches it from the network or checks it on a disc, systemd runs it. */
export const insidePackages = [
  'linux-image-cloud-amd64',
  'dracut',
  'dracut-live',
  'dracut-network',
  'isc-dhcp-client',
  'iputils-arping',
  'curl',
  'isomd5sum',
  'zstd',
  'procps',
  'iproute2',
  'kmod',
  'udev',
  'systemd-sysv',
] as const;

/** Debian packages of which only files are taken: loaders, and what makes a GRUB. None of them is installed. */
export const loaderPackages = ['shim-signed', 'grub-efi-amd64-signed', 'grub-efi-amd64-bin', 'grub-common'] as const;

/** What `imagePackages` and `machinePackages` bring, to tell by whether they are there. */
export const imagePrograms = ['mmdebstrap', 'mksquashfs', 'xorriso', 'mcopy', 'mkfs.vfat'] as const;
export const machinePrograms = ['qemu-system-x86_64', 'ip'] as const;
