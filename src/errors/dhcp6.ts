import { type ErrorRow, exit } from './row.ts';

export const dhcp6Errors = {
  DHCP6_MALFORMED: {
    exit: exit.internal,
    problem: 'the DHCPv6 message is malformed: {what}',
    remedy: 'Nothing: the message is ignored; "tcpdump -vv port 547" shows who sends it.',
  },
  DHCP6_RANGE_INVALID: {
    exit: exit.usage,
    problem: 'the addresses {first} to {last} cannot be given to machines of {prefix}: {reason}',
    remedy: 'Choose a first and a last IPv6 address, in this order, from the prefix of that network.',
  },
  DHCP6_OPTION_INVALID: {
    exit: exit.usage,
    problem: 'the DHCPv6 option "{option}" cannot be {value}: {reason}',
    remedy:
      'Name it by its code in IANA\'s "DHCP Option Codes", and say what its value is: "ip:fd00::1", "hex:0a0b", "u32:600".',
  },
} as const satisfies Record<string, ErrorRow>;
