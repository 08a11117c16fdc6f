import { open } from 'node:fs/promises';
import { BootwrightError } from '../errors.ts';
import type { ByteSource } from './files.ts';
import { readFully } from './files-node.ts';

/**
 * A file that is opened anew for each read, so that many can be named without holding a descriptor of each, and nobody
 * has to close one. A read throws FILE_UNREADABLE.
 */
export function openLater(path: string, sizeBytes: number): ByteSource {
  return {
    sizeBytes,
    async read(into, positionBytes) {
      try {
        await using handle = await open(path, 'r');
        return await readFully(handle, into, positionBytes);
      } catch (cause) {
        const { code, message } = cause as NodeJS.ErrnoException;
        throw new BootwrightError('FILE_UNREADABLE', { path, reason: code ?? message }, { cause });
      }
    },
    close: () => Promise.resolve(),
  };
}
