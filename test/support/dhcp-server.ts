import { writeFileSync } from 'node:fs';
import type { Lease, LeaseStore } from '../../src/dhcp/lease.ts';
import { type DhcpServerOptions, startDhcpServer } from '../../src/dhcp/server.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { nodeUdp } from '../../src/platform/udp-node.ts';

/**
 * The DHCP server alone, as a process of its own, for tests inside a network namespace:
 *
 *     ip netns exec <name> node test/support/dhcp-server.ts '{ "interface": "eth0", … , "bootFile": "…" }'
 *
 * It prints one JSON object a line: `{"step":"listening"}`, then its events. It ends on SIGTERM. Leases are in memory;
 * `quiet` prints no events.
 */
interface ServerArguments extends Omit<DhcpServerOptions, 'udp' | 'clock' | 'store' | 'bootFor' | 'report'> {
  readonly bootFile?: string;
  readonly quiet?: boolean;
}

function print(event: unknown): void {
  writeFileSync(1, `${JSON.stringify(event)}\n`);
}

const { bootFile, quiet = false, ...network } = JSON.parse(process.argv[2] ?? '{}') as ServerArguments;
const leases = new Map<string, Lease>();
const memoryStore: LeaseStore = {
  load: async () => [...leases.values()],
  save: async (changed) => {
    for (const lease of changed) leases.set(lease.address, lease);
  },
};
const server = await startDhcpServer({
  ...network,
  udp: nodeUdp,
  clock: systemClock,
  store: memoryStore,
  bootFor: () => (bootFile === undefined ? undefined : { releaseId: 'test', bootFile }),
  report: quiet ? () => {} : print,
});
print({ step: 'listening' });
process.once('SIGTERM', () => server.close());
