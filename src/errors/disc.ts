import { type ErrorRow, exit } from './row.ts';

export const discErrors = {
  XORRISO_MISSING: {
    exit: exit.environment,
    problem: 'xorriso, which writes ISOs, is not installed here',
    remedy:
      'Install it (apt install xorriso). Without it, machines can be given an ISO as it is, with no file added or changed.',
  },
  DISC_LABEL_INVALID: {
    exit: exit.usage,
    problem: 'no disc can have the volume label "{label}": {reason}',
    remedy: 'Give one by --volume-label: 1 to 32 letters, digits and any of ". _ + -", such as CDROM.',
  },
  DISC_PATH_INVALID: {
    exit: exit.usage,
    problem: 'nothing can be put at {path} on the disc: {reason}',
    remedy: 'Choose another path.',
  },
  DISC_NO_LOADER: {
    exit: exit.image,
    problem: 'no machine could boot a disc of these files: there is no {names} in {folders}',
    remedy: 'Put shim (or another UEFI loader) and GRUB into EFI/BOOT, as an ISO for UEFI machines has them.',
  },
  DISC_LOADERS_TOO_LARGE: {
    exit: exit.image,
    problem: 'the UEFI loaders of the disc have {sizeBytes} bytes, more than the {limitBytes} of an EFI boot image',
    remedy: 'Leave only what boots the machine in EFI/BOOT.',
  },
  DISC_NOT_READ: {
    exit: exit.image,
    problem: 'xorriso could not read the image: {reason}',
    remedy: 'Look at the reason; a damaged image is told by "xorriso -indev FILE -check_media --".',
  },
  DISC_NOT_WRITTEN: {
    exit: exit.output,
    problem: 'xorriso could not write the ISO: {reason}',
    remedy: 'Look at the reason; a damaged image is told by "xorriso -indev FILE -check_media --".',
  },
  DISC_NOT_AS_MEANT: {
    exit: exit.image,
    problem: 'xorriso wrote another ISO than was meant: {what}',
    remedy: 'This image cannot be changed without loss: choose another output format, and keep it as it is.',
  },
} as const satisfies Record<string, ErrorRow>;
