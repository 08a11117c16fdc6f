import { lookForServers } from '../../src/dhcp/look.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { nodeUdp } from '../../src/platform/udp-node.ts';

// Looks for DHCP servers from inside a network namespace, and prints what it found: node look-process.ts <our address>
const startedMs = systemClock.elapsedMs();
const look = await lookForServers({
  udp: nodeUdp,
  clock: systemClock,
  interface: 'eth0',
  ourAddress: process.argv[2] ?? '',
});
process.stdout.write(`${JSON.stringify({ ...look, tookMs: systemClock.elapsedMs() - startedMs })}\n`);
