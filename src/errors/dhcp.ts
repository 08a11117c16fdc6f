import { type ErrorRow, exit } from './row.ts';

export const dhcpErrors = {
  DHCP_MALFORMED: {
    exit: exit.internal,
    problem: 'the DHCP message is malformed: {what}',
    remedy: 'Nothing: the message is ignored; "tcpdump -vv port 67" shows who sends it.',
  },
  DHCP_POOL_INVALID: {
    exit: exit.usage,
    problem: 'the pool {first} to {last} does not fit the network {network}: {reason}',
    remedy: 'Choose a first and a last address, in this order, from the network of the machines.',
  },
  DHCP_RESERVATION_INVALID: {
    exit: exit.usage,
    problem: 'the address {address} cannot be reserved: {reason}',
    remedy:
      'Choose another address of a network that is served here, or another machine; "bootwright leases" lists both.',
  },
  DHCP_OPTION_INVALID: {
    exit: exit.usage,
    problem: 'the DHCP option {option} cannot be set to {value}: {reason}',
    remedy: 'See docs/reference/dhcp-options.md for the names of options, and how their values are written.',
  },
  DHCP_NO_OFFER: {
    exit: exit.unbootable,
    problem: 'no DHCP server offered an address within {waitedMs} ms',
    remedy:
      'See that a server runs on this network, that no firewall drops UDP ports 67 and 68, and that its pool has a free address.',
  },
  DHCP_PROXY_ALONE: {
    exit: exit.unbootable,
    problem: '{server} says what to boot, but no DHCP server offered an address within {waitedMs} ms',
    remedy:
      'A proxy gives no addresses: start the DHCP server that it stands beside, or let it give addresses itself by --range.',
  },
  DHCP_NO_ACKNOWLEDGEMENT: {
    exit: exit.unbootable,
    problem: 'the DHCP server {server} offered {address}, but did not answer the request for it within {waitedMs} ms',
    remedy: 'Look at the events of that server: it says why it did not answer.',
  },
  DHCP_REFUSED: {
    exit: exit.unbootable,
    problem: 'the DHCP server {server} refused the address {address}: {reason}',
    remedy: 'Ask again: the server forgot the address or gave it to another machine.',
  },
} as const satisfies Record<string, ErrorRow>;
