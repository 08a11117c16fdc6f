import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import type { BootEvent } from '../../src/boot/timeline.ts';
import type { ImageEvent } from '../../src/release/watch.ts';
import type { Place } from './place.ts';
import { Watched } from './watched.ts';

const program = join(import.meta.dirname, '../../bin/bootwright.js');

/** One line of the server's log: a step of a boot, what happened to an image, or only a message. */
export type LogLine = { readonly level: number; readonly msg: string } & (
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
  /** Ends the server as Ctrl-C does. */
  stop(): Promise<void>;
}

interface ServerOptions {
  readonly place: Place;
  /** Arguments of `bootwright serve` beside its folders and its log. */
  readonly args: readonly string[];
  /** Hears every line as it comes. */
  readonly onLine?: (line: LogLine) => void;
}

/** Starts `bootwright serve` with its own `images` and `pxe-root` in the place's folder. */
export async function startServer({ place, args, onLine }: ServerOptions): Promise<Server> {
  const images = join(place.folder, 'images');
  await mkdir(images);
  const folders = ['--images', images, '--root', join(place.folder, 'pxe-root')];
  const command = [process.execPath, program, 'serve', ...folders, '--log', 'json', '--log-level', 'debug', ...args];
  const [first = '', ...rest] = [...place.enter, ...command];
  // Not in the checkout, where a configuration may lie that is somebody's own.
  const child = execa(first, rest, { cwd: place.folder, stdin: 'ignore', reject: false, buffer: false });

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
      child.kill('SIGTERM');
      await ended;
    },
  };
}
