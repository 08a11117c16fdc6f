import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A file as it was when it was looked at. */
export interface Seen {
  readonly path: string;
  readonly sizeBytes: number;
  /** When its bytes or its name last changed. */
  readonly modifiedMs: number;
}

export interface Arrival extends Seen {
  /** For how long nobody changed it, as far as is known. */
  readonly quietMs: number;
}

export function isSame(one: Seen | undefined, other: Seen | undefined): boolean {
  return one !== undefined && one.sizeBytes === other?.sizeBytes && one.modifiedMs === other.modifiedMs;
}

/** An ISO, packed or not. Names with a dot in front are how rsync and browsers call what is not whole yet. */
const imageName = /^[^.].*\.(?:iso(?:\.(?:gz|xz|zst|bz2|lz4))?|7z|zip)$/i;

async function listImages(folder: string): Promise<Seen[]> {
  await mkdir(folder, { recursive: true });
  const names = (await readdir(folder)).filter((name) => imageName.test(name)).sort();
  const seen: Seen[] = [];
  for (const name of names) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (!found?.isFile()) continue;
    // Also when it was put here: a copy may have the modification time, and even the size, of what it replaces.
    const modifiedMs = Math.trunc(Math.max(found.mtimeMs, found.ctimeMs));
    seen.push({ path, sizeBytes: found.size, modifiedMs });
  }
  return seen;
}

/** The images in a folder, and since when each has been as it is. The folder is made if it is not there. */
export class Arrivals {
  readonly #folder: string;
  #before = new Map<string, Seen & { readonly sinceMs: number }>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** All images, sorted by name. Errors of the file system come as they are. */
  async look(nowMs: number): Promise<Arrival[]> {
    const seen = (await listImages(this.#folder)).map((image) => {
      const last = this.#before.get(image.path);
      return { ...image, sinceMs: last !== undefined && isSame(image, last) ? last.sinceMs : nowMs };
    });
    this.#before = new Map(seen.map((image) => [image.path, image]));
    return seen.map(({ sinceMs, ...image }) => {
      return { ...image, quietMs: Math.max(nowMs - sinceMs, nowMs - image.modifiedMs) };
    });
  }
}
