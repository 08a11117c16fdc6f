import { duidOfMac } from '../dhcp6/duid.ts';
import type { Network6 } from '../dhcp6/network.ts';
import { type Dhcp6Server, startDhcp6Server } from '../dhcp6/server.ts';
import { nodeUdp } from '../platform/udp-node.ts';
import { loadLeases6 } from '../store/leases6.ts';
import type { ServedDhcpOptions } from './dhcp.ts';

function describe({ mode, ranges, reservations }: Network6): string {
  if (mode === 'proxy') return 'proxy, another server gives the addresses, and we say what to boot';
  const given = ranges.map(({ first, last }) => `${first} to ${last}`);
  const count = reservations.length;
  const kept = count === 0 ? [] : [`${count} reserved address${count === 1 ? '' : 'es'}`];
  return `server, handing out ${[...given, ...kept].join(' and ')}`;
}

/** Starts DHCPv6 where the plan has it. `undefined`: it is off everywhere. */
export async function serveDhcp6(
  { plan, store, state, clock, log }: ServedDhcpOptions,
  started: AsyncDisposableStack,
): Promise<Dhcp6Server | undefined> {
  const { interfaces, relayed6 } = plan;
  const hasRelayed = relayed6.length > 0;
  const listeners = interfaces.flatMap(({ interface: name, dhcp6 }) => {
    if (dhcp6 !== undefined) return [{ interface: name, network: dhcp6 }];
    // Relays may reach us by an interface on which no machine is served.
    return hasRelayed ? [{ interface: name }] : [];
  });
  if (listeners.length === 0) return undefined;
  const server = await startDhcp6Server({
    udp: nodeUdp,
    clock,
    listeners,
    relayed: relayed6,
    serverDuid: duidOfMac(interfaces[0]?.mac ?? ''),
    leases: await loadLeases6(store),
    commit: (leases6) => state.commit({ leases6 }),
    bootFor: state.bootFor,
    place: (mac, address) => state.ledger.place(mac, address),
    report: state.report,
  });
  started.defer(() => server.close());
  for (const { interface: name, dhcp6 } of interfaces) {
    if (dhcp6 === undefined) continue;
    log.info({ interface: name, mode: dhcp6.mode }, `DHCPv6 on ${name}: ${describe(dhcp6)}`);
    log.info(
      { interface: name },
      `the router on ${name} must announce DHCPv6: router advertisements with the M flag, and the prefix on-link (L). ` +
        'Bootwright sends none; without them machines ask for no IPv6 address',
    );
  }
  for (const network of relayed6)
    log.info(
      { network: network.name },
      `DHCPv6 for ${network.name} through relays, as ${network.serverAddress}: ${describe(network)}`,
    );
  return server;
}
