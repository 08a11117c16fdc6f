import { type ErrorRow, exit } from './row.ts';

export const controlErrors = {
  CONTROL_FORBIDDEN: {
    exit: exit.environment,
    problem: 'no permission to ask the server of {root}, or to open its state: {path}',
    remedy: 'Run the command as the user that the server runs as, such as with sudo.',
  },
  CONTROL_NO_ANSWER: {
    exit: exit.environment,
    problem: 'the server of {root} does not answer commands: {reason}',
    remedy: 'Look at its log; where it has just been started, try again.',
  },
  CONTROL_NOT_UNDERSTOOD: {
    exit: exit.internal,
    problem: 'this command and the running server do not understand each other: {reason}',
    remedy: 'Use the same version of Bootwright for both: restart the server after an upgrade.',
  },
  CONTROL_REFUSED: {
    exit: exit.usage,
    problem: 'the server, of another version, refused with {code}: {problem}',
    remedy: 'Do what it says: "{remedy}".',
  },
  ADDRESS_INVALID: {
    exit: exit.usage,
    problem: '"{address}" is no IP address',
    remedy: 'Write it as 10.0.0.50, or as fd00::50.',
  },
  MACHINE_INVALID: {
    exit: exit.usage,
    problem: '"{machine}" is no MAC address, no UUID and no client identifier',
    remedy:
      'Write a MAC address as 52:54:00:12:34:56, a UUID as 4c4c4544-0042-3510-8052-b4c04f4e4d32, a client identifier as id:01525400123456, one of DHCPv6 as duid:00030001525400123456.',
  },
  HOST_NAME_INVALID: {
    exit: exit.usage,
    problem: '"{name}" is no host name',
    remedy: 'Use letters, digits, hyphens and dots, up to 63 characters between two dots.',
  },
  LEASE_NOT_FOUND: {
    exit: exit.usage,
    problem: 'no machine has a lease of {address}',
    remedy: 'Look at "bootwright leases".',
  },
  RESERVATION_NOT_FOUND: {
    exit: exit.usage,
    problem: 'the address {address} is not reserved',
    remedy: 'Look at "bootwright leases".',
  },
  RESERVATION_OUTSIDE: {
    exit: exit.usage,
    problem: 'the address {address} is in no network in which this server gives addresses',
    remedy: 'Choose one of: {networks}.',
  },
  RESERVATION_NETWORK_UNKNOWN: {
    exit: exit.usage,
    problem: 'there is no network in which this server gives addresses, so {address} cannot be reserved in one',
    remedy:
      'Where another server gives them (--dhcp-mode proxy), reserve it there. Where no server runs, name its settings with --config.',
  },
  RESERVATION_UNUSABLE: {
    exit: exit.usage,
    problem: 'the address {address} cannot be reserved: {reason}',
    remedy: 'Choose another address.',
  },
  RESERVATION_EXISTS: {
    exit: exit.usage,
    problem: 'the address {address} is reserved for {machine} already',
    remedy: 'Take that back first: "bootwright leases unreserve {address}".',
  },
  RESERVATION_OF_MACHINE_EXISTS: {
    exit: exit.usage,
    problem: 'the machine {machine} has {address} reserved already in the same network',
    remedy: 'Take that back first: "bootwright leases unreserve {address}".',
  },
  RESERVATION_CONFIGURED: {
    exit: exit.usage,
    problem: 'the address {address} is reserved for {machine} by {where}',
    remedy: 'Change it there, and restart the server.',
  },
} as const satisfies Record<string, ErrorRow>;
