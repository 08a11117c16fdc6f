import type { Lease } from '../dhcp/lease.ts';
import type { AddressState } from '../dhcp/lease-table.ts';
import type { Lease6 } from '../dhcp6/lease.ts';
import type { KnownLease } from './parts.ts';

/** An address as a running server has it; `undefined`: it was offered once, or is only reserved. */
export function knownAddress(state: AddressState, network: string, nowMs: number): KnownLease | undefined {
  const { address, mac: machine, lease, offeredUntilMs } = state;
  const isHeld = lease !== undefined && lease.state !== 'released' && lease.expiresMs > nowMs;
  if (offeredUntilMs <= nowMs || isHeld) return lease === undefined ? undefined : knownLease(lease, network);
  const hostName = lease?.mac === machine ? lease?.hostName : undefined;
  return {
    address,
    ...(machine === undefined ? {} : { machine }),
    ...(hostName === undefined ? {} : { hostName }),
    state: 'offered',
    untilMs: offeredUntilMs,
    network,
  };
}

/** A lease as the store has it. */
export function knownLease(lease: Lease, network: string): KnownLease {
  const { address, mac: machine, hostName, state, expiresMs: untilMs, reservation } = lease;
  return {
    address,
    machine,
    ...(hostName === undefined ? {} : { hostName }),
    state,
    untilMs,
    network,
    ...(reservation === undefined ? {} : { reservation }),
  };
}

/** The same of DHCPv6, where a machine is known by its DUID. */
export function knownLease6({ address, duid, mac, state, expiresMs: untilMs }: Lease6, network: string): KnownLease {
  return { address, machine: mac ?? `duid:${duid}`, state, untilMs, network };
}
