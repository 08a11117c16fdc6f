import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { BootwrightError } from '../errors.ts';

/** Debian packages that bring the programs. */
const packages = {
  sqfs2tar: 'squashfs-tools-ng',
  tar2sqfs: 'squashfs-tools-ng',
  rdsquashfs: 'squashfs-tools-ng',
  bwrap: 'bubblewrap',
} as const;

type Program = keyof typeof packages;

/** How a program ended, and the last lines that it said. */
export interface Exit {
  readonly succeeded: boolean;
  readonly lines: readonly string[];
}

export interface Running {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Throws INITRAMFS_PROGRAM_MISSING, or the signal's reason. */
  readonly exit: Promise<Exit>;
  /** Ends it at once. */
  kill(): void;
}

interface Limits {
  /** Address space of each of its processes. What it works on may be hostile. */
  readonly memoryBytes: number;
  readonly signal?: AbortSignal | undefined;
}

const keptBytes = 16 * 1024;
const keptLines = 20;
/** What env says where there is no such program. POSIX.1-2024 env */
const notFound = 127;

/** Starts a program, with times and messages that depend on nothing here. Its standard error is kept, the last of it. */
export function start(program: Program, args: readonly string[], { memoryBytes, signal }: Limits): Running {
  const limited = ['--core=0', `--as=${memoryBytes}`, 'env', 'LC_ALL=C', 'SOURCE_DATE_EPOCH=0', program, ...args];
  const child = spawn('prlimit', limited, { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('latin1').on('data', (text: string) => {
    said = (said + text).slice(-keptBytes);
  });
  const kill = () => {
    child.kill('SIGKILL');
  };
  signal?.addEventListener('abort', kill, { once: true });
  if (signal?.aborted === true) kill();
  const exit = new Promise<Exit>((resolve, reject) => {
    child.once('error', () => reject(missing('prlimit', 'util-linux')));
    child.once('close', (status) => {
      signal?.removeEventListener('abort', kill);
      if (signal?.aborted === true) reject(signal.reason);
      else if (status === notFound) reject(missing(program, packages[program]));
      else resolve({ succeeded: status === 0, lines: lastLines(said) });
    });
  });
  // Whoever waits for it hears of it; until then it is no fault of the process.
  exit.catch(() => {});
  // A program that ends early closes its input: its exit says why.
  child.stdin.on('error', () => {});
  return { stdin: child.stdin, stdout: child.stdout, exit, kill };
}

function lastLines(said: string): string[] {
  const text = Buffer.from(said, 'latin1').toString('utf8');
  const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== '');
  return lines.slice(-keptLines);
}

function missing(program: string, debianPackage: string): BootwrightError {
  return new BootwrightError('INITRAMFS_PROGRAM_MISSING', { program, package: debianPackage });
}

/** What a program said last, on one line. */
export function reasonOf({ lines }: Exit, count = 1): string {
  return lines.slice(-count).join(' | ') || 'it said nothing';
}
