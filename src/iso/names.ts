import { BootwrightError } from '../errors.ts';
import { decodeText, decodeUcs2 } from './text.ts';

/** Which of an image's trees its names come from. */
export type Naming = 'rock-ridge' | 'joliet' | 'iso9660';

/**
 * The name in a record's identifier, without the version (`;1`) and, in plain ISO9660, without the dot that stands
 * for "no extension". Upper case stays as it is written, as xorriso and bsdtar show it, though a Linux mount would
 * show lower case: `find` does not mind.
 */
export function decodeIdentifier(identifier: Uint8Array, naming: Naming): string {
  if (naming === 'joliet') return decodeUcs2(identifier).replace(/;\d*$/, '');
  return decodeText(identifier)
    .replace(/;\d*$/, '')
    .replace(/(?<=.)\.$/, '');
}

/** Throws ISO_NAME_UNSAFE for what no file may be called. */
export function requireSafeName(name: string, directory: string): void {
  if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0')) {
    throw new BootwrightError('ISO_NAME_UNSAFE', { name: JSON.stringify(name), directory });
  }
}
