import { writeFileSync } from 'node:fs';
import { createArpProbe } from '../../src/platform/arp.ts';

/**
 * Asks on eth0 for addresses, for tests inside a network namespace; prints who has each as one JSON object, and how
 * long that took:
 *
 *     ip netns exec <name> node test/support/arp-probe.ts 300 10.77.0.2 10.77.0.3
 */
const [waitMs = '300', ...addresses] = process.argv.slice(2);
const probe = createArpProbe({ waitMs: Number(waitMs) });
const startedMs = performance.now();
const holders = await Promise.all(addresses.map((address) => probe('eth0', address)));
const nowhere = await probe('none0', '10.77.0.2');
writeFileSync(1, JSON.stringify({ holders, nowhere: nowhere ?? null, tookMs: performance.now() - startedMs }));
