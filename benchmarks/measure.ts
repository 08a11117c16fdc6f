import { readFileSync } from 'node:fs';
import { processClockNs } from './calls.ts';

/** Milliseconds that some work takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** The value that `share` of all values (0 to 1) are not above. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? Number.NaN;
}

/** Milliseconds of processor time that a process has used so far, in all of its threads. */
export function processorMs(pid: number): number {
  return processClockNs(pid) / 1e6;
}

/** The most memory that a process ever had in use, in bytes, as the kernel counts it; 0 once it is gone. */
export function peakBytes(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Names of what was measured, with a value each. */
type Sample<What extends string> = Readonly<Record<What, number>>;

/**
 * Measures each of some programs once a round, and every other round from the last to the first. What is first measured
 * only fills the caches, and does not count. The medians of the others.
 */
export async function byTurns<Who extends string, What extends string>(
  programs: readonly Who[],
  rounds: number,
  measureOnce: (who: Who) => Promise<Sample<What>>,
): Promise<Record<Who, Sample<What>>> {
  const samples = new Map<Who, Sample<What>[]>(programs.map((who) => [who, []]));
  for (const who of programs) await measureOnce(who);
  for (let round = 1; round <= rounds; round++) {
    for (const who of round % 2 === 1 ? programs : programs.toReversed()) {
      samples.get(who)?.push(await measureOnce(who));
    }
  }
  return Object.fromEntries([...samples].map(([who, all]) => [who, medians(all)])) as Record<Who, Sample<What>>;
}

function medians<What extends string>(samples: readonly Sample<What>[]): Sample<What> {
  const names = Object.keys(samples[0] ?? {}) as What[];
  return Object.fromEntries(names.map((name) => [name, median(samples.map((sample) => sample[name]))])) as Sample<What>;
}
