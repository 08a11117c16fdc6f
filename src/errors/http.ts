import { type ErrorRow, exit } from './row.ts';

export const httpErrors = {
  TCP_PORT_IN_USE: {
    exit: exit.environment,
    problem: 'TCP port {port} of {address} is in use by another program',
    remedy:
      'Find it with "ss -ltnp sport = :{port}" and stop it (often nginx or apache), or choose another --http-port.',
  },
  TCP_PORT_FORBIDDEN: {
    exit: exit.environment,
    problem: 'no permission to open TCP port {port} of {address}',
    remedy: 'Run as root, or give the capability CAP_NET_BIND_SERVICE, or choose an --http-port above 1023.',
  },
  TCP_ADDRESS_NOT_HERE: {
    exit: exit.environment,
    problem: 'this machine has no address {address}, so TCP port {port} cannot be opened on it',
    remedy: 'Look at "ip address" and name an address or an interface of this machine.',
  },
} as const satisfies Record<string, ErrorRow>;
