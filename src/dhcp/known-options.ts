/** How the value of an option is written in a configuration, and how it goes out. */
export type OptionForm =
  | 'address'
  | 'addresses'
  | 'text'
  | 'names'
  | 'routes'
  | 'flag'
  | 'u8'
  | 'u16'
  | 'u32'
  | 'i32'
  | 'u16s'
  | 'bytes';

interface KnownOption {
  readonly code: number;
  readonly form: OptionForm;
}

/**
 * Options that a configuration can name, in the words of IANA's "BOOTP Vendor Extensions and DHCP Options" as Kea writes
 * them. Those that the protocol itself decides are not here.
 */
export const knownOptions: Readonly<Record<string, KnownOption>> = {
  'time-offset': { code: 2, form: 'i32' },
  routers: { code: 3, form: 'addresses' },
  'time-servers': { code: 4, form: 'addresses' },
  'name-servers': { code: 5, form: 'addresses' },
  'domain-name-servers': { code: 6, form: 'addresses' },
  'log-servers': { code: 7, form: 'addresses' },
  'cookie-servers': { code: 8, form: 'addresses' },
  'lpr-servers': { code: 9, form: 'addresses' },
  'impress-servers': { code: 10, form: 'addresses' },
  'resource-location-servers': { code: 11, form: 'addresses' },
  'boot-size': { code: 13, form: 'u16' },
  'merit-dump': { code: 14, form: 'text' },
  'domain-name': { code: 15, form: 'text' },
  'swap-server': { code: 16, form: 'address' },
  'root-path': { code: 17, form: 'text' },
  'extensions-path': { code: 18, form: 'text' },
  'ip-forwarding': { code: 19, form: 'flag' },
  'non-local-source-routing': { code: 20, form: 'flag' },
  'policy-filter': { code: 21, form: 'addresses' },
  'max-dgram-reassembly': { code: 22, form: 'u16' },
  'default-ip-ttl': { code: 23, form: 'u8' },
  'path-mtu-aging-timeout': { code: 24, form: 'u32' },
  'path-mtu-plateau-table': { code: 25, form: 'u16s' },
  'interface-mtu': { code: 26, form: 'u16' },
  'all-subnets-local': { code: 27, form: 'flag' },
  'broadcast-address': { code: 28, form: 'address' },
  'perform-mask-discovery': { code: 29, form: 'flag' },
  'mask-supplier': { code: 30, form: 'flag' },
  'router-discovery': { code: 31, form: 'flag' },
  'router-solicitation-address': { code: 32, form: 'address' },
  'static-routes': { code: 33, form: 'addresses' },
  'trailer-encapsulation': { code: 34, form: 'flag' },
  'arp-cache-timeout': { code: 35, form: 'u32' },
  'ieee802-3-encapsulation': { code: 36, form: 'flag' },
  'default-tcp-ttl': { code: 37, form: 'u8' },
  'tcp-keepalive-interval': { code: 38, form: 'u32' },
  'tcp-keepalive-garbage': { code: 39, form: 'flag' },
  'nis-domain': { code: 40, form: 'text' },
  'nis-servers': { code: 41, form: 'addresses' },
  'ntp-servers': { code: 42, form: 'addresses' },
  'vendor-encapsulated-options': { code: 43, form: 'bytes' },
  'netbios-name-servers': { code: 44, form: 'addresses' },
  'netbios-dd-server': { code: 45, form: 'addresses' },
  'netbios-node-type': { code: 46, form: 'u8' },
  'netbios-scope': { code: 47, form: 'text' },
  'font-servers': { code: 48, form: 'addresses' },
  'x-display-manager': { code: 49, form: 'addresses' },
  'vendor-class-identifier': { code: 60, form: 'text' },
  'nwip-domain-name': { code: 62, form: 'text' },
  'nisplus-domain-name': { code: 64, form: 'text' },
  'nisplus-servers': { code: 65, form: 'addresses' },
  'tftp-server-name': { code: 66, form: 'text' },
  'boot-file-name': { code: 67, form: 'text' },
  'mobile-ip-home-agent': { code: 68, form: 'addresses' },
  'smtp-server': { code: 69, form: 'addresses' },
  'pop-server': { code: 70, form: 'addresses' },
  'nntp-server': { code: 71, form: 'addresses' },
  'www-server': { code: 72, form: 'addresses' },
  'finger-server': { code: 73, form: 'addresses' },
  'irc-server': { code: 74, form: 'addresses' },
  'streettalk-server': { code: 75, form: 'addresses' },
  'streettalk-directory-assistance-server': { code: 76, form: 'addresses' },
  'nds-server': { code: 85, form: 'addresses' },
  'nds-tree-name': { code: 86, form: 'text' },
  'nds-context': { code: 87, form: 'text' },
  'bcms-controller-names': { code: 88, form: 'names' },
  'bcms-controller-address': { code: 89, form: 'addresses' },
  'uap-servers': { code: 98, form: 'text' },
  pcode: { code: 100, form: 'text' },
  tcode: { code: 101, form: 'text' },
  'v6-only-preferred': { code: 108, form: 'u32' },
  'netinfo-server-address': { code: 112, form: 'addresses' },
  'netinfo-server-tag': { code: 113, form: 'text' },
  'v4-captive-portal': { code: 114, form: 'text' },
  'auto-config': { code: 116, form: 'u8' },
  'name-service-search': { code: 117, form: 'u16s' },
  'domain-search': { code: 119, form: 'names' },
  'classless-static-route': { code: 121, form: 'routes' },
  'v4-lost': { code: 137, form: 'names' },
  'capwap-ac-v4': { code: 138, form: 'addresses' },
  'tftp-server-address': { code: 150, form: 'addresses' },
  'pxelinux-configfile': { code: 209, form: 'text' },
  'pxelinux-pathprefix': { code: 210, form: 'text' },
  'pxelinux-reboottime': { code: 211, form: 'u32' },
  'ms-classless-static-route': { code: 249, form: 'routes' },
  'wpad-url': { code: 252, form: 'text' },
};

/** Options that the server decides for each message, by RFC 2131 and the RFCs of the options themselves. */
export const ownCodes: ReadonlySet<number> = new Set([
  0, 1, 12, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 61, 80, 81, 82, 90, 93, 94, 97, 118, 145, 175, 255,
]);
