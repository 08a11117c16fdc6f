import { type ErrorRow, exit } from './row.ts';

export const loaderErrors = {
  LOADER_NOT_MADE: {
    exit: exit.environment,
    problem: 'the loader {file} cannot be made: {reason}',
    remedy: 'Install what is missing, or put a loader of that name into the folder loaders/ of the root.',
  },
} as const satisfies Record<string, ErrorRow>;
