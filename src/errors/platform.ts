import { type ErrorRow, exit } from './row.ts';

export const platformErrors = {
  PLATFORM_UNSUPPORTED: {
    exit: exit.environment,
    problem: 'this needs Linux, and this machine runs {platform}',
    remedy: 'Run Bootwright on Linux, in a virtual machine or a container with the host network.',
  },
  UDP_PORT_IN_USE: {
    exit: exit.environment,
    problem: 'UDP port {port} of {address} is in use by another program',
    remedy:
      'Find it with "ss -lunp sport = :{port}" and stop it (often dnsmasq, tftpd or a DHCP server), or choose another port.',
  },
  UDP_PORT_FORBIDDEN: {
    exit: exit.environment,
    problem: 'no permission to open UDP port {port} of {address}',
    remedy:
      'Run as root, or give the capability CAP_NET_BIND_SERVICE (packaging/bootwright.service does), or choose ports above 1023.',
  },
  UDP_ADDRESS_NOT_HERE: {
    exit: exit.environment,
    problem: 'this machine has no address {address}, so port {port} cannot be opened on it',
    remedy: 'Look at "ip address" and name an address or an interface of this machine.',
  },
  INTERFACE_NOT_FOUND: {
    exit: exit.environment,
    problem: 'there is no network interface "{interface}"',
    remedy: 'Choose one of: {known}.',
  },
  PACKET_SOCKET_FORBIDDEN: {
    exit: exit.environment,
    problem: 'no permission to see the packets of a network interface',
    remedy: 'Run as root, or give the capability CAP_NET_RAW (packaging/bootwright.service does).',
  },
} as const satisfies Record<string, ErrorRow>;
