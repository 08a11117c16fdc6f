import { type ErrorRow, exit } from './row.ts';

export const initramfsErrors = {
  INITRAMFS_PROGRAM_MISSING: {
    exit: exit.environment,
    problem: 'the program {program} is not installed here; without it the initramfs of an image cannot be converted',
    remedy: 'Install it, on Debian and Ubuntu: apt install {package}.',
  },
  INITRAMFS_UKI: {
    exit: exit.image,
    problem: 'converting UKI images to LiveOS ISO is not supported: {path} holds kernel and initramfs in one',
    remedy:
      'Give an image whose kernel and initramfs are files of their own, or leave the kind of its initramfs as it is.',
  },
  INITRAMFS_SELINUX: {
    exit: exit.image,
    problem: 'selinux is not supported for full OS initramfs image: {reason}',
    remedy:
      'Set the type of the initramfs to bootstrap, or disable SELinux in the image: an initramfs keeps no labels.',
  },
  INITRAMFS_NO_KERNEL: {
    exit: exit.image,
    problem: 'the image has no kernel boot/vmlinuz or boot/vmlinuz-<version>, for which an initramfs could be made',
    remedy: 'Give a LiveOS image of that layout, or leave the kind of its initramfs as it is.',
  },
  INITRAMFS_NO_SYSTEM: {
    exit: exit.image,
    problem: 'the image has neither liveos/rootfs.img nor boot/initrd.img: there is no system to convert',
    remedy: 'Give a LiveOS image of that layout, or leave the kind of its initramfs as it is.',
  },
  INITRAMFS_NO_INIT: {
    exit: exit.image,
    problem: 'the system in {path} has neither /init nor systemd nor /sbin/init, so no kernel could start it',
    remedy: 'Check that this is a whole system.',
  },
  INITRAMFS_ROOT_UNSUPPORTED: {
    exit: exit.image,
    problem: '{path} is {found}; only a squashfs with the system itself in it is converted',
    remedy: 'Pack the system with mksquashfs into liveos/rootfs.img, or leave the kind of its initramfs as it is.',
  },
  INITRAMFS_ROOT_DAMAGED: {
    exit: exit.image,
    problem: '{path} cannot be unpacked: {reason}',
    remedy: 'Make or download the image again, and compare its checksum with the published one.',
  },
  INITRAMFS_NAME_UNSAFE: {
    exit: exit.image,
    problem: 'the system in {path} has a file {name}, which no file can be called',
    remedy: 'Do not trust this image: get it from its publisher again.',
  },
  INITRAMFS_FILE_TOO_LARGE: {
    exit: exit.image,
    problem: '{path} in the system has {sizeBytes} bytes, and a file of an initramfs less than 4294967296',
    remedy: 'Set the type of the initramfs to bootstrap, or take the file out of the system.',
  },
  INITRAMFS_TOO_LARGE: {
    exit: exit.image,
    problem: 'the system in {path} holds more than {limit} {what}',
    remedy: 'Do not trust this image: no live system is that large.',
  },
  INITRAMFS_NOT_WRITTEN: {
    exit: exit.output,
    problem: '{program} could not pack the system into {path}: {reason}',
    remedy: 'See that there is room on the file system of the output.',
  },
  DRACUT_MISSING: {
    exit: exit.image,
    problem: 'the system in {path} has no {missing}, without which no bootstrap initramfs can be made from it',
    remedy: 'Install {package} in the image, or leave the type of the initramfs full-os.',
  },
  KERNEL_MODULES_MISSING: {
    exit: exit.image,
    problem: 'the system in {path} has no modules for the kernel {kernel} (it has: {known})',
    remedy: 'Install the package of that kernel in the image, or take the kernel out of /boot.',
  },
  SANDBOX_REFUSED: {
    exit: exit.environment,
    problem: 'programs of the image cannot be shut in here: {reason}',
    remedy:
      'Allow user namespaces (sysctl user.max_user_namespaces), or build on a machine that has them: in most containers bubblewrap may not make any.',
  },
  DRACUT_FAILED: {
    exit: exit.image,
    problem: "the image's dracut made no initramfs for the kernel {version}: {reason}",
    remedy: 'Mend dracut and its configuration in the image: chroot into it, and run the same.',
  },
} as const satisfies Record<string, ErrorRow>;
