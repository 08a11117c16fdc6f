import { writeFileSync } from 'node:fs';
import type { Lease } from '../../src/dhcp/lease.ts';
import type { Network, Reservation } from '../../src/dhcp/network.ts';
import { type PoolRange, readPools } from '../../src/dhcp/pool.ts';
import { startDhcpServer } from '../../src/dhcp/server.ts';
import { createArpProbe } from '../../src/platform/arp.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { nodeUdp } from '../../src/platform/udp-node.ts';

/** A network as a test writes it down: its server stands in it, unless `serverAddress` says otherwise. */
export interface NetworkArguments extends Partial<Omit<Network, 'pools' | 'subnet' | 'serverAddress'>> {
  /** Of the server; of a relayed network, any of its addresses. */
  readonly address: string;
  readonly netmask: string;
  readonly pool?: PoolRange;
  readonly serverAddress?: string;
}

/**
 * The DHCP server alone, as a process of its own, for tests inside a network namespace:
 *
 *     ip netns exec <name> node test/support/dhcp-server.ts '{ "listeners": [{ "interface": "eth0", … }], "bootFile": "…" }'
 *
 * It prints one JSON object a line: `{"step":"listening"}`, then its events. It ends on SIGTERM. Leases are in memory.
 */
export interface ServerArguments {
  readonly listeners: readonly (NetworkArguments & { readonly interface: string })[];
  readonly relayed?: readonly NetworkArguments[];
  readonly leases?: readonly Lease[];
  readonly reservations?: readonly Reservation[];
  /** Everybody's. */
  readonly bootFile?: string;
  /** Addresses are looked at by ARP before they are offered. */
  readonly probe?: boolean;
  /** No events are printed. */
  readonly quiet?: boolean;
}

function print(event: unknown): void {
  writeFileSync(1, `${JSON.stringify(event)}\n`);
}

function networkOf({ address, netmask, pool, serverAddress = address, ...rest }: NetworkArguments): Network {
  const subnet = { address, netmask };
  const { router, dns = [] } = rest;
  const others = [serverAddress, ...dns, ...(router === undefined ? [] : [router])];
  return {
    name: address,
    mode: 'server',
    httpPort: 80,
    leaseSeconds: 600,
    reservations: [],
    ...rest,
    serverAddress,
    subnet,
    pools: pool === undefined ? [] : readPools([pool], subnet, others),
  };
}

if (import.meta.main) {
  const told = JSON.parse(process.argv[2] ?? '{}') as ServerArguments;
  const { bootFile } = told;
  const server = await startDhcpServer({
    udp: nodeUdp,
    clock: systemClock,
    listeners: told.listeners.map(({ interface: name, ...rest }) => ({ interface: name, network: networkOf(rest) })),
    relayed: (told.relayed ?? []).map(networkOf),
    leases: told.leases ?? [],
    commit: async () => {},
    bootFor: () =>
      bootFile === undefined ? { reason: 'there is none' } : { releaseId: 'test', bootFile, by: 'tftp' as const },
    shapeFor: (_, [first = 'direct']) => ({ shape: first }),
    place: () => {},
    report: told.quiet === true ? () => {} : print,
    ...(told.probe === true ? { probe: createArpProbe({ waitMs: 300 }) } : {}),
  });
  print({ step: 'listening' });
  process.once('SIGTERM', () => server.close());
}
