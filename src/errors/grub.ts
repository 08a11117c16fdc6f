import { type ErrorRow, exit } from './row.ts';

export const grubErrors = {
  GRUB_CONFIG_MALFORMED: {
    exit: exit.image,
    problem: 'line {line} of the GRUB configuration: {reason}',
    remedy: 'Correct the configuration in the image; `grub-script-check` shows what GRUB itself thinks of it.',
  },
  GRUB_ARGUMENT_UNUSABLE: {
    exit: exit.usage,
    problem: 'the kernel argument {argument} holds a control character, which no kernel command line can carry',
    remedy: 'Leave line ends, tabs and other control characters out of kernel arguments and URLs.',
  },
  BLS_ENTRY_UNUSABLE: {
    exit: exit.image,
    problem: 'the boot loader entry {path}: {reason}',
    remedy: 'Correct the entry in the image; the Boot Loader Specification says what belongs in it.',
  },
  GRUB_LABEL_UNUSABLE: {
    exit: exit.usage,
    problem: 'the volume label {label} cannot stand on a kernel command line that GRUB writes',
    remedy: 'Give another one by --volume-label: letters, digits and any of ". _ + -", such as CDROM.',
  },
} as const satisfies Record<string, ErrorRow>;
