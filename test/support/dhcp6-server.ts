import { writeFileSync } from 'node:fs';
import { duidOfMac } from '../../src/dhcp6/duid.ts';
import type { Lease6 } from '../../src/dhcp6/lease.ts';
import type { Network6 } from '../../src/dhcp6/network.ts';
import { startDhcp6Server } from '../../src/dhcp6/server.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { nodeUdp } from '../../src/platform/udp-node.ts';

/**
 * The DHCPv6 server alone, as a process of its own, for tests inside a network namespace:
 *
 *     ip netns exec <name> node test/support/dhcp6-server.ts '{ "network": { … }, "bootFile": "…" }'
 *
 * It prints one JSON object a line: `{"step":"listening"}`, then its events. It ends on SIGTERM. Leases are in memory;
 * `quiet` prints no events.
 */
interface ServerArguments {
  /** On eth0. */
  readonly network: Network6;
  readonly relayed?: readonly Network6[];
  readonly bootFile?: string;
  readonly by?: 'tftp' | 'http';
  readonly quiet?: boolean;
  readonly leases?: readonly Lease6[];
}

function print(event: unknown): void {
  writeFileSync(1, `${JSON.stringify(event)}\n`);
}

const {
  network,
  relayed = [],
  bootFile,
  by = 'tftp',
  quiet = false,
  leases = [],
} = JSON.parse(process.argv[2] ?? '{}') as ServerArguments;
const server = await startDhcp6Server({
  udp: nodeUdp,
  clock: systemClock,
  listeners: [{ interface: 'eth0', network }],
  relayed,
  serverDuid: duidOfMac('02:00:00:00:00:01'),
  leases,
  commit: async () => {},
  bootFor: () => (bootFile === undefined ? { reason: 'there is nothing' } : { releaseId: 'test', bootFile, by }),
  place: (mac, address) => (quiet ? undefined : print({ step: 'placed', mac, address })),
  report: quiet ? () => {} : print,
});
print({ step: 'listening' });
process.once('SIGTERM', () => server.close());
