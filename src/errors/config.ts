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
  NETWORK_WITHOUT_PLACE: {
    exit: exit.usage,
    problem: 'network {number} of "networks" does not say where it is',
    remedy:
      'Give it an interface (or an address of this machine there), or relayed: and its addresses, such as 10.2.0.0/24; relayed6 also needs dhcp6.address.',
  },
  NETWORK_TWICE: {
    exit: exit.usage,
    problem: 'the networks {one} and {other} overlap, so that a message could be of both',
    remedy: 'Leave one of them out, or correct its addresses; several ranges of one network stand in its range.',
  },
  DHCP_NOTHING_TO_GIVE: {
    exit: exit.usage,
    problem: 'DHCP is to serve {network}, but has no address to give',
    remedy: 'Give --range FIRST-LAST (dhcp.range), or --dhcp-mode proxy where another DHCP server gives the addresses.',
  },
  DHCP_PROXY_GIVES_NOTHING: {
    exit: exit.usage,
    problem: 'DHCP is to be a proxy on {network}, which gives no addresses, but a range or a reservation is set',
    remedy: 'Leave range and reservations out, or take --dhcp-mode server where no other DHCP server gives addresses.',
  },
} as const satisfies Record<string, ErrorRow>;
