import { type ErrorRow, exit } from './row.ts';

/** What is found out about an image before it is built, or by "bootwright inspect". */
export const preflightErrors = {
  SIGNATURE_INVALID: {
    exit: exit.image,
    problem: 'the signature does not hold: {reason}',
    remedy: 'Take the file from its publisher again, whole.',
  },
  LOADER_SIGNATURE_BROKEN: {
    exit: exit.image,
    problem: 'the signature of {path} does not hold: {reason}',
    remedy: 'Take the file from the packages of its distribution again; a machine with Secure Boot refuses this one.',
  },
} as const satisfies Record<string, ErrorRow>;
