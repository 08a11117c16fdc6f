import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { BootwrightError } from '../errors.ts';
import type { AdditionalFile } from '../image-config/config.ts';
import { bytesSource } from '../platform/files.ts';
import { openLater } from '../platform/open-later.ts';
import { isOurs } from './layout.ts';
import type { PutFile } from './overlay-tree.ts';

/** Where nothing else says so, as image.yaml documents. */
const contentMode = 0o644;

async function statSource(path: string) {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') {
      throw new BootwrightError('FILE_NOT_FOUND', { path }, { cause });
    }
    throw new BootwrightError('FILE_UNREADABLE', { path, reason: String(cause.code) }, { cause });
  });
  if (!found.isFile()) throw new BootwrightError('FILE_UNREADABLE', { path, reason: 'it is no regular file' });
  return found;
}

async function takeUp({ destination, source, content, permissions }: AdditionalFile, folder: string): Promise<PutFile> {
  if (isOurs(destination)) throw new BootwrightError('ADDITIONAL_FILE_RESERVED', { path: destination });
  if (source === undefined) {
    const bytes = bytesSource(Buffer.from(content ?? '', 'utf8'));
    return { path: destination, mode: permissions ?? contentMode, sizeBytes: bytes.sizeBytes, open: () => bytes };
  }
  const path = resolve(folder, source);
  const found = await statSource(path);
  const mode = permissions ?? found.mode & 0o777;
  return { path: destination, mode, sizeBytes: found.size, open: () => openLater(path, found.size) };
}

/**
 * The files that a configuration adds; relative sources start at `folder`. Throws FILE_NOT_FOUND, FILE_UNREADABLE or
 * ADDITIONAL_FILE_RESERVED.
 */
export function additionalFiles(files: readonly AdditionalFile[], folder: string): Promise<PutFile[]> {
  return Promise.all(files.map((file) => takeUp(file, folder)));
}

/**
 * What to say of an error of a build that adds files: where one of them is in the way of something, it is who asked for
 * it that can place it elsewhere (ADDITIONAL_FILE_TAKEN), not who made the image.
 */
export function blameAdditional(error: unknown, files: readonly AdditionalFile[]): unknown {
  if (!(error instanceof BootwrightError) || error.code !== 'IMAGE_NAME_TWICE') return error;
  const path = String(error.data['path']);
  const inTheWay = files.find(({ destination }) => destination === path || destination.startsWith(`${path}/`));
  if (inTheWay === undefined) return error;
  const { destination } = inTheWay;
  return new BootwrightError('ADDITIONAL_FILE_TAKEN', { destination, path }, { cause: error });
}
