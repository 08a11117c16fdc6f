import { BootwrightError } from '../errors.ts';

/** PATH_MAX and NAME_MAX of Linux. */
const maxPathBytes = 4095;
const maxNameBytes = 255;

/** How a path of an entry reads, for people: UTF-8 where it is that. */
export function readable(path: string): string {
  return Buffer.from(path, 'latin1').toString('utf8');
}

function isSafe(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && name.length <= maxNameBytes && !name.includes('\0');
}

/**
 * The path of an entry from how an archive writes it, such as `./etc/fstab`; empty for the root. What leads out of the
 * root, or could not be made on Linux, is refused. Throws INITRAMFS_NAME_UNSAFE.
 *
 * @param archive where it is written, for the error
 */
export function entryPath(written: string, archive: string): string {
  const path = written.replace(/^(\.\/+)+/, '').replace(/(?<=[^/])\/+$/, '');
  if (path === '.' || path === '') return '';
  if (path.length > maxPathBytes || !path.split('/').every(isSafe)) {
    throw new BootwrightError('INITRAMFS_NAME_UNSAFE', {
      path: archive,
      name: JSON.stringify(readable(path.slice(0, 200))),
    });
  }
  return path;
}
