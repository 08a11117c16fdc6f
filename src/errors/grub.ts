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
} as const satisfies Record<string, ErrorRow>;
