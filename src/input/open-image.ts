import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BootwrightError } from '../errors.ts';
import { asFileName, imageName } from './image-name.ts';
import { type Found, type Opening, openFolder, openFrom } from './opening.ts';
import { defaultUnpackedBytes, Room } from './room.ts';
import { identityOf, scanFolder, stateOfScan } from './scan.ts';
import { type InputStream, spool, type Watched } from './spool.ts';

export interface OpenImageOptions extends Watched {
  /** Gives a folder on the file system of the output, for what has to be unpacked. The caller removes it. */
  readonly scratch: () => Promise<string>;
  readonly limits?: {
    /** Bytes that may be written into the scratch folder for this image. Without it, 64 GiB. */
    readonly unpackedBytes?: number | undefined;
  };
  /** What the image is called, instead of what its file is. */
  readonly name?: string | undefined;
  /** What the input `-` is read from. */
  readonly stdin?: InputStream | undefined;
}

/** An input, in whatever way it came. */
export interface OpenedImage extends Found {
  /** Without folder, packing and `.iso`; that of a release is its own. */
  readonly name: string;
  /** Changes when the input does: the file, or anything in the folder. */
  stateOf(): Promise<string>;
  close(): Promise<void>;
}

/** Something else where the input is gone or can't be looked at: that is a change, too. */
async function stateOfInput(path: string, signal?: AbortSignal): Promise<string> {
  try {
    const status = await stat(path, { bigint: true });
    return status.isDirectory() ? stateOfScan(await scanFolder(path, signal)) : identityOf(status);
  } catch (error) {
    signal?.throwIfAborted();
    return `none: ${String(error)}`;
  }
}

/** A scratch folder that is asked for once, when it is needed. */
function asked(scratch: () => Promise<string>): () => Promise<string> {
  let folder: Promise<string> | undefined;
  return () => {
    folder ??= scratch();
    return folder;
  };
}

/**
 * Opens an image as it comes: an ISO, one that is packed (gzip, zstd, xz, bzip2, lz4, 7z, zip; by content, not by
 * name), a folder, a release of ours as a folder or a tar archive, or `-` for any file of these through standard input.
 * Nothing in it is trusted. What was opened is closed where that fails, and children have ended.
 *
 * Throws FILE_NOT_FOUND, FILE_UNREADABLE, SOURCE_CHANGED, the INPUT_, PACKED_, PROGRAM_, ARCHIVE_ and RELEASE_ errors
 * of this folder, MANIFEST_INVALID, OUTPUT_FULL, OUTPUT_UNWRITABLE, what `openIso` throws, and the reason of `signal`.
 */
export async function openImage(input: string, options: OpenImageOptions): Promise<OpenedImage> {
  const { signal, onBytes } = options;
  signal?.throwIfAborted();
  const scratch = asked(options.scratch);
  const path = input === '-' ? 'standard input' : input;
  const room = new Room(path, scratch, options.limits?.unpackedBytes ?? defaultUnpackedBytes);
  const opening: Opening = { path, room, scratch, signal, onBytes };
  const isPipe = input === '-';
  const place = isPipe ? join(await scratch(), 'standard-input') : await realpath(input).catch(() => input);
  if (isPipe) await spool(options.stdin ?? process.stdin, place, room, options);
  const isFolder = (await stat(place).catch(() => undefined))?.isDirectory() === true;
  const stateOf = async () => (isPipe ? path : stateOfInput(place, signal));
  const before = await stateOf();
  const found = isFolder ? await openFolder(place, opening) : await openFrom(place, opening, isPipe);
  const close = async () => found.isoFile?.source.close();
  try {
    if ((await stateOf()) !== before) throw new BootwrightError('SOURCE_CHANGED', { path });
  } catch (error) {
    await close();
    throw error;
  }
  const given = options.name ?? found.manifest?.name;
  const name = given === undefined ? imageName(input) : asFileName(given);
  return { ...found, name, stateOf, close };
}
