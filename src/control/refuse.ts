import { Reservations } from '../dhcp/reservations.ts';
import { BootwrightError } from '../errors.ts';
import { parseIpv4 } from '../wire/addresses.ts';
import { networkOf } from './networks.ts';
import type { Configured, ControlledNetwork, Reserved } from './parts.ts';
import { keysOf, writeMachine } from './texts.ts';

/**
 * Throws RESERVATION_NETWORK_UNKNOWN, RESERVATION_OUTSIDE, RESERVATION_UNUSABLE, RESERVATION_EXISTS,
 * RESERVATION_CONFIGURED, RESERVATION_OF_MACHINE_EXISTS or DHCP_RESERVATION_INVALID. The same reservation again, be it
 * with another host name, is none of these.
 */
export function refuseUnusable(
  wanted: Reserved,
  networks: readonly ControlledNetwork[],
  others: readonly (Reserved | Configured)[],
): void {
  const { address } = wanted;
  const network = networkOf(address, networks);
  if (network?.mode !== 'server') {
    const giving = networks.filter(({ mode }) => mode === 'server').map(({ subnet }) => subnet);
    if (giving.length === 0) throw new BootwrightError('RESERVATION_NETWORK_UNKNOWN', { address });
    throw new BootwrightError('RESERVATION_OUTSIDE', { address, networks: giving.join(', ') });
  }
  const reason = network.whyNot(address) ?? whyNotSo(wanted);
  if (reason !== undefined) throw new BootwrightError('RESERVATION_UNUSABLE', { address, reason });
  for (const other of others) refuseBeside(wanted, other, network);
  // Everything else that the server would refuse, such as the UUID of boards that have none.
  if (isIpv4(wanted)) new Reservations().add(wanted);
}

function isIpv4({ address }: Reserved): boolean {
  return parseIpv4(address) !== undefined;
}

/** What one of the two protocols does not know. */
function whyNotSo(wanted: Reserved): string | undefined {
  if (isIpv4(wanted)) {
    return wanted.duid === undefined ? undefined : 'DHCP of IPv4 knows no "duid:"; it knows client identifiers, "id:"';
  }
  if (wanted.clientId !== undefined) return 'DHCPv6 knows no client identifiers; it knows "duid:"';
  return wanted.hostName === undefined ? undefined : 'DHCPv6 tells machines no host name';
}

function refuseBeside(wanted: Reserved, other: Reserved | Configured, network: ControlledNetwork): void {
  const { address } = other;
  const isSameAddress = address === wanted.address;
  const isSameMachine = keysOf(other).some((key) => keysOf(wanted).includes(key));
  if (!isSameAddress && !(isSameMachine && network.has(address))) return;
  const machine = writeMachine(other);
  if ('where' in other) throw new BootwrightError('RESERVATION_CONFIGURED', { address, machine, where: other.where });
  if (!isSameAddress) throw new BootwrightError('RESERVATION_OF_MACHINE_EXISTS', { address, machine });
  if (!isSameMachine) throw new BootwrightError('RESERVATION_EXISTS', { address, machine });
}
