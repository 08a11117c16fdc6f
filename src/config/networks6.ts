import { parseExtraOptions6 } from '../dhcp6/extra-options.ts';
import type { Network6, Prefix, Reservation6 } from '../dhcp6/network.ts';
import { describePrefix, firstAddress, isOnLink } from '../dhcp6/range.ts';
import { BootwrightError } from '../errors.ts';
import { formatIpv6, parseIpv6 } from '../wire/addresses.ts';
import { readRanges } from './ranges.ts';
import type { Settings } from './settings.ts';

export type Dhcp6Settings = NonNullable<Settings['networks'][number]['dhcp6']>;

interface Place6 {
  readonly name: string;
  readonly serverAddress: string;
  readonly prefix: Prefix;
}

/** `fd00:2::/64` */
export function readPrefix(text: string): Prefix {
  const [address = '', bits = ''] = text.split('/');
  return { address: canonical(address), prefixBits: Number(bits) };
}

/** Throws DHCP_RESERVATION_INVALID or DHCP6_OPTION_INVALID. */
export function planDhcp6(place: Place6, mode: Network6['mode'], own: Dhcp6Settings, settings: Settings): Network6 {
  const { domain = settings.dhcp6.domain, dns = settings.dhcp6.dns, ntp = settings.dhcp6.ntp } = own;
  const serverAddress = canonical(place.serverAddress);
  const nameServers = dns.map(canonical);
  return {
    ...place,
    serverAddress,
    mode,
    httpPort: settings.http.port,
    ranges: readRanges(own.range),
    leaseSeconds: own.leaseSeconds ?? settings.dhcp6.leaseSeconds,
    dns: nameServers,
    ntp,
    ...(domain === undefined ? {} : { domains: [domain] }),
    extraOptions: parseExtraOptions6(own.options ?? {}),
    reservations: readReservations(own.reservations ?? [], place.prefix, [serverAddress, ...nameServers]),
  };
}

/** As messages have them: one text for one address, whatever it was written like. */
function readReservations(
  written: NonNullable<Dhcp6Settings['reservations']>,
  prefix: Prefix,
  others: readonly string[],
): readonly Reservation6[] {
  const taken = new Set<string>();
  return written.map(({ mac, uuid, duid, ...rest }) => {
    const address = canonical(rest.address);
    const refuse = (reason: string) => new BootwrightError('DHCP_RESERVATION_INVALID', { address, reason });
    if (mac === undefined && uuid === undefined && duid === undefined) {
      throw refuse('it names no machine: no mac, no uuid and no duid');
    }
    if (!isOnLink(address, prefix) || address === firstAddress(prefix)) {
      throw refuse(`no machine in ${describePrefix(prefix)} can have it`);
    }
    if (others.includes(address)) throw refuse('it is that of this server or of a name server');
    if (taken.has(address)) throw refuse('it is reserved already');
    taken.add(address);
    return {
      address,
      ...(mac === undefined ? {} : { mac: mac.toLowerCase().replaceAll('-', ':') }),
      ...(uuid === undefined ? {} : { uuid: uuid.toLowerCase() }),
      ...(duid === undefined ? {} : { duid: duid.toLowerCase().replaceAll(/[:-]/g, '') }),
    };
  });
}

/** What the settings have let through is an address. */
function canonical(address: string): string {
  return formatIpv6(parseIpv6(address) ?? new Uint8Array(16));
}
