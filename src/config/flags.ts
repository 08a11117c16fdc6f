/**
 * The settings that have a flag of their own. Each of them, and only these, can come from the environment too:
 * `dhcp.range` is `BOOTWRIGHT_DHCP_RANGE`.
 */
export const flagTable = [
  { key: 'interface', flag: '--interface <name>', help: 'network interface that the machines are on' },
  { key: 'address', flag: '--address <ip>', help: 'our address there (default: the first one of the interface)' },
  { key: 'dhcp.mode', flag: '--dhcp-mode <mode>', help: 'server, proxy (beside another DHCP server) or off' },
  { key: 'dhcp.range', flag: '--range <first-last>', help: 'addresses to hand out' },
  { key: 'dhcp.router', flag: '--router <ip>', help: 'default gateway for the machines (default: none)' },
  { key: 'dhcp.dns', flag: '--dns <ip,ip>', help: 'name servers for the machines (default: none)' },
  { key: 'dhcp6.range', flag: '--range6 <first-last>', help: 'IPv6 addresses to hand out' },
  { key: 'dhcp.port', flag: '--dhcp-port <port>', help: 'DHCP port; clients use the next one' },
  {
    key: 'dhcp.lookSeconds',
    flag: '--look-seconds <seconds>',
    help: 'how long to look for other DHCP servers before answering (0: not at all)',
  },
  { key: 'tftp.port', flag: '--tftp-port <port>', help: 'TFTP port' },
  {
    key: 'tftp.singlePort',
    flag: '--tftp-single-port <yes>',
    help: 'true: all of TFTP from its one port, for NAT and containers',
  },
  { key: 'http.port', flag: '--http-port <port>', help: 'HTTP port' },
  { key: 'https.port', flag: '--https-port <port>', help: 'HTTPS port' },
  { key: 'https.certificate', flag: '--https-certificate <file>', help: 'certificate for HTTPS, as PEM' },
  { key: 'https.key', flag: '--https-key <file>', help: 'private key of the certificate, as PEM' },
  { key: 'root', flag: '--root <dir>', help: 'folder of the releases that machines boot' },
  { key: 'images', flag: '--images <dir>', help: 'folder that new ISOs are put into' },
  { key: 'log.format', flag: '--log <format>', help: 'auto, pretty or json' },
  { key: 'log.level', flag: '--log-level <level>', help: 'debug, info, warn or error' },
] as const;

export type FlagKey = (typeof flagTable)[number]['key'];

/** `dhcp.range` → `BOOTWRIGHT_DHCP_RANGE`. */
export function environmentName(key: FlagKey): string {
  return `BOOTWRIGHT_${key.toUpperCase().replaceAll('.', '_')}`;
}
