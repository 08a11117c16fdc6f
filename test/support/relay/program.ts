// A wire with troubles, as a process of its own:
//
//     node test/support/relay/program.ts '{ "server": { "address": …, "port": … }, "address": …, "seed": 1, … }'
//
// Tells its port in a line, carries datagrams until its standard input ends, and tells what became of them.
import { writeSync } from 'node:fs';
import type { RelaySettings } from '../lossy-relay.ts';
import { Relay } from './relay.ts';
import { Watch } from './udp-descriptors.ts';
import { Wire } from './wire.ts';

/** The kernel wakes a sleeper this late; what is due sooner is waited for awake. */
const lateMs = 0.06;

const { server, address, ...troubles } = JSON.parse(process.argv[2] ?? '{}') as Required<RelaySettings>;
const watch = new Watch();
const toServer = new Wire({ ...troubles, seed: troubles.seed });
const toClient = new Wire({ ...troubles, seed: troubles.seed ^ 0x5bd1e995 });
const relay = new Relay({ watch, toServer, toClient, address, server });

watch.add(0, () => {
  try {
    writeSync(1, `${JSON.stringify({ toServer: toServer.tally, toClient: toClient.tally })}\n`);
  } finally {
    // Whoever started it may be gone.
    process.exit(0);
  }
});
writeSync(1, `${JSON.stringify({ port: relay.port })}\n`);

// Node's own loop never runs: its timers know no parts of a millisecond, and each of its turns costs more than this.
for (;;) {
  const dueMs = Math.min(toServer.dueMs, toClient.dueMs);
  watch.turn(dueMs - performance.now() - lateMs);
  relay.nowMs = performance.now();
  toServer.deliver(performance.now());
  toClient.deliver(performance.now());
}
