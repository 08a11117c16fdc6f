import type { Network } from '../dhcp/network.ts';
import { type PoolRange, readPools } from '../dhcp/pool.ts';
import { rangeOf, type Subnet } from '../dhcp/subnet.ts';
import { formatIpv4 } from '../wire/addresses.ts';
import type { RecordedServer } from './recording.ts';

/** What is given of a network by hand; all else is as it was recorded, or as most networks are. */
export interface NetworkHints {
  /** The server's, and the network that it is in. */
  readonly server?: Subnet;
  readonly range?: PoolRange;
  readonly mode: 'server' | 'proxy';
  readonly httpPort: number;
}

const leaseSeconds = 43_200;

/**
 * The network of a recording: that of the server which speaks in it. `undefined` where there is neither a server nor a
 * hint. Throws DHCP_POOL_INVALID.
 */
export function networkOf(
  { server, range, mode, httpPort }: NetworkHints,
  recorded?: RecordedServer,
): Network | undefined {
  const subnet = server ?? recorded;
  if (subnet === undefined) return undefined;
  const { address, netmask } = subnet;
  const router = server === undefined ? recorded?.router : undefined;
  const { first, last } = rangeOf(subnet);
  const whole = { first: formatIpv4(first + 1), last: formatIpv4(last - 1) };
  const others = [address, ...(router === undefined ? [] : [router])];
  return {
    name: 'recorded',
    mode,
    serverAddress: address,
    httpPort,
    subnet: { address, netmask },
    pools: mode === 'proxy' ? [] : readPools([range ?? whole], subnet, others),
    leaseSeconds,
    reservations: [],
    ...(router === undefined ? {} : { router }),
  };
}
