import { basename, resolve } from 'node:path';

/** What names of images end in, by how they are packed. */
const endings = /\.(iso|img|udf|gz|gzip|zst|zstd|xz|bz2|lz4|7z|zip|tar|tgz|txz|tzst)$/i;

/** What images from a pipe are called, and those whose names are endings alone. */
const nameless = 'image';

/** A name that somebody chose, or that a manifest has, as files can be called: it is no path, and whole characters. */
export function asFileName(name: string): string {
  const safe = name.toWellFormed().replace(/[/\0]/g, '-');
  return /^\.{0,2}$/.test(safe) ? nameless : safe;
}

/** The name of an image without its folder, its packings and `.iso`. */
export function imageName(path: string): string {
  let name = path === '-' ? nameless : basename(resolve(path));
  while (endings.test(name)) name = name.replace(endings, '');
  return name || nameless;
}
