import { percentile } from '../measure.ts';
import type { Boot } from './machine.ts';
import type { Storm } from './storm.ts';

const gigabyte = 1e9;

/** What one storm comes to. Times in milliseconds since all machines were switched on. */
export interface Figures {
  readonly machines: number;
  readonly booted: number;
  /** How many failed with each code, and how one of them did. */
  readonly failures: ReadonlyMap<string, { readonly count: number; readonly example: string }>;
  readonly firstMs: number;
  readonly medianMs: number;
  readonly slowMs: number;
  readonly lastMs: number;
  /** When the last one had its address; its loaders and its configuration. */
  readonly addressMs: number;
  readonly loadedMs: number;
  readonly perMinute: number;
  readonly tftpBytes: number;
  readonly httpBytes: number;
  /** Of the server. */
  readonly processorMs: number;
  readonly mainThreadMs: number;
  /** Bytes a second, at the fastest; `undefined`: the link was not measured. */
  readonly linkRate: number | undefined;
  /** Time to the last one, over bytes divided by the link; `undefined`: the link was not measured. */
  readonly overLink: number | undefined;
}

export function figuresOf({ machines, boots, linkRates, before, after }: Storm): Figures {
  const took = boots.map(({ endedMs }) => endedMs);
  const lastMs = Math.max(...took);
  const booted = boots.filter(({ failure }) => failure === undefined).length;
  const sum = (key: 'tftpBytes' | 'httpBytes') => boots.reduce((total, boot) => total + boot[key], 0);
  const [tftpBytes, httpBytes] = [sum('tftpBytes'), sum('httpBytes')];
  const latest = (key: 'addressMs' | 'loadedMs') => Math.max(...boots.map((boot) => boot[key] ?? 0));
  const linkRate = linkRates.length === 0 ? undefined : Math.max(...linkRates);
  const spent = [...after.threadsMs].map(([id, ms]) => ms - (before.threadsMs.get(id) ?? 0));
  return {
    machines,
    booted,
    failures: failuresOf(boots),
    firstMs: Math.min(...took),
    medianMs: percentile(took, 0.5),
    slowMs: percentile(took, 0.99),
    lastMs,
    addressMs: latest('addressMs'),
    loadedMs: latest('loadedMs'),
    perMinute: (booted * 60_000) / lastMs,
    tftpBytes,
    httpBytes,
    processorMs: spent.reduce((total, ms) => total + ms, 0),
    // The kernel lists the first thread first.
    mainThreadMs: spent[0] ?? 0,
    linkRate,
    overLink: linkRate === undefined ? undefined : lastMs / 1000 / ((tftpBytes + httpBytes) / linkRate),
  };
}

function failuresOf(boots: readonly Boot[]): Figures['failures'] {
  const failures = new Map<string, { count: number; example: string }>();
  for (const { mac, failure } of boots) {
    if (failure === undefined) continue;
    const { code, message, at } = failure;
    const known = failures.get(code) ?? { count: 0, example: `${mac} at "${at}": ${message}` };
    failures.set(code, { ...known, count: known.count + 1 });
  }
  return failures;
}

/** What serving costs, by a storm of large images and one of small ones. */
export interface Costs {
  /** Milliseconds of the main thread for the DHCP, the loaders and the requests of one machine. */
  readonly machineMs: number;
  /** And for each gigabyte (10⁹ bytes) beside. */
  readonly gigabyteMs: number;
  /** Until the last of them had its loaders, for each machine. */
  readonly loadedMs: number;
}

/** Two equations with two unknowns: both storms have the same machines, and other bytes. */
export function costsOf(large: Figures, small: Figures): Costs {
  const bytes = ({ httpBytes, machines }: Figures) => httpBytes / gigabyte / machines;
  const each = ({ mainThreadMs, machines }: Figures) => mainThreadMs / machines;
  const gigabyteMs = Math.max(0, (each(large) - each(small)) / (bytes(large) - bytes(small)));
  return {
    gigabyteMs,
    machineMs: Math.max(0, each(small) - gigabyteMs * bytes(small)),
    loadedMs: small.loadedMs / small.machines,
  };
}

/** How long so many machines take on a link, by arithmetic alone. Seconds. */
export interface Forecast {
  readonly linkGbit: number;
  /** All bytes on the wire. */
  readonly linkSeconds: number;
  /** All work of the server's main thread, which does one thing at a time. */
  readonly processorSeconds: number;
  /** Until the last one has its address and its loaders, at the rate of the small storm. */
  readonly loadedSeconds: number;
  readonly bottleneck: 'link' | 'processor';
}

/** What Ethernet, IP and TCP leave of a wire: 1448 of 1538 bytes. */
const payload = 1448 / 1538;

export function forecast(costs: Costs, machines: number, bytesEach: number, linkGbit: number): Forecast {
  const linkSeconds = (machines * bytesEach * 8) / (linkGbit * 1e9 * payload);
  const gigabytes = (machines * bytesEach) / gigabyte;
  const processorSeconds = (machines * costs.machineMs + gigabytes * costs.gigabyteMs) / 1000;
  return {
    linkGbit,
    linkSeconds,
    processorSeconds,
    loadedSeconds: (machines * costs.loadedMs) / 1000,
    bottleneck: linkSeconds >= processorSeconds ? 'link' : 'processor',
  };
}
