import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { execa } from 'execa';
import type { Netns } from '../test/support/netns.ts';

/** A server that runs. */
export interface Program {
  readonly pid: number;
  stop(): Promise<void>;
}

interface ProgramOptions {
  readonly words: readonly string[];
  /** What it prints goes there. */
  readonly log: string;
  /** It has started once it gives this away: HTTP, HTTPS or TFTP. */
  readonly url: string;
  /** Else it runs where we are. */
  readonly within?: Netns | undefined;
}

/** Starts a server, and waits until it serves. Rejects with what it printed. */
export async function startProgram({ words, log, url, within }: ProgramOptions): Promise<Program> {
  const enter = within === undefined ? [] : ['ip', 'netns', 'exec', within.name];
  const [first = '', ...rest] = [...enter, ...words];
  const child = execa(first, rest, { reject: false, stdin: 'ignore', stdout: { file: log }, stderr: { file: log } });
  let over = false;
  child.then(() => {
    over = true;
  });
  const stop = async () => {
    child.kill('SIGTERM');
    await child;
  };
  for (let attempt = 1; attempt <= 100 && !over; attempt++) {
    if (await answers(url, enter)) return { pid: child.pid ?? 0, stop };
    await pause(100);
  }
  await stop();
  throw new Error(`${words.slice(0, 3).join(' ')} gives no ${url}: ${await readFile(log, 'utf8')}`);
}

async function answers(url: string, enter: readonly string[]): Promise<boolean> {
  const [first = '', ...rest] = [...enter, 'curl', '-sfk', '-m', '1', '-o', '/dev/null', url];
  const { exitCode } = await execa(first, rest, { reject: false });
  return exitCode === 0;
}

/** The process of nginx that does the work: the only child of its master. */
export async function workerOf(master: Program): Promise<number> {
  const { stdout } = await execa('pgrep', ['-P', String(master.pid)]);
  return Number(stdout.split('\n')[0]);
}
