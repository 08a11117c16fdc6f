import { readFile, stat } from 'node:fs/promises';
import { BootwrightError } from '../errors.ts';

/** Files of whoever runs the server, as PEM. */
export interface TlsFiles {
  /** The certificate, and behind it those of its issuers. */
  readonly certificate: string;
  readonly key: string;
}

/** Nobody's chain is longer. */
const mostBytes = 1024 * 1024;

/** A file and its permissions, as `chmod` has them. Throws TLS_FILE_UNREADABLE. */
export async function readPem(path: string): Promise<{ readonly text: string; readonly mode: number }> {
  try {
    const stats = await stat(path);
    if (!stats.isFile()) throw new Error('it is no file');
    if (stats.size > mostBytes) throw new Error(`${stats.size} bytes are too many`);
    return { text: await readFile(path, 'utf8'), mode: stats.mode & 0o777 };
  } catch (cause) {
    throw new BootwrightError('TLS_FILE_UNREADABLE', { path, reason: (cause as Error).message }, { cause });
  }
}

/** What is the same for as long as nobody has touched the files, or the links that lead to them. */
export async function stateOf({ certificate, key }: TlsFiles): Promise<string> {
  const states = [certificate, key].map(async (path) => {
    try {
      const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
      return [dev, ino, size, mtimeNs, ctimeNs].join(':');
    } catch (error) {
      return String((error as NodeJS.ErrnoException).code);
    }
  });
  return (await Promise.all(states)).join(' ');
}
