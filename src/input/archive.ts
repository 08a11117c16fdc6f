import { chmod, lstat, mkdtemp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BootwrightError } from '../errors.ts';
import { onOneLine } from '../format.ts';
import { requireWholeArchive } from './archive-end.ts';
import type { Layer } from './layer.ts';
import type { Member } from './listing.ts';
import { extractMembers, listMembers } from './seven-zip.ts';

/** As many names as an error tells. */
const maxNames = 10;

function namesOf(members: readonly Member[]): string {
  const names = members.slice(0, maxNames).map(({ path }) => onOneLine(path));
  const more = members.length - names.length;
  if (names.length === 0) return 'nothing';
  return more === 0 ? names.join(', ') : `${names.join(', ')} and ${more} more`;
}

/** The image: the one file that is called `.iso`, in whatever folder, or the only file there is. */
function chooseMember(members: readonly Member[], path: string): Member {
  const files = members.filter(({ kind }) => kind === 'file');
  const isos = files.filter((member) => /\.iso$/i.test(member.path));
  const candidates = isos.length === 0 && files.length === 1 ? files : isos;
  const [only] = candidates;
  if (only === undefined) {
    throw new BootwrightError('ARCHIVE_NO_ISO', { path, found: namesOf(files) });
  }
  if (candidates.length > 1) {
    throw new BootwrightError('ARCHIVE_SEVERAL_ISOS', { path, found: namesOf(candidates) });
  }
  if (only.isEncrypted) throw new BootwrightError('ARCHIVE_ENCRYPTED', { path });
  return only;
}

/**
 * Takes the image out of a 7z or zip archive, into a new folder of `scratch`; its path there. Throws ARCHIVE_NO_ISO,
 * ARCHIVE_SEVERAL_ISOS, ARCHIVE_ENCRYPTED, PACKED_DAMAGED, PROGRAM_MISSING, PROGRAM_ENDED, INPUT_TOO_LARGE or
 * INPUT_NO_ROOM.
 */
export async function takeFromArchive(layer: Layer, type: '7z' | 'zip', scratch: string): Promise<string> {
  const { path, room, onBytes } = layer;
  await requireWholeArchive(layer.source, type, path);
  const member = chooseMember(await listMembers(layer, type), path);
  await room.take(member.sizeBytes);
  const folder = await mkdtemp(join(scratch, 'member-'));
  let seenBytes = 0;
  const look = async () => {
    const [name] = await readdir(folder);
    const { size } = (name === undefined ? undefined : await lstat(join(folder, name))) ?? { size: 0 };
    if (size > seenBytes) onBytes?.(size - seenBytes, member.sizeBytes);
    seenBytes = Math.max(size, seenBytes);
  };
  await extractMembers(layer, {
    type,
    folder,
    member: member.path,
    async watch() {
      await room.requireReserve();
      await look();
    },
  });
  await look();
  const names = await readdir(folder);
  const [name = ''] = names;
  const status = names.length === 1 ? await lstat(join(folder, name)) : undefined;
  if (status?.isFile() !== true || status.size !== member.sizeBytes) {
    const what = `${member.path} has ${member.sizeBytes} bytes by its list, and came out otherwise`;
    throw new BootwrightError('PACKED_DAMAGED', { path, what });
  }
  const file = join(folder, name);
  // An archive may say that nobody can read it.
  await chmod(file, 0o600);
  return file;
}
