import { type ErrorRow, exit } from './row.ts';

export const rootErrors = {
  ROOT_NOT_OURS: {
    exit: exit.output,
    problem: 'the folder {root} holds "{name}", so it is in use for something else',
    remedy: 'Choose an empty or a new folder for --root.',
  },
  ROOT_IN_USE: {
    exit: exit.environment,
    problem: 'the folder {root} is served by {holder} already',
    remedy: 'Stop that one first, or choose another --root.',
  },
  ADDRESS_NOT_HERE: {
    exit: exit.environment,
    problem: 'the address {address} is not on that interface, or not on this machine',
    remedy: 'Choose one of: {known}.',
  },
  INTERFACE_DOWN: {
    exit: exit.environment,
    problem: 'the interface {interface} is switched off or has no link',
    remedy: 'Switch it on ("ip link set {interface} up"), plug in its cable, or choose another --interface.',
  },
  INTERFACE_WITHOUT_ADDRESS: {
    exit: exit.environment,
    problem: 'the interface {interface} has no IPv4 address',
    remedy: 'Give it one: "ip address add 10.0.0.1/24 dev {interface}".',
  },
  INTERFACE_WITHOUT_ADDRESS6: {
    exit: exit.environment,
    problem: 'the interface {interface} has no IPv6 address that machines could be told, only link-local ones',
    remedy: 'Give it one, "ip address add fd00::1/64 dev {interface}", or leave dhcp6 off.',
  },
  NO_NETWORK: {
    exit: exit.environment,
    problem: 'this machine has no network with an IPv4 address that is up',
    remedy: 'Look at "ip address": plug in the cable, switch the interface on, or give it an address.',
  },
  INTERFACE_NOT_NAMED: {
    exit: exit.usage,
    problem: 'this machine has {count} networks, and one must be chosen',
    remedy: 'Name it with --interface; there are: {known}.',
  },
  SERVER_NOT_RUNNING: {
    exit: exit.environment,
    problem: 'no server serves the folder {root}',
    remedy: 'Start one with "bootwright serve", or name the right --root.',
  },
  SERVER_UNHEALTHY: {
    exit: exit.environment,
    problem: 'the server does not answer at {url}: {reason}',
    remedy: 'Look at its log.',
  },
} as const satisfies Record<string, ErrorRow>;
