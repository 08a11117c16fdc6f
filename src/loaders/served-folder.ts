import { createHash } from 'node:crypto';
import { realpathSync, type Stats, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { BootFile } from '../boot/files.ts';
import type { ByteSource } from '../platform/files.ts';
import { openFile } from '../platform/files-node.ts';

interface Found {
  readonly path: string;
  readonly status: Stats;
}

const pieceBytes = 1024 * 1024;

async function sha256Of(path: string): Promise<string> {
  const source: ByteSource = await openFile(path);
  try {
    const hash = createHash('sha256');
    const piece = Buffer.alloc(Math.min(pieceBytes, source.sizeBytes));
    for (let position = 0; position < source.sizeBytes; ) {
      const count = await source.read(piece, position);
      if (count === 0) break;
      hash.update(piece.subarray(0, count));
      position += count;
    }
    return hash.digest('hex');
  } finally {
    await source.close();
  }
}

/** Files that may change at any time, served as they are now. */
export class ServedFolder {
  readonly #folder: string;
  readonly #links: 'inside' | 'anywhere';
  /** By path, size and time of the last change. */
  readonly #hashes = new Map<string, { readonly state: string; readonly sha256: Promise<string> }>();

  /**
   * @param folder need not be there
   * @param links where symbolic links may lead. Debian's `/usr/lib/ipxe/ipxe.efi` leads to `/boot`
   */
  constructor(folder: string, links: 'inside' | 'anywhere') {
    this.#folder = folder;
    this.#links = links;
  }

  has(name: string): boolean {
    return this.#find(name) !== undefined;
  }

  /** `path` is what the file is called from outside. Throws FILE_UNREADABLE. */
  async open(name: string, path: string): Promise<BootFile | undefined> {
    const found = this.#find(name);
    if (found === undefined) return undefined;
    const { size, mtimeMs, ino } = found.status;
    const state = `${size} ${mtimeMs} ${ino}`;
    const known = this.#hashes.get(found.path);
    const sha256 = known?.state === state ? known.sha256 : sha256Of(found.path);
    this.#hashes.set(found.path, { state, sha256 });
    sha256.catch(() => this.#hashes.delete(found.path));
    return { path, sizeBytes: size, sha256: await sha256, open: () => openFile(found.path) };
  }

  /** A regular file. */
  #find(name: string): Found | undefined {
    try {
      const folder = realpathSync.native(this.#folder);
      const path = realpathSync.native(join(folder, name));
      const status = statSync(path);
      const isIn = this.#links === 'anywhere' || path.startsWith(folder + sep);
      return isIn && status.isFile() ? { path, status } : undefined;
    } catch {
      return undefined;
    }
  }
}
