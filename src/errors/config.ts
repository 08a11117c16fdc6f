import { type ErrorRow, exit } from './row.ts';

export const configErrors = {
  CONFIG_UNREADABLE: {
    exit: exit.usage,
    problem: 'the configuration {path} cannot be read: {reason}',
    remedy: 'Name a file that is there, or leave --config out to use the defaults.',
  },
  CONFIG_NOT_YAML: {
    exit: exit.usage,
    problem: '{path}, line {line}: {reason}',
    remedy: 'Correct the line; bootwright.example.yaml shows how a configuration looks.',
  },
  CONFIG_UNKNOWN_KEY: {
    exit: exit.usage,
    problem: '{where}: there is no setting "{key}"',
    remedy: 'The nearest one is "{nearest}"; bootwright.example.yaml explains them all.',
  },
  CONFIG_BAD_VALUE: {
    exit: exit.usage,
    problem: '{where}: {value} is not a good value of "{key}"',
    remedy: 'It must be {expected}.',
  },
} as const satisfies Record<string, ErrorRow>;
