import { Random } from '../fuzz/random.ts';
import { dhcpKinds, introduce } from './dhcp-visits.ts';
import { openForge } from './forge.ts';
import { forgedKinds } from './forged-visits.ts';
import { httpKinds } from './http-visits.ts';
import type { Kind, Tally } from './kind.ts';
import { tftpKinds } from './tftp-visits.ts';
import { tlsKinds } from './tls-visits.ts';

/** What the program beside is told, as JSON in its first argument. */
export interface CrowdOrders {
  readonly seed: number;
  /** At the same time. */
  readonly visitors: number;
  readonly serverMac: string;
  /** Machines that are invented for DHCP. */
  readonly machines: number;
  /** Whether all of them ask once, before anybody else comes. */
  readonly introduces: boolean;
  readonly longestTimeout: number;
  readonly stallMs: number;
  readonly https: boolean;
  /** Only kinds whose names begin so; empty: all. */
  readonly only: string;
}

export type CrowdReport = Readonly<Record<string, Tally & { readonly failed: string[] }>>;

// A program of its own: it says how much it did once its input ends.
const orders = JSON.parse(process.argv[2] ?? '{}') as CrowdOrders;
const kinds: readonly (readonly [string, Kind])[] = Object.entries({
  ...tftpKinds(orders.longestTimeout),
  ...forgedKinds(openForge(orders.serverMac)),
  ...httpKinds(orders.stallMs),
  ...(orders.https ? tlsKinds : {}),
  ...dhcpKinds(orders.machines),
}).filter(([name]) => name.startsWith(orders.only));
const report: Record<string, Tally & { failed: string[] }> = {};
const present = new Map<string, number>();
const ending = new AbortController();

/** One who comes again and again, each time with something else in mind. */
async function visitor(random: Random): Promise<void> {
  while (!ending.signal.aborted) {
    const [name, { visit, most = Number.POSITIVE_INFINITY }] = random.pick(kinds);
    const others = present.get(name) ?? 0;
    if (others >= most) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      continue;
    }
    present.set(name, others + 1);
    report[name] ??= { visits: 0, sent: 0, failed: [] };
    const tally = report[name];
    tally.visits += 1;
    try {
      tally.sent += await visit(random, ending.signal);
    } catch (error) {
      // Of the visitor itself, and so worth a look.
      if (tally.failed.length < 3) tally.failed.push(String((error as Error).stack));
    }
    present.set(name, (present.get(name) ?? 1) - 1);
  }
}

if (orders.introduces) await introduce(orders.machines);
process.stdout.write('ready\n');
const visitors = Array.from({ length: orders.visitors }, (_, nth) => visitor(new Random(orders.seed * 1000 + nth)));
process.stdin.resume().once('end', () => ending.abort());
await Promise.race([
  Promise.all(visitors),
  new Promise((resolve) => ending.signal.addEventListener('abort', () => setTimeout(resolve, 10_000))),
]);
process.stdout.write(`${JSON.stringify(report satisfies CrowdReport)}\n`, () => process.exit());
