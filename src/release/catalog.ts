import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BootCatalog } from '../boot/plan.ts';
import { activeReleaseId } from './activate.ts';
import { manifestName, type RootLayout } from './layout.ts';
import { type Manifest, type ManifestEntry, parseManifest } from './manifest.ts';

/** A published release, ready to be served: every path that it has, and what is there. */
export interface Release {
  readonly manifest: Manifest;
  readonly folder: string;
  readonly entries: ReadonlyMap<string, ManifestEntry>;
  /** The same in lower case, for firmware and menus that write names as FAT and ISO9660 let them. */
  readonly folded: ReadonlyMap<string, ManifestEntry>;
}

function byPath(entries: readonly ManifestEntry[]): ReadonlyMap<string, ManifestEntry> {
  return new Map(entries.map((entry) => [entry.path, entry]));
}

/** As one who does not tell upper from lower case sees it; of two names that are then the same, the first counts. */
function byFoldedPath(entries: readonly ManifestEntry[]): ReadonlyMap<string, ManifestEntry> {
  const folded = new Map<string, ManifestEntry>();
  for (const entry of entries) {
    const key = entry.path.toLowerCase();
    if (folded.has(key)) continue;
    folded.set(key, entry.kind === 'symlink' ? { ...entry, target: entry.target.toLowerCase() } : entry);
  }
  return folded;
}

/** What the disk said in this turn of the event loop. */
interface Seen {
  active?: { readonly id: string | undefined };
  readonly there: Set<string>;
}

/**
 * The releases of one root. A release never changes, so each is read once; which one is active, and whether one is still
 * there, is looked for in every turn of the event loop in which somebody asks: in a storm that is hundreds of times.
 */
export class ReleaseCatalog implements Pick<BootCatalog, 'activeId' | 'loaderOf'> {
  readonly #layout: RootLayout;
  readonly #known = new Map<string, Release>();
  #seenNow: Seen | undefined;

  constructor(layout: RootLayout) {
    this.#layout = layout;
  }

  get activeId(): string | undefined {
    const seen = this.#seen();
    seen.active ??= { id: activeReleaseId(this.#layout) };
    return seen.active.id;
  }

  /** `undefined` where there is no such release, or what is there is not one. */
  get(id: string): Release | undefined {
    const known = this.#known.get(id);
    if (known !== undefined) {
      const { there } = this.#seen();
      if (there.has(id)) return known;
      if (existsSync(join(known.folder, manifestName))) {
        there.add(id);
        return known;
      }
      // Somebody removed it by hand.
      this.#known.delete(id);
      return undefined;
    }
    if (!/^[a-z0-9][a-z0-9._-]*$/.test(id)) return undefined;
    const folder = join(this.#layout.releases, id);
    const file = join(folder, manifestName);
    let manifest: Manifest;
    try {
      manifest = parseManifest(readFileSync(file, 'utf8'), file);
    } catch {
      return undefined;
    }
    if (manifest.id !== id) return undefined;
    const { entries } = manifest;
    const release = { manifest, folder, entries: byPath(entries), folded: byFoldedPath(entries) };
    this.#known.set(id, release);
    return release;
  }

  #seen(): Seen {
    if (this.#seenNow === undefined) {
      this.#seenNow = { there: new Set() };
      setImmediate(() => {
        this.#seenNow = undefined;
      });
    }
    return this.#seenNow;
  }

  /** All releases, sorted by id. */
  list(): Release[] {
    let names: string[];
    try {
      names = readdirSync(this.#layout.releases);
    } catch {
      return [];
    }
    return names.sort().flatMap((name) => this.get(name) ?? []);
  }

  loaderOf(id: string): { file: string; architecture: string } | undefined {
    const manifest = this.get(id)?.manifest;
    return manifest && { file: manifest.loader.boot, architecture: manifest.architecture };
  }
}
