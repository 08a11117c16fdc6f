import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { BootwrightError } from '../../src/errors.ts';
import { type OpenedImage, type OpenImageOptions, openImage } from '../../src/input/open-image.ts';
import type { ByteSource } from '../../src/platform/files.ts';
import { readAll } from '../iso/memory-source.ts';

/** An empty folder, removed when the test is over. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bootwright-input-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function children(): string[] {
  return readdirSync('/proc/self/task').flatMap((task) =>
    readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
  );
}

/** Files that are open, by name; not the pipes and sockets of the test runner. */
function openFiles(): string[] {
  const pid = String(process.pid);
  const rows = execFileSync(
    'readlink',
    readdirSync('/proc/self/fd').map((fd) => `/proc/${pid}/fd/${fd}`),
    {
      encoding: 'utf8',
      // A descriptor of the listing itself is gone by now.
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  return rows.split('\n').filter((name) => name.startsWith(tmpdir()));
}

type Options = Omit<Partial<OpenImageOptions>, 'scratch'> & { readonly scratch?: string };

/**
 * Opens an image, hands it to `look`, and closes it. However that ends, no file is left open and no child running.
 */
export async function withImage<Result>(
  input: string,
  look: (image: OpenedImage) => Promise<Result> | Result,
  options: Options = {},
): Promise<Result> {
  const scratch = mkdtempSync(join(options.scratch ?? tmpdir(), 'bootwright-input-'));
  const before = children();
  try {
    const image = await openImage(input, { ...options, scratch: async () => scratch });
    try {
      return await look(image);
    } finally {
      await image.close();
    }
  } finally {
    expect(openFilesSafely()).toEqual([]);
    expect(children().filter((pid) => !before.includes(pid))).toEqual([]);
    rmSync(scratch, { recursive: true, force: true });
  }
}

function openFilesSafely(): string[] {
  try {
    return openFiles();
  } catch (error) {
    // `readlink` tells of the missing one by its exit status alone.
    const { stdout = '' } = error as { stdout?: string };
    return stdout.split('\n').filter((name) => name.startsWith(tmpdir()));
  }
}

/** The code that opening ends with; `none` if it works. */
export function codeOf(input: string, options: Options = {}): Promise<string> {
  return withImage(input, () => 'none', options).catch((error: unknown) => {
    if (error instanceof BootwrightError) return error.code;
    throw error;
  });
}

/** The bytes of the ISO, as they come out. */
export function isoBytes(input: string, options: Options = {}): Promise<Uint8Array> {
  return withImage(input, (image) => readAll(image.isoFile?.source as ByteSource), options);
}

/** What a packer writes to its standard output of these bytes. */
export function pack(command: readonly string[], bytes: Uint8Array): Buffer {
  const [program = '', ...options] = command;
  return execFileSync(program, options, {
    input: bytes,
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
}
