import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BootwrightError } from '../errors.ts';

/** Makes what happened in a folder (files that were created, renamed, removed) survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes a file so that there is the old one or the new one, whole, at every moment. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const aside = `${path}.${process.pid}.new`;
  try {
    const handle = await open(aside, 'w', 0o644);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Tells a person what a failed write means; other errors come back as they are. */
export function describeWriteFailure(error: unknown, path: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new BootwrightError('OUTPUT_FULL', { path }, { cause: error });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOENT':
    case 'EEXIST':
    case 'ENOTDIR':
    case 'EISDIR':
    case 'ENOTEMPTY':
    case 'ELOOP':
    case 'ENAMETOOLONG':
    case 'EBUSY':
    case 'EXDEV':
    case 'EFBIG':
    case 'EMFILE':
    case 'EIO':
      return new BootwrightError('OUTPUT_UNWRITABLE', { path, reason: message }, { cause: error });
    default:
      return error;
  }
}
