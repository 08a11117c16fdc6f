import { BootwrightError } from '../errors.ts';
import { parseIpv4 } from '../wire/addresses.ts';
import type { Networks } from './choose-network.ts';
import type { AddressState } from './lease-table.ts';
import type { Reservation } from './network.ts';
import { describeSubnet } from './subnet.ts';

/** One address, as people see it. */
export interface LeaseView {
  /** Its name. */
  readonly network: string;
  /** Dotted decimal. */
  readonly address: string;
  /** Whose it is, or was last; of an address that is set aside, whoever uses it or said that somebody does. */
  readonly mac?: string;
  /** `free`: somebody had it, and would get it again. `set-aside`: in use by somebody unasked. `reserved`: never used. */
  readonly state: 'bound' | 'offered' | 'set-aside' | 'free' | 'reserved';
  /** Milliseconds since 1970: until when that is so; of a free one, since when. */
  readonly untilMs?: number;
  /** As the machine called itself. */
  readonly hostName?: string;
  readonly reservation?: Reservation;
  /** `ownerKey` of the reservation by which the machine has it, where that is for more than a MAC address. */
  readonly owner?: string;
}

/** In the order of networks and addresses. */
export function viewLeases(networks: Networks, nowMs: number): readonly LeaseView[] {
  return networks.all.flatMap(({ network, leases }) =>
    [...leases.states()]
      .map((state) => view(network.name, state, nowMs))
      .toSorted((one, other) => (parseIpv4(one.address) ?? 0) - (parseIpv4(other.address) ?? 0)),
  );
}

function view(network: string, known: AddressState, nowMs: number): LeaseView {
  const { address, mac, lease, reservation } = known;
  return {
    network,
    address,
    ...(mac === undefined ? {} : { mac }),
    ...stateOf(known, nowMs),
    ...(lease?.hostName === undefined ? {} : { hostName: lease.hostName }),
    ...(reservation === undefined ? {} : { reservation }),
    ...(lease?.reservation === undefined ? {} : { owner: lease.reservation }),
  };
}

function stateOf({ lease, offeredUntilMs }: AddressState, nowMs: number): Pick<LeaseView, 'state' | 'untilMs'> {
  if (lease !== undefined && lease.state !== 'released' && lease.expiresMs > nowMs) {
    return { state: lease.state === 'bound' ? 'bound' : 'set-aside', untilMs: lease.expiresMs };
  }
  if (offeredUntilMs > nowMs) return { state: 'offered', untilMs: offeredUntilMs };
  if (lease !== undefined) return { state: 'free', untilMs: lease.expiresMs };
  return offeredUntilMs > 0 ? { state: 'free', untilMs: offeredUntilMs } : { state: 'reserved' };
}

/** Throws DHCP_RESERVATION_INVALID. */
export function reserveIn(networks: Networks, reservation: Reservation): void {
  const { address } = reservation;
  const served = networks.serving(address);
  if (served !== undefined) {
    served.reserve(reservation);
    return;
  }
  const known = networks.all.filter(({ network }) => network.mode === 'server');
  const texts = known.map(({ network }) => describeSubnet(network.subnet)).join(', ');
  const reason = `it is in no network where addresses are given: ${texts === '' ? 'there is none' : texts}`;
  throw new BootwrightError('DHCP_RESERVATION_INVALID', { address, reason });
}
