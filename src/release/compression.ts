import { BootwrightError } from '../errors.ts';

/** How an archive is packed. */
export type Compression = 'none' | 'gzip' | 'zstd';

const endings: readonly (readonly [string, Compression])[] = [
  ['.tar', 'none'],
  ['.tar.gz', 'gzip'],
  ['.tgz', 'gzip'],
  ['.tar.zst', 'zstd'],
  ['.tzst', 'zstd'],
];

/** What the name of an archive says of its compression. Throws OUTPUT_NAME_UNKNOWN. */
export function compressionOf(path: string): Compression {
  const name = path.toLowerCase();
  const found = endings.find(([ending]) => name.endsWith(ending));
  if (found !== undefined) return found[1];
  throw new BootwrightError('OUTPUT_NAME_UNKNOWN', { path, endings: endings.map(([ending]) => ending).join(', ') });
}
