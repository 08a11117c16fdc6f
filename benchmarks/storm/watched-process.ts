import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** A process from outside, as proc(5) shows it. */
export interface Seen {
  readonly residentBytes: number;
  readonly descriptors: number;
  /** Of each of its threads that is there, since it began; the first has Node's event loop. */
  readonly threadsMs: ReadonlyMap<number, number>;
}

function statusBytes(pid: number, key: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;
}

/** Of utime and stime, in hundredths of a second. */
function threadMs(pid: number, id: string): number {
  const fields = readFileSync(`/proc/${pid}/task/${id}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

export function look(pid: number): Seen {
  return {
    residentBytes: statusBytes(pid, 'VmRSS'),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threadsMs: new Map(readdirSync(`/proc/${pid}/task`).map((id) => [Number(id), threadMs(pid, id)])),
  };
}

/** Looks at its memory all the time. */
export interface MemoryWatch {
  /** Ends it. */
  stop(): {
    /** As it was at the beginning, at each quarter of the time, and at the end. */
    readonly residentBytes: readonly number[];
    readonly peakBytes: number;
  };
}

const everyMs = 100;
const quarters = 4;

export function watchMemory(pid: number): MemoryWatch {
  // From here on the kernel counts the peak anew (proc(5), clear_refs).
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  const samples = [statusBytes(pid, 'VmRSS')];
  const timer = setInterval(() => samples.push(statusBytes(pid, 'VmRSS')), everyMs);
  return {
    stop() {
      clearInterval(timer);
      samples.push(statusBytes(pid, 'VmRSS'));
      const last = samples.length - 1;
      const residentBytes = Array.from({ length: quarters + 1 }, (_, index) => {
        return samples[Math.round((last * index) / quarters)] ?? 0;
      });
      return { residentBytes, peakBytes: statusBytes(pid, 'VmHWM') };
    },
  };
}
