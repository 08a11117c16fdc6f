import { type ErrorRow, exit } from './row.ts';

export const imageErrors = {
  FILE_NOT_FOUND: {
    exit: exit.usage,
    problem: 'there is no file {path}',
    remedy: 'Check the path.',
  },
  FILE_UNREADABLE: {
    exit: exit.environment,
    problem: '{path} cannot be read: {reason}',
    remedy: 'Give this user the right to read it, or name a regular file.',
  },
  IMAGE_NOT_A_FILE: {
    exit: exit.image,
    problem: '{path} in the image is a {kind}, not a file',
    remedy: 'Name a file in the image.',
  },
  ISO_NOT_ISO9660: {
    exit: exit.image,
    problem: 'this is not an ISO9660 image: {found}',
    remedy: 'Give a LiveOS ISO, unpacked where it came compressed.',
  },
  ISO_TRUNCATED: {
    exit: exit.image,
    problem: 'the image is cut off: it needs {neededBytes} bytes and has {sizeBytes}',
    remedy: 'Download or copy the image again, and compare its checksum with the published one.',
  },
  ISO_DAMAGED: {
    exit: exit.image,
    problem: 'the image is damaged: {what} (at byte {offsetBytes})',
    remedy: 'Download or copy the image again, and compare its checksum with the published one.',
  },
  ISO_NAME_UNSAFE: {
    exit: exit.image,
    problem: 'the image names a file {name} in /{directory}, which no file can be called',
    remedy: 'Do not trust this image: get it from its publisher again.',
  },
  ISO_TREE_TOO_LARGE: {
    exit: exit.image,
    problem: 'the file tree of the image is larger than Bootwright reads: more than {limit} {what}',
    remedy: 'Do not trust this image: no live system has such a tree.',
  },
  ISO_UNSUPPORTED: {
    exit: exit.image,
    problem: '{path} in the image is stored in a way that Bootwright does not read: {what}',
    remedy: 'Make the image again without that, for example with xorriso -as mkisofs -R -J.',
  },
  INITRD_NOT_CPIO: {
    exit: exit.image,
    problem: 'this is no initrd: {found}',
    remedy: 'Name the initrd or initramfs of the image, made of cpio archives (newc).',
  },
  INITRD_COMPRESSION_UNKNOWN: {
    exit: exit.image,
    problem: 'the initrd is compressed by {compression}, which Bootwright does not read',
    remedy: 'Make the initrd again with gzip, zstd, xz or lz4, for example dracut --zstd.',
  },
  INITRD_DAMAGED: {
    exit: exit.image,
    problem: 'the initrd is damaged: {what} (at byte {offsetBytes})',
    remedy: 'Make or download the image again, and compare its checksum with the published one.',
  },
  INITRD_TOO_LARGE: {
    exit: exit.image,
    problem: 'the initrd holds more than {limit} {what}',
    remedy: 'Do not trust this image, or allow more: no machine would have the memory to unpack it.',
  },
  LOADER_NOT_PE: {
    exit: exit.image,
    problem: 'this is no EFI program: {found}',
    remedy: 'Name a boot loader for UEFI, such as bootx64.efi or grubx64.efi.',
  },
  LOADER_DAMAGED: {
    exit: exit.image,
    problem: 'the EFI program is damaged: {what}',
    remedy: 'Download or copy the image again, and compare its checksum with the published one.',
  },
  FAT_NOT_FAT: {
    exit: exit.image,
    problem: 'this is no FAT file system: {found}',
    remedy: 'Make the EFI boot image again, for example with mkfs.vfat and mcopy.',
  },
  FAT_DAMAGED: {
    exit: exit.image,
    problem: 'the FAT file system is damaged: {what} (at byte {offsetBytes})',
    remedy: 'Download or copy the image again, and compare its checksum with the published one.',
  },
} as const satisfies Record<string, ErrorRow>;
