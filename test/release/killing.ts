import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export interface Run {
  readonly durationMs: number;
  readonly killed: boolean;
}

/** When to kill: so long after the start, or after something is there. */
export interface Moment {
  readonly afterMs: number;
  readonly seen?: () => boolean;
}

/** Runs Node with arguments to its end, or kills it. Throws where it fails by itself. */
export function run(args: readonly string[], moment?: Moment): Promise<Run> {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const timers: NodeJS.Timeout[] = [];
    const kill = ({ afterMs }: Moment) => timers.push(setTimeout(() => child.kill('SIGKILL'), afterMs));
    onTestFinished(() => void child.kill('SIGKILL'));
    let errors = '';
    child.stderr.on('data', (data) => {
      errors += data;
    });
    if (moment?.seen !== undefined) {
      const looking = setInterval(() => {
        if (!moment.seen?.()) return;
        clearInterval(looking);
        kill(moment);
      }, 1);
      timers.push(looking);
    } else if (moment !== undefined) {
      kill(moment);
    }
    child.on('error', reject);
    child.on('exit', (status, signal) => {
      for (const timer of timers) clearTimeout(timer);
      if (status === 0 || signal === 'SIGKILL') {
        resolve({ durationMs: performance.now() - startedMs, killed: signal === 'SIGKILL' });
      } else {
        reject(new Error(`exit ${status}: ${errors}`));
      }
    });
  });
}

/** What changes when a file or a folder is replaced, or when something comes into a folder or goes out of it. */
function stateOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? 'absent' : `${found.ino} ${found.mtimeMs}`;
}

/** Becomes true when anything happens to what is at a path. */
export function touched(path: string): () => boolean {
  let before: string | undefined;
  return () => {
    before ??= stateOf(path);
    return stateOf(path) !== before;
  };
}

/** So many moments from the start of the work to its end: a good part of a short run is Node itself. */
export function spread(durationMs: number, count: number): Moment[] {
  return Array.from({ length: count }, (_, index) => ({
    afterMs: durationMs * (0.3 + (0.72 * index) / (count - 1)),
  }));
}

function isAbout(pid: string, folder: string): boolean {
  try {
    const command = readFileSync(join('/proc', pid, 'cmdline'), 'utf8');
    return command.includes(folder) || readlinkSync(join('/proc', pid, 'cwd')).startsWith(folder);
  } catch {
    return false;
  }
}

/** Processes that work on files of a folder, or in it, but for this one. */
function processesAbout(folder: string): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  return pids.filter((pid) => isAbout(pid, folder));
}

/** Waits until nothing works in a folder any more; throws if something still does after `limitMs`. */
export async function requireQuiet(folder: string, limitMs: number): Promise<void> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    const busy = processesAbout(folder);
    if (busy.length === 0) return;
    if (performance.now() > endMs) throw new Error(`still at work in ${folder}: ${busy.join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
