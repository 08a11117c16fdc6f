import { BootwrightError } from '../errors.ts';
import type { Budget } from '../iso/budget.ts';

/** One thing in an archive. */
export interface Member {
  /** As 7-Zip writes it, with `_` for what would break a line. */
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'other';
  readonly sizeBytes: number;
  readonly isEncrypted: boolean;
}

/** More memory than this is asked for by nothing that people pack: `7z -mx9` needs 64 MiB. */
const maxDictionaryBytes = 1024 ** 3;
const units: Readonly<Record<string, number>> = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Memory that a method needs, such as `LZMA2:24` (two to the power of it), `LZMA:1536m` or `PPMD:o6:mem29`. */
function dictionaryBytes(method: string): number {
  const sizes = [...method.matchAll(/:(?:mem)?(\d+)([bkmg]?)(?![\w])/gi)].map(([, digits, unit = '']) => {
    const factor = units[unit.toLowerCase()];
    return factor === undefined ? 2 ** Number(digits) : Number(digits) * factor;
  });
  return Math.max(0, ...sizes);
}

function memberOf(properties: ReadonlyMap<string, string>, archive: string): Member {
  const get = (property: string) => properties.get(property) ?? '';
  const path = get('Path');
  // Such as `A -rw-r--r--` or `D drwxr-xr-x`; zip and 7z have no other place for the kind.
  const attributes = get('Attributes');
  const isDirectory = get('Folder') === '+' || /^D|^\S* ?d[-r]/.test(attributes);
  const isFile = /^\d+$/.test(get('Size')) && !/(^| )[bclps][-r][-w]/.test(attributes);
  const bytes = dictionaryBytes(get('Method'));
  if (bytes > maxDictionaryBytes) {
    throw new BootwrightError('PACKED_DAMAGED', { path: archive, what: `${path} needs ${bytes} bytes of memory` });
  }
  return {
    path,
    kind: isDirectory ? 'directory' : isFile ? 'file' : 'other',
    sizeBytes: isFile && !isDirectory ? Number(get('Size')) : 0,
    isEncrypted: get('Encrypted') === '+',
  };
}

/**
 * Reads what `7z l -slt -ba` writes: for each member lines of `Name = value`, `Path` first. A comment may look like a
 * member, so that nothing is believed before it was compared with what came out. Throws PACKED_DAMAGED or
 * ISO_TREE_TOO_LARGE.
 */
export async function readListing(lines: AsyncIterable<string>, archive: string, budget: Budget): Promise<Member[]> {
  const members: Member[] = [];
  let properties: Map<string, string> | undefined;
  const close = () => {
    if (properties !== undefined) members.push(memberOf(properties, archive));
  };
  for await (const line of lines) {
    const [, name, value = ''] = /^([A-Z][\w ]*) = ?(.*)$/.exec(line) ?? [];
    if (name === undefined) continue;
    if (name === 'Path') {
      close();
      budget.spend('entries', 1);
      budget.spend('pathCharacters', value.length);
      properties = new Map();
    }
    // What is said first counts: a comment comes after the facts.
    if (properties !== undefined && !properties.has(name)) properties.set(name, value);
  }
  close();
  return members;
}
