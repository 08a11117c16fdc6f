import type { DhcpServer } from '../dhcp/server.ts';
import type { Dhcp6Server } from '../dhcp6/server.ts';
import { parseIpv4 } from '../wire/addresses.ts';
import { type Control, createControl } from './control.ts';
import { knownLease6, knownView } from './known.ts';
import { networkOf } from './networks.ts';
import type { ControlParts, KnownLease } from './parts.ts';

/** `undefined`: that protocol is off. */
interface Servers extends Pick<ControlParts, 'networks' | 'configured' | 'kept' | 'nowMs'> {
  readonly dhcp: Pick<DhcpServer, 'leases' | 'reserve' | 'unreserve' | 'release'> | undefined;
  readonly dhcp6: Pick<Dhcp6Server, 'leases' | 'reserve' | 'unreserve' | 'release'> | undefined;
}

/** What commands can ask of servers that run. */
export function controlOfServers({ dhcp, dhcp6, ...parts }: Servers): Control {
  const isIpv4 = (address: string) => parseIpv4(address) !== undefined;

  async function leases(): Promise<KnownLease[]> {
    const four = dhcp?.leases().flatMap((view) => knownView(view) ?? []) ?? [];
    const six = dhcp6
      ?.leases()
      .map((lease) => knownLease6(lease, networkOf(lease.address, parts.networks)?.name ?? ''));
    return [...four, ...(six ?? [])];
  }

  return createControl({
    ...parts,
    leases,
    release: async (address) => (await (isIpv4(address) ? dhcp : dhcp6)?.release(address)) !== undefined,
    reserved({ duid, ...reservation }) {
      if (isIpv4(reservation.address)) dhcp?.reserve(reservation);
      else dhcp6?.reserve(duid === undefined ? reservation : { ...reservation, duid });
    },
    unreserved(address) {
      (isIpv4(address) ? dhcp : dhcp6)?.unreserve(address);
    },
  });
}
