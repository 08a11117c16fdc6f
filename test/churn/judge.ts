import { isDeepStrictEqual } from 'node:util';
import type { HealthyReport } from './healthy.ts';
import type { Stock } from './stock.ts';

/** All that was found out about one run. */
export interface Findings {
  /** Before anybody did harm, and after all of it was over. */
  readonly before: Stock;
  readonly after: Stock;
  /** Of a server that has done some work: what it remembers and keeps ready it has by then. */
  readonly warmBytes: number;
  readonly peakBytes: number;
  /** Processor time that it used in the quiet at the end, per second. */
  readonly idleMs: number;
  /** The same errands before, in the midst and after. */
  readonly alone: HealthyReport;
  readonly during: HealthyReport;
  readonly afterwards: HealthyReport;
  readonly ended: string | undefined;
  readonly complaints: string;
  /** Lines of the log that speak of a failure of the server itself. */
  readonly errors: readonly string[];
  readonly logBytes: number;
  readonly minutes: number;
}

const MiB = 2 ** 20;

/**
 * What may be more at the end than it was when warm. A heap of V8 that does nothing is not cleaned up: up to three
 * young spaces of 16 MiB stay as they were, and the allocator of the C library gives back nothing of what lies between.
 */
const mostGrownBytes = 64 * MiB;
/** While it is abused: issue and cache together. */
const mostBytes = 512 * MiB;
const mostIdleMs = 50;
/** Of the journal: a line has some 250 bytes. */
const mostLogBytesPerMinute = 4 * MiB;

/**
 * In a computer that does other work besides. Afterwards nothing takes much longer than it did before.
 */
const bounds = { duringMs: 5000, afterwardsMs: 1500, timesAsBefore: 4 } as const;

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? Number.NaN;
}

export const inMiB = (bytes: number) => `${Math.round(bytes / MiB)} MiB`;

function* compare(findings: Findings): Generator<string> {
  const { before, after, warmBytes, peakBytes, idleMs, logBytes, minutes } = findings;
  if (!isDeepStrictEqual(after.descriptors, before.descriptors)) {
    yield `descriptors: ${JSON.stringify(before.descriptors)} before, ${JSON.stringify(after.descriptors)} after`;
  }
  if (after.threads !== before.threads) yield `threads: ${before.threads} before, ${after.threads} after`;
  if (after.memoryBytes > warmBytes + mostGrownBytes) {
    yield `memory: ${inMiB(warmBytes)} when warm, ${inMiB(after.memoryBytes)} after`;
  }
  if (peakBytes > mostBytes) yield `memory: up to ${inMiB(peakBytes)}`;
  if (idleMs > mostIdleMs) yield `busy: ${idleMs} ms a second when nobody asked`;
  if (logBytes > mostLogBytesPerMinute * Math.max(minutes, 1)) yield `log: ${inMiB(logBytes)}`;
}

function* slow({ tookMs }: HealthyReport, when: string, mostMs: (name: string) => number): Generator<string> {
  for (const [name, took] of Object.entries(tookMs)) {
    const p99 = percentile(took, 0.99);
    if (p99 > mostMs(name)) yield `${when}, ${name}: p99 ${Math.round(p99)} ms`;
  }
}

/** What is not as it should be; nothing where the server is as it was. */
export function judge(findings: Findings): readonly string[] {
  const { ended, complaints, errors, alone, during, afterwards } = findings;
  const longestAlone = (name: string) => percentile(alone.tookMs[name] ?? [], 1);
  const asBefore = (name: string) => Math.max(bounds.afterwardsMs, bounds.timesAsBefore * longestAlone(name));
  if (ended !== undefined) return [`the server ended: ${ended}; ${complaints}`];
  return [
    ...compare(findings),
    ...(complaints === '' ? [] : [`it complained: ${complaints}`]),
    ...errors.map((line) => `it logged: ${line}`),
    ...during.failures.map((failure) => `while it was abused: ${failure}`),
    ...afterwards.failures.map((failure) => `afterwards: ${failure}`),
    ...slow(during, 'while it was abused', () => bounds.duringMs),
    ...slow(afterwards, 'afterwards', asBefore),
  ];
}
