import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, symlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { Readable } from 'node:stream';
import { extract, type Header } from 'tar-stream';
import { BootwrightError } from '../errors.ts';
import { Budget } from '../iso/budget.ts';
import { describeWriteFailure } from '../platform/durable.ts';
import { linkInside } from '../release/links.ts';
import type { Room } from './room.ts';
import { writePieces } from './spool.ts';

/** Where a tar archive goes. */
export interface TarPlace {
  /** An empty folder. */
  readonly folder: string;
  /** The archive, for errors. */
  readonly path: string;
  readonly room: Room;
  readonly signal: AbortSignal | undefined;
}

/** The SHA-256 of each file, hexadecimal, by its path. */
export type Digests = ReadonlyMap<string, string>;

type What = 'file' | 'directory' | 'symlink';

const kinds: Readonly<Record<string, What>> = { file: 'file', directory: 'directory', symlink: 'symlink' };

class Unpacking {
  readonly #place: TarPlace;
  readonly #budget = new Budget();
  readonly #seen = new Map<string, What>();
  readonly #links = new Map<string, string>();
  readonly digests = new Map<string, string>();

  constructor(place: TarPlace) {
    this.#place = place;
  }

  #unsafe(member: string, what: string): BootwrightError {
    return new BootwrightError('ARCHIVE_UNSAFE', { path: this.#place.path, member: JSON.stringify(member), what });
  }

  /** The path of a member inside the folder; '' for the folder itself. */
  #pathOf({ name, type }: Header): string {
    if (name.startsWith('/')) throw this.#unsafe(name, 'which is an absolute path');
    const parts = name.split('/').filter((part) => part !== '' && part !== '.');
    if (parts.includes('..')) throw this.#unsafe(name, 'which leads out of it');
    if (name.includes('\0')) throw this.#unsafe(name, 'which no file can be called');
    if (parts.length === 0 && type !== 'directory') throw this.#unsafe(name, 'which no file can be called');
    this.#budget.checkLevel(parts.length);
    return parts.join('/');
  }

  /** Makes the folders that lead to a path. None of them can be a link: those are made last. */
  async #enter(path: string): Promise<void> {
    const kind = this.#seen.get(path);
    if (kind !== undefined && kind !== 'directory') throw this.#unsafe(path, 'as a folder and as something else');
    if (path === '.' || kind === 'directory') return;
    await this.#enter(posix.dirname(path));
    const folder = join(this.#place.folder, path);
    await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
      throw describeWriteFailure(error, folder);
    });
    this.#seen.set(path, 'directory');
  }

  async add(header: Header, content: AsyncIterable<Uint8Array>): Promise<void> {
    this.#budget.spend('entries', 1);
    this.#budget.spend('pathCharacters', header.name.length);
    const path = this.#pathOf(header);
    if (path === '') return;
    const kind = kinds[header.type ?? ''];
    if (kind === undefined) throw this.#unsafe(header.name, `which is a ${header.type ?? 'thing of an unknown kind'}`);
    if (kind === 'directory') return this.#enter(path);
    await this.#enter(posix.dirname(path));
    if (this.#seen.has(path)) throw this.#unsafe(header.name, 'twice');
    this.#seen.set(path, kind);
    if (kind === 'symlink') this.#links.set(path, header.linkname ?? '');
    else await this.#write(path, header, content);
  }

  async #write(path: string, header: Header, content: AsyncIterable<Uint8Array>): Promise<void> {
    const { folder, room, signal } = this.#place;
    const hash = createHash('sha256');
    async function* hashed() {
      for await (const piece of content) {
        hash.update(piece);
        yield piece;
      }
    }
    const file = join(folder, path);
    await writePieces(hashed(), file, room, signal);
    await chmod(file, (header.mode ?? 0o644) & 0o777);
    this.digests.set(path, hash.digest('hex'));
  }

  async finish(): Promise<void> {
    for (const [path, target] of this.#links) {
      const place = join(this.#place.folder, path);
      await symlink(linkInside(this.#links, path, target), place).catch((error: unknown) => {
        throw describeWriteFailure(error, place);
      });
    }
  }
}

/**
 * Unpacks a tar archive that may be hostile: files, folders and links that stay inside it, each path once. Whoever's tar
 * wrote it, tar-stream reads it; that of a system (initramfs/tar-read.ts) is another matter. Throws ARCHIVE_UNSAFE,
 * PACKED_DAMAGED, IMAGE_LINK_OUTSIDE, ISO_TREE_TOO_LARGE, what `room` throws, and what the pieces throw.
 */
export async function unpackTar(pieces: AsyncIterable<Uint8Array>, place: TarPlace): Promise<Digests> {
  const unpacking = new Unpacking(place);
  const archive = extract();
  const input = Readable.from(pieces, { objectMode: false });
  let failure: unknown;
  // Whatever ends the input early ends the archive with it, so that nobody waits for more of it.
  input.once('error', (error) => {
    failure = error;
    archive.destroy(error);
  });
  input.pipe(archive);
  try {
    for await (const entry of archive) await unpacking.add(entry.header, entry as unknown as AsyncIterable<Uint8Array>);
  } catch (error) {
    if (error instanceof BootwrightError || failure !== undefined) throw failure ?? error;
    place.signal?.throwIfAborted();
    const what = error instanceof Error ? error.message : String(error);
    throw new BootwrightError('PACKED_DAMAGED', { path: place.path, what }, { cause: error });
  } finally {
    archive.destroy();
    input.destroy();
    // Then what the pieces come from is ended, too.
    if (!input.closed) await once(input, 'close').catch(() => {});
  }
  await unpacking.finish();
  return unpacking.digests;
}
