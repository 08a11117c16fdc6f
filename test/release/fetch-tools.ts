import { accessSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { execa, type Options } from 'execa';

export const script = join(import.meta.dirname, '../../src/release/fetch-artifacts.sh');

/** A system that the script runs on: its shell, and a folder with all programs that it has. */
export interface System {
  readonly shell: readonly string[];
  readonly path: string;
}

const needed = 'awk cat chmod find ln mkdir mktemp mv readlink rm rmdir sed sha256sum sleep tail tr wc'.split(' ');

function whereIs(program: string): string {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    try {
      accessSync(join(folder, program));
      return join(folder, program);
    } catch {
      // In another one.
    }
  }
  throw new Error(`${program} is not here`);
}

/** Makes a system in an empty folder, of the programs of this one and one to fetch with, or of busybox alone. */
export function makeSystem(folder: string, shell: 'dash' | 'bash' | 'busybox', fetcher: 'curl' | 'wget'): System {
  const path = join(folder, `${shell}-${fetcher}`);
  mkdirSync(path);
  const busybox = whereIs('busybox');
  const programs = [...needed, fetcher];
  for (const program of programs) {
    const isOwn = shell === 'busybox' && program !== 'curl';
    symlinkSync(isOwn ? busybox : whereIs(program), join(path, program));
  }
  return { shell: shell === 'busybox' ? [busybox, 'sh'] : [whereIs(shell)], path };
}

interface Run {
  readonly system: System;
  readonly args: readonly string[];
  /** What the kernel was told. */
  readonly commandLine?: string;
  readonly scratch: string;
  readonly options?: Options;
}

/** Starts the script on a system. */
export function start({ system, args, commandLine = '', scratch, options = {} }: Run) {
  const file = join(scratch, 'cmdline');
  writeFileSync(file, `${commandLine}\n`);
  const [shell = '', ...words] = system.shell;
  return execa(shell, [...words, script, ...args], {
    reject: false,
    timeout: 25_000,
    extendEnv: false,
    env: { PATH: system.path, TMPDIR: scratch, FETCH_ARTIFACTS_CMDLINE: file },
    ...options,
  });
}
