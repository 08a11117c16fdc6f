import { BootwrightError } from '../errors.ts';
import type { Input } from '../iso/input.ts';
import { entryPath } from './entry-path.ts';
import { type Content, type ExtendedAttribute, noContent, type SystemEntry, type SystemSink } from './system.ts';
import { blockBytes, blockPadding, decodeTarHeader, type TarHeader } from './tar-header.ts';

const kinds: Readonly<Record<string, SystemEntry['kind']>> = {
  '0': 'file',
  '1': 'link',
  '2': 'symlink',
  '3': 'character-device',
  '4': 'block-device',
  '5': 'directory',
  '6': 'fifo',
};

/** More than any file system keeps of one file: names, and attributes of up to 64 KiB. */
const maxExtendedBytes = 1024 * 1024;
const attributeKey = 'SCHILY.xattr.';

/** What stands before a header and belongs to it. */
interface Extended {
  name?: string;
  linkName?: string;
  attributes?: ExtendedAttribute[];
}

/**
 * Reads a tar archive (ustar with GNU's long names, and pax headers for extended attributes), as sqfs2tar writes it.
 * Names, link targets and attributes of a system are bytes, whatever they mean: tar-stream, which reads and writes all
 * other archives here, takes them for UTF-8, and an attribute of capabilities would not come out as it went in.
 * Throws INITRAMFS_ROOT_DAMAGED or INITRAMFS_NAME_UNSAFE.
 *
 * @param archive what the archive is made from, for errors
 */
export async function readTar(input: Input, sink: SystemSink, archive: string): Promise<void> {
  let extended: Extended = {};
  for (;;) {
    const header = decodeTarHeader(await input.take(blockBytes));
    if (header === undefined) return;
    if (header.type in extensions) {
      await extensions[header.type]?.(await takeExtended(input, header, archive), extended);
      continue;
    }
    await readEntry(input, header, extended, { sink, archive });
    extended = {};
  }
}

/** Headers that extend the next one: GNU's long names, and pax records. */
const extensions: Readonly<Record<string, (bytes: Buffer, extended: Extended) => void>> = {
  L: (bytes, extended) => {
    extended.name = bytes.toString('latin1').replace(/\0.*$/s, '');
  },
  K: (bytes, extended) => {
    extended.linkName = bytes.toString('latin1').replace(/\0.*$/s, '');
  },
  x: decodePax,
  g: () => {},
};

/** Records `LENGTH KEY=VALUE\n`; a value may be any bytes. POSIX.1-2024 pax, "pax Extended Header". */
function decodePax(bytes: Buffer, extended: Extended): void {
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(' ', at);
    const length = Number.parseInt(bytes.toString('latin1', at, Math.max(space, at)), 10);
    if (!(length > 0)) return;
    const record = bytes.subarray(space + 1, at + length - 1);
    const equals = record.indexOf('=');
    const key = record.toString('latin1', 0, Math.max(equals, 0));
    const value = record.subarray(equals + 1);
    if (key === 'path') extended.name = value.toString('latin1');
    if (key === 'linkpath') extended.linkName = value.toString('latin1');
    if (key.startsWith(attributeKey)) {
      extended.attributes ??= [];
      extended.attributes.push({ name: key.slice(attributeKey.length), value });
    }
    at += length;
  }
}

async function takeExtended(input: Input, { sizeBytes }: TarHeader, archive: string): Promise<Buffer> {
  if (sizeBytes > maxExtendedBytes) throw damaged(archive, `a name or attribute of ${sizeBytes} bytes`);
  const bytes = await input.take(sizeBytes);
  await input.skip(blockPadding(sizeBytes));
  return Buffer.from(bytes);
}

async function readEntry(
  input: Input,
  header: TarHeader,
  extended: Extended,
  { sink, archive }: { readonly sink: SystemSink; readonly archive: string },
): Promise<void> {
  const kind = kinds[header.type];
  if (kind === undefined) throw damaged(archive, `an entry of type ${JSON.stringify(header.type)}`);
  const sizeBytes = kind === 'file' ? header.sizeBytes : 0;
  const linkName = extended.linkName ?? header.linkName;
  const entry: SystemEntry = {
    path: entryPath(extended.name ?? header.name, archive),
    kind,
    mode: header.mode,
    uid: header.uid,
    gid: header.gid,
    modifiedSeconds: header.modifiedSeconds,
    sizeBytes,
    ...(kind === 'symlink' && { target: linkName }),
    ...(kind === 'link' && { target: entryPath(linkName, archive) }),
    ...(kind.endsWith('device') && { device: { major: header.major, minor: header.minor } }),
    ...(extended.attributes !== undefined && { attributes: extended.attributes }),
  };
  const end = input.position + sizeBytes;
  await sink.add(entry, sizeBytes === 0 ? noContent : contentOf(input, sizeBytes, archive));
  if (!(await input.skip(end - input.position + blockPadding(sizeBytes)))) throw damaged(archive, 'it is cut off');
}

async function* contentOf(input: Input, sizeBytes: number, archive: string): Content & AsyncGenerator<Uint8Array> {
  for (let left = sizeBytes; left > 0; ) {
    const piece = await input.some(left);
    if (piece.byteLength === 0) throw damaged(archive, 'it is cut off');
    left -= piece.byteLength;
    yield piece;
  }
}

function damaged(path: string, reason: string): BootwrightError {
  return new BootwrightError('INITRAMFS_ROOT_DAMAGED', { path, reason });
}
