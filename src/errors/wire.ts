import { type ErrorRow, exit } from './row.ts';

export const wireErrors = {
  WIRE_TRUNCATED: {
    exit: exit.internal,
    problem: 'the data ends too early: {neededBytes} bytes needed at offset {offset}, {availableBytes} there',
    remedy: 'Nothing: what was received is incomplete and is ignored.',
  },
  ARP_UNKNOWN: {
    exit: exit.internal,
    problem: 'operation {operation} is none of ARP for IPv4 on Ethernet',
    remedy: 'Nothing: what was received is about something else and is ignored.',
  },
} as const satisfies Record<string, ErrorRow>;
