import type { Reservation } from '../dhcp/network.ts';
import { Reservations } from '../dhcp/reservations.ts';
import { hasHost, rangeOf } from '../dhcp/subnet.ts';
import { BootwrightError } from '../errors.ts';
import { parseIpv4 } from '../wire/addresses.ts';
import type { ControlledNetwork } from './parts.ts';
import { writeMachine } from './texts.ts';

/** The network whose machines can have that address, its own and its broadcast address included. */
export function networkOf(address: string, networks: readonly ControlledNetwork[]): ControlledNetwork | undefined {
  const value = parseIpv4(address);
  if (value === undefined) return undefined;
  return networks.find(({ subnet }) => {
    const { first, last } = rangeOf(subnet);
    return value >= first && value <= last;
  });
}

/**
 * Throws RESERVATION_UNUSABLE, RESERVATION_EXISTS, RESERVATION_CONFIGURED, RESERVATION_OF_MACHINE_EXISTS or
 * DHCP_RESERVATION_INVALID. `there` are the reservations of the same network; the same one again is none of these.
 */
export function refuseUnusable(
  wanted: Reservation,
  network: ControlledNetwork,
  there: readonly (Reservation & { readonly where?: string })[],
): void {
  const { address } = wanted;
  const reason = whyUnusable(address, network);
  if (reason !== undefined) throw new BootwrightError('RESERVATION_UNUSABLE', { address, reason });
  const machine = writeMachine(wanted);
  const others: Reservation[] = [];
  for (const other of there) {
    const owner = writeMachine(other);
    if (other.address === address && other.where !== undefined) {
      throw new BootwrightError('RESERVATION_CONFIGURED', { address, machine: owner, where: other.where });
    }
    if (other.address === address && owner !== machine) {
      throw new BootwrightError('RESERVATION_EXISTS', { address, machine: owner });
    }
    if (other.address !== address && owner === machine) {
      if (other.where === undefined) {
        throw new BootwrightError('RESERVATION_OF_MACHINE_EXISTS', { address: other.address, machine });
      }
      throw new BootwrightError('RESERVATION_CONFIGURED', { address: other.address, machine, where: other.where });
    }
    if (other.address !== address) others.push(other);
  }
  // Everything else that the server would refuse, such as the UUID of boards that have none.
  const all = new Reservations();
  for (const reservation of [...others, wanted]) all.add(reservation);
}

function whyUnusable(address: string, { subnet, serverAddress, router, dns }: ControlledNetwork): string | undefined {
  if (!hasHost(rangeOf(subnet), parseIpv4(address) ?? 0))
    return 'it is that of the network itself, or its broadcast address';
  if (address === serverAddress) return "it is this server's own";
  if (address === router) return "it is the router's";
  if (dns?.includes(address)) return "it is a name server's";
  return undefined;
}
