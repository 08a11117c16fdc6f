import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import type { BootEvent } from '../../src/boot/timeline.ts';
import type { ImageEvent } from '../../src/release/watch.ts';
import { Watched } from './watched.ts';

const program = join(import.meta.dirname, '../../bin/bootwright.js');

/** One line of the server's log: a step of a boot, what happened to an image, or only a message. */
type LogLine = { readonly level: number; readonly msg: string } & (
  | BootEvent
  | ImageEvent
  | { readonly step?: undefined }
);
const error = 50;

export interface Server {
  /** What it reported so far, in order. */
  readonly lines: readonly LogLine[];
  /** The folder that ISOs are put into. */
  readonly images: string;
  /**
   * The first line, from the start on, of such a step. Rejects after `timeoutMs`, when the server reports an error and
   * when it ends; the error shows the last lines.
   */
  waitFor<Step extends LogLine['step']>(step: Step, timeoutMs: number): Promise<Extract<LogLine, { step?: Step }>>;
  /** Ends the server and removes its folders. */
  stop(): Promise<void>;
}

interface ServerOptions {
  /** Arguments of `bootwright serve` beside its folders and its log. */
  readonly args: readonly string[];
  /** What `ip` must be given to start it inside a namespace; without it, it is started as it is. */
  readonly enter?: readonly string[];
  /** Hears every line as it comes. */
  readonly onLine?: (line: LogLine) => void;
}

/** Starts `bootwright serve` with folders of its own. */
export async function startServer({ args, enter, onLine }: ServerOptions): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'bootwright-server-'));
  const [images, root] = [join(folder, 'images'), join(folder, 'pxe-root')];
  await mkdir(images);
  const serve = [
    program,
    'serve',
    '--images',
    images,
    '--root',
    root,
    '--log',
    'json',
    '--log-level',
    'debug',
    ...args,
  ];
  const options = { cwd: folder, stdin: 'ignore', reject: false, buffer: false } as const;
  const child =
    enter === undefined
      ? execa(process.execPath, serve, options)
      : execa('ip', [...enter, process.execPath, ...serve], options);

  const lines: LogLine[] = [];
  const watched = new Watched();
  let complaint = '';
  let end: string | undefined;
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = JSON.parse(text) as LogLine;
    lines.push(line);
    onLine?.(line);
    watched.changed();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const ended = child.then(({ exitCode, signal }) => {
    end = `the server ended (${signal ?? `status ${exitCode}`}) ${complaint}`.trim();
    watched.changed();
  });

  return {
    lines,
    images,
    waitFor: (step, timeoutMs) => {
      type Wanted = Extract<LogLine, { step?: typeof step }>;
      const failed = (reason: string) => {
        const last = lines.slice(-15).map(({ msg }) => msg);
        return new Error(`${reason} while waiting for "${step}". Its last lines:\n${last.join('\n')}`);
      };
      const look = () => {
        const found = lines.find((line): line is Wanted => line.step === step);
        if (found !== undefined) return found;
        const bad = lines.find(({ level }) => level >= error);
        if (bad !== undefined) throw failed(`the server says "${bad.msg}"`);
        if (end !== undefined) throw failed(end);
        return undefined;
      };
      return watched.until(look, timeoutMs, () => failed(`${timeoutMs / 1000} s passed`));
    },
    async stop() {
      child.kill('SIGTERM', undefined);
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
