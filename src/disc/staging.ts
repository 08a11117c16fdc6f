import { link, mkdtemp, open, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { BootwrightError } from '../errors.ts';
import { describeWriteFailure, syncFolder } from '../platform/durable.ts';
import { writeFrom } from '../release/write.ts';
import type { DiscFile } from './changes.ts';

/** What xorriso reads and writes, under names of our own: no name of the caller or of an image reaches it this way. */
export const stagedNames = { input: 'input.iso', output: 'output.iso', commands: 'commands' } as const;

/** A private folder beside an output, in which it is made. */
export interface DiscStaging {
  readonly folder: string;
  /** The path of `stagedNames.output`. */
  readonly output: string;
  /** What it becomes. */
  readonly outPath: string;
  writeCommands(lines: readonly string[]): Promise<void>;
  /** Lets `stagedNames.input` lead to an ISO. */
  linkInput(path: string): Promise<void>;
  /** Copies a file in, and gives its name in the folder and its SHA-256 in hexadecimal. */
  spool(file: DiscFile, index: number, signal?: AbortSignal): Promise<{ name: string; sha256: string }>;
  /** The output becomes the one that was asked for, safe on disk. */
  finish(): Promise<void>;
  remove(): Promise<void>;
}

/**
 * Makes the folder. Errors of the file system come as OUTPUT_FULL or OUTPUT_UNWRITABLE for `outPath`, also if
 * something is there already.
 */
export async function makeDiscStaging(outPath: string): Promise<DiscStaging> {
  const about = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw describeWriteFailure(error, outPath);
    });
  const folder = await about(mkdtemp(join(dirname(outPath), `.${basename(outPath).slice(0, 100)}.disc-`)));
  const output = join(folder, stagedNames.output);
  return {
    folder,
    output,
    outPath,
    writeCommands: (lines) => about(writeFile(join(folder, stagedNames.commands), `${lines.join('\n')}\n`)),
    linkInput: (path) => about(symlink(resolve(path), join(folder, stagedNames.input))),
    async spool(file, index, signal) {
      const name = `put-${index}`;
      const source = file.open();
      try {
        const options = { name: file.path, mode: 0o600, signal };
        const { sizeBytes, sha256 } = await about(writeFrom(source, join(folder, name), options));
        if (sizeBytes !== file.sizeBytes) throw new BootwrightError('SOURCE_CHANGED', { path: file.path });
        return { name, sha256 };
      } finally {
        await source.close();
      }
    },
    finish: () => about(publish(output, outPath)),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Gives a file its name, unless something has it by now. */
async function publish(from: string, to: string): Promise<void> {
  const handle = await open(from, 'r');
  try {
    await handle.chmod(0o644);
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await link(from, to);
    await unlink(from);
  } catch (error) {
    // File systems without hard links, such as FAT.
    if (!['EPERM', 'EOPNOTSUPP', 'ENOSYS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    await rename(from, to);
  }
  await syncFolder(dirname(to));
}
