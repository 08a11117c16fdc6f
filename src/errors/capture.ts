import { type ErrorRow, exit } from './row.ts';

export const captureErrors = {
  CAPTURE_UNKNOWN_FORMAT: {
    exit: exit.usage,
    problem: '{path} is no packet capture: it begins with {start}',
    remedy: 'Give a pcapng or pcap file, such as "bootwright capture", tcpdump and Wireshark write; unpack it first.',
  },
  CAPTURE_MALFORMED: {
    exit: exit.usage,
    problem: '{path} is damaged at byte {offset}: {what}',
    remedy: 'What comes before that place was read. Record it again, or cut the file there.',
  },
  CAPTURE_UNWRITABLE: {
    exit: exit.output,
    problem: 'the capture cannot be written to {path}: {reason}',
    remedy: 'Choose another file, or make room; what was written before can be read.',
  },
  CAPTURE_LINK_UNSUPPORTED: {
    exit: exit.environment,
    problem: '{interface} is no Ethernet interface (hardware type {hardware})',
    remedy: 'Name the interface that the machines are on; machines boot from Ethernet.',
  },
  CAPTURE_INTERRUPTED: {
    exit: exit.environment,
    problem: 'nothing can be heard on {interface} any more: {reason}',
    remedy: 'See that the interface is there and up; what was recorded before is whole.',
  },
  CAPTURE_WITHOUT_NETWORK: {
    exit: exit.usage,
    problem: '{path} does not show which network it is: no DHCP server speaks in it',
    remedy: 'Name it: --server-address 10.0.0.1/24 and --range 10.0.0.100-10.0.0.200, or --config.',
  },
} as const satisfies Record<string, ErrorRow>;
