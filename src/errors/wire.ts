import { type ErrorRow, exit } from './row.ts';

export const wireErrors = {
  WIRE_TRUNCATED: {
    exit: exit.internal,
    problem: 'the data ends too early: {neededBytes} bytes needed at offset {offset}, {availableBytes} there',
    remedy: 'Nothing: what was received is incomplete and is ignored.',
  },
} as const satisfies Record<string, ErrorRow>;
