import { BootwrightError } from '../errors.ts';
import { parseIpv4 } from '../wire/addresses.ts';
import { LeaseTable } from './lease-table.ts';
import type { Network, Reservation } from './network.ts';
import { describeSubnet, hasHost, rangeOf, type SubnetRange } from './subnet.ts';

/** A network with the leases of its machines; a proxy's has none, and gets none. */
export class ServedNetwork {
  readonly network: Network;
  readonly leases: LeaseTable;
  readonly range: SubnetRange;

  /** Throws DHCP_RESERVATION_INVALID. */
  constructor(network: Network) {
    const isServer = network.mode === 'server';
    this.network = network;
    this.range = rangeOf(network.subnet);
    this.leases = new LeaseTable(isServer ? network.pools : []);
    if (isServer) for (const reservation of network.reservations) this.reserve(reservation);
  }

  holds(address: number): boolean {
    return address >= this.range.first && address <= this.range.last;
  }

  /** Throws DHCP_RESERVATION_INVALID. */
  reserve(reservation: Reservation): void {
    const { address } = reservation;
    const { serverAddress, subnet, router, dns = [] } = this.network;
    const refuse = (reason: string) => new BootwrightError('DHCP_RESERVATION_INVALID', { address, reason });
    const number = parseIpv4(address);
    if (number !== undefined && !hasHost(this.range, number)) {
      throw refuse(`no machine in ${describeSubnet(subnet)} can have it`);
    }
    if ([serverAddress, router, ...dns].includes(address)) {
      throw refuse('it is that of this server, of the router or of a name server');
    }
    this.leases.reserve(reservation);
  }
}
