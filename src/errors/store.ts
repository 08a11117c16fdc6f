import { type ErrorRow, exit } from './row.ts';

export const storeErrors = {
  STORE_UNREADABLE: {
    exit: exit.environment,
    problem: 'the state in {path} cannot be opened: {reason}',
    remedy: 'Check the permissions of the file; a newer Bootwright may have written it.',
  },
} as const satisfies Record<string, ErrorRow>;
