/**
 * The machines of a storm, in one process; `npm run storm` starts it where they are. Prints one JSON object.
 *
 *     node benchmarks/storm-client.ts <orders as JSON>
 */

import { systemClock } from '../src/platform/clock.ts';
import { chooseNetwork } from '../src/platform/network.ts';
import { nodeUdp } from '../src/platform/udp-node.ts';
import { sha256 } from '../src/probe/received.ts';
import { formatMac } from '../src/wire/addresses.ts';
import { comparing, knownFiles } from './storm/known-files.ts';
import { bootMachine } from './storm/machine.ts';
import type { Booted, Orders, Taken } from './storm/orders.ts';
import { ownAddresses } from './storm/own-addresses.ts';
import { sharePort } from './storm/shared-port.ts';
import { createThriftyHttp } from './storm/thrifty-http.ts';

// Files that are looked for and not there are errors; to find out where each was made costs more than the file.
Error.stackTraceLimit = 1;

/** The interface that the machines are on. */
const here = 'eth0';

/** A locally administered address for each. */
function macOf(index: number): string {
  return formatMac(Uint8Array.of(0x02, 0, 0, index >> 16, index >> 8, index));
}

/** Boots so many machines at once. The first hashes what comes, the others compare it with what is known by hash. */
async function boot({ machines, release, timeoutSeconds }: Extract<Orders, { do: 'boot' }>): Promise<Booted> {
  const known = await knownFiles(release);
  const network = chooseNetwork({ interface: here });
  const udp = await sharePort(nodeUdp, { address: '0.0.0.0', port: 68, interface: here, broadcast: true });
  const addresses = ownAddresses(here);
  const compared = (path: string) => {
    const file = known.get(path);
    return file === undefined ? sha256() : comparing(file);
  };
  const common = { udp, clock: systemClock, network, takeAddress: addresses.take, timeoutSeconds };
  const cpu = process.cpuUsage();
  const beganMs = performance.now();
  const boots = await Promise.all(
    Array.from({ length: machines }, (_, index) =>
      bootMachine({ ...common, mac: macOf(index), digestOf: index === 0 ? sha256 : compared }),
    ),
  );
  const { user, system } = process.cpuUsage(cpu);
  await addresses.close();
  await udp.close();
  return { beganMs, boots, processorMs: (user + system) / 1000 };
}

/** Takes so many bytes of a live image over so many connections, with the same code, and compares them. */
async function take({ url, release, connections, bytes }: Extract<Orders, { do: 'take' }>): Promise<Taken> {
  const known = await knownFiles(release);
  const file = known.get(decodeURI(new URL(url).pathname).slice(1));
  if (file === undefined) throw new Error(`${url} is no file of the release`);
  const { address } = chooseNetwork({ interface: here });
  const each = Math.ceil(bytes / connections);
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const client = createThriftyHttp(address, new AbortController().signal);
      for (let left = each; left > 0; left -= file.bytes.length) {
        const last = Math.min(left, file.bytes.length) - 1;
        const { update, finish } = comparing({ ...file, bytes: file.bytes.subarray(0, last + 1) });
        await client.getByHttp(url, { first: 0, last }, update);
        if (finish() !== file.sha256) throw new Error('other bytes came');
      }
      client.close();
    }),
  );
  const { user, system } = process.cpuUsage(cpu);
  const tookMs = performance.now() - startedMs;
  return { bytes: each * connections, tookMs, processorMs: (user + system) / 1000 };
}

const orders = JSON.parse(process.argv[2] ?? '') as Orders;
console.log(JSON.stringify(orders.do === 'boot' ? await boot(orders) : await take(orders)));
