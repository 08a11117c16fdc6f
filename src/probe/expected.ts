import { posix } from 'node:path';
import { BootwrightError } from '../errors.ts';
import { liveImageOf, type Manifest, type ManifestEntry } from '../release/manifest.ts';
import type { Received } from './received.ts';

type FileEntry = Extract<ManifestEntry, { kind: 'file' }>;

const linkLimit = 16;

/** What the files of the release must be, by its manifest. */
export class Expected {
  /** The folder of the boot file, which is the root of its release. */
  readonly folder: string;
  /** `undefined`: the server has none, so nothing can be compared. */
  readonly manifest: Manifest | undefined;
  readonly #entries: ReadonlyMap<string, ManifestEntry>;
  #checked = 0;

  constructor(folder: string, manifest: Manifest | undefined) {
    this.folder = folder;
    this.manifest = manifest;
    this.#entries = new Map(manifest?.entries.map((entry) => [entry.path, entry]));
  }

  /** How many files were found to be those of the manifest. */
  get checked(): number {
    return this.#checked;
  }

  /** The path of what dracut fetches. `undefined`: there is no manifest, or the whole system is in the initrd. */
  get liveImage(): string | undefined {
    return (this.manifest && liveImageOf(this.manifest)) ?? undefined;
  }

  /** The path in the release of a path on the server; `undefined`: it is not in the release. */
  inRelease(path: string): string | undefined {
    const clean = path.replace(/^\/+/, '');
    if (this.folder === '') return clean;
    return clean.startsWith(`${this.folder}/`) ? clean.slice(this.folder.length + 1) : undefined;
  }

  /** Throws PROBE_WRONG_SIZE. */
  checkSize(path: string, gotBytes: number): void {
    const expectedBytes = this.#find(path)?.sizeBytes ?? gotBytes;
    if (expectedBytes !== gotBytes) throw new BootwrightError('PROBE_WRONG_SIZE', { path, expectedBytes, gotBytes });
  }

  /** False where the manifest does not know the file. Throws PROBE_WRONG_SIZE or PROBE_WRONG_BYTES. */
  check(path: string, { sizeBytes, sha256 }: Received): boolean {
    const entry = this.#find(path);
    if (entry === undefined) return false;
    this.checkSize(path, sizeBytes);
    if (entry.sha256 !== sha256) {
      throw new BootwrightError('PROBE_WRONG_BYTES', { path, expected: entry.sha256, got: sha256 });
    }
    this.#checked += 1;
    return true;
  }

  /** The file at a path in the release, links followed. */
  #find(path: string): FileEntry | undefined {
    let place = path;
    for (let links = 0; links < linkLimit; links += 1) {
      const entry = this.#entries.get(place);
      if (entry === undefined || entry.kind === 'file') return entry;
      place = posix.join(posix.dirname(place), entry.target);
    }
    return undefined;
  }
}
