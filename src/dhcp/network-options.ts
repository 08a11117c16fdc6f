import { formatIpv4 } from '../wire/addresses.ts';
import type { Network, Route } from './network.ts';
import { encodeOptions, type OptionValues, optionTable } from './options.ts';
import { rangeOf } from './subnet.ts';

/** One option of a network, as it is written. */
export interface NetworkOption {
  readonly code: number;
  readonly bytes: Uint8Array;
  /** `lease`: with an address only. `listed`: unless option 55 leaves it out. `asked`: only where option 55 has it. */
  readonly when: 'always' | 'lease' | 'listed' | 'asked';
}

/** Networks do not change, and 10,000 machines a second ask: each is encoded once. */
const encoded = new WeakMap<Network, readonly NetworkOption[]>();

/** What a network says to every machine, in the order of writing. RFC 2131 §4.3.1, table 3. */
export function networkOptions(network: Network): readonly NetworkOption[] {
  const known = encoded.get(network);
  if (known !== undefined) return known;
  const options = encodeNetwork(network);
  encoded.set(network, options);
  return options;
}

function encodeNetwork(network: Network): readonly NetworkOption[] {
  const { leaseSeconds, subnet, router, dns, ntp, domain } = network;
  const routes = network.routes ?? [];
  const rows = (when: NetworkOption['when'], values: OptionValues): readonly NetworkOption[] =>
    [...encodeOptions(values)].map(([code, bytes]) => ({ code, bytes, when }));
  const named = [
    ...rows('lease', {
      leaseTime: leaseSeconds,
      renewalTime: Math.floor(leaseSeconds / 2),
      rebindingTime: Math.floor((leaseSeconds * 7) / 8),
    }),
    ...rows('always', { subnetMask: subnet.netmask }),
    ...rows('listed', { broadcast: formatIpv4(rangeOf(subnet).last) }),
    ...rows('always', { router: router === undefined ? undefined : [router], dns: filled(dns) }),
    ...rows('listed', { domain, ntp: filled(ntp) }),
    ...rows('listed', { routes: filled(withDefault(routes, router)) }),
    ...rows('asked', { microsoftRoutes: filled(withDefault(routes, router)) }),
  ];
  const extra = new Map(network.extraOptions);
  const known = new Set(named.map(({ code }) => code));
  return [
    // An option of the configuration is what somebody wrote down for this very option.
    ...named.map((option) => ({ ...option, bytes: extra.get(option.code) ?? option.bytes })),
    ...[...extra]
      .filter(([code]) => !known.has(code))
      .map(([code, bytes]) => ({ code, bytes, when: 'listed' as const })),
  ];
}

/** Who takes option 121 leaves option 3 alone: the way to everywhere else must stand in it as well. RFC 3442. */
function withDefault(routes: readonly Route[], router: string | undefined): readonly Route[] {
  const everywhere = '0.0.0.0/0';
  if (routes.length === 0 || router === undefined) return routes;
  if (routes.some(({ destination }) => destination === everywhere)) return routes;
  return [...routes, { destination: everywhere, via: router }];
}

function filled<Value>(list: readonly Value[] | undefined): readonly Value[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}

/**
 * In this order options are left out where the buffer of a machine is small, after those that the configuration adds.
 * Without them every answer fits.
 */
export const spareCodes: readonly number[] = (
  ['search', 'ntp', 'hostName', 'domain', 'microsoftRoutes', 'routes', 'dns', 'broadcast', 'clientIdentifier'] as const
).map((name) => optionTable[name].code);
