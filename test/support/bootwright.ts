import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import type { BootEvent } from '../../src/boot/timeline.ts';
import type { Netns } from './netns.ts';

const program = join(import.meta.dirname, '../../bin/bootwright.js');

/** One line of the server's log. */
type LogLine = { readonly level: number; readonly msg: string } & (BootEvent | { readonly step?: undefined });

interface Ended {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly stderr: string;
}

/** A `bootwright serve` that runs. */
export interface Serving {
  readonly pid: number;
  readonly lines: readonly LogLine[];
  readonly ended: Promise<Ended>;
  /** The first line, from the start or `since`, of which it is true. */
  waitFor(isWanted: (line: LogLine) => boolean, since?: number): Promise<LogLine>;
  kill(signal: NodeJS.Signals): void;
}

/** A folder of its own for one server: `<folder>/root`, `<folder>/images`. */
export async function makeFolders(): Promise<{ folder: string; root: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'bootwright-serve-'));
  await mkdir(join(folder, 'images'));
  return { folder, root: join(folder, 'root'), remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Runs a command of Bootwright to its end, as a person would. */
export async function bootwright(args: readonly string[], cwd?: string) {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [program, ...args], {
    reject: false,
    timeout: 20_000,
    ...(cwd === undefined ? {} : { cwd }),
  });
  return { exitCode, stdout, stderr };
}

/** Starts `bootwright serve` in a folder of `makeFolders`, in a namespace where one is given. It may fail to start. */
export function launch(folder: string, args: readonly string[], where?: Netns, as: readonly string[] = []): Serving {
  // Nobody else is there, and most tests would only wait. A flag says more than this does.
  const env = { BOOTWRIGHT_DHCP_LOOKSECONDS: '0' };
  const options = { cwd: folder, env, stdin: 'ignore', reject: false, buffer: false, timeout: 120_000 } as const;
  const words = [
    ...as,
    process.execPath,
    program,
    'serve',
    '--root',
    'root',
    '--log',
    'json',
    '--log-level',
    'debug',
    ...args,
  ];
  const enter = where === undefined ? [] : ['ip', 'netns', 'exec', where.name];
  const [first = '', ...rest] = [...enter, ...words];
  const child = execa(first, rest, options);
  const lines: LogLine[] = [];
  let changed = () => {};
  let stderr = '';
  let isOver = false;
  createInterface({ input: child.stdout }).on('line', (text) => {
    lines.push(JSON.parse(text) as LogLine);
    changed();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = child.then(({ exitCode, signal }) => {
    isOver = true;
    changed();
    return { exitCode, signal, stderr };
  });

  async function waitFor(isWanted: (line: LogLine) => boolean, since = 0): Promise<LogLine> {
    const deadline = Date.now() + 15_000;
    for (;;) {
      const found = lines.slice(since).find(isWanted);
      if (found !== undefined) return found;
      if (isOver || Date.now() > deadline) {
        const last = lines.slice(-10).map(({ msg }) => msg);
        throw new Error(`it ${isOver ? 'ended' : 'never said that'}: ${stderr}\n${last.join('\n')}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000);
        changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  return { pid: child.pid ?? 0, lines, ended, waitFor, kill: (signal) => void child.kill(signal) };
}

/** Starts a server and waits until it serves. */
export async function serve(folder: string, args: readonly string[], where?: Netns): Promise<Serving> {
  const serving = launch(folder, args, where);
  await serving.waitFor(({ msg }) => /^(machines boot|nothing to boot)/.test(msg));
  return serving;
}
