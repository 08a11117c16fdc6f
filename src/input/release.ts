import { createHash } from 'node:crypto';
import { BootwrightError } from '../errors.ts';
import type { ImageTree } from '../iso/tree.ts';
import type { ByteSource } from '../platform/files.ts';
import { manifestName } from '../release/layout.ts';
import { type Manifest, type ManifestEntry, parseManifest, releaseIdOf } from '../release/manifest.ts';
import { treeOfScan } from './folder-tree.ts';
import type { Scanned } from './scan.ts';
import type { Watched } from './spool.ts';
import type { Digests } from './tar.ts';

type ManifestFile = Extract<ManifestEntry, { kind: 'file' }>;

/** No manifest of a tree that Bootwright reads is longer. */
const maxManifestBytes = 256 * 1024 * 1024;

/** A release of ours: its manifest, and its files without it. */
export interface Release {
  readonly manifest: Manifest;
  readonly tree: ImageTree;
}

/** A folder that was scanned, and may be a release. */
export interface ReleasePlace extends Watched {
  /** As the user named it, for errors. */
  readonly path: string;
  readonly found: readonly Scanned[];
  /** Of files that were hashed already. */
  readonly digests?: Digests;
}

/** The manifest of a folder; `undefined` where there is none, or one of somebody else's. Throws MANIFEST_INVALID. */
export async function findManifest({ path, found }: ReleasePlace): Promise<Manifest | undefined> {
  const entry = found.find((each) => each.entry.path === manifestName)?.entry;
  if (entry?.kind !== 'file') return undefined;
  const where = `${manifestName} in ${path}`;
  if (entry.sizeBytes > maxManifestBytes) {
    throw new BootwrightError('MANIFEST_INVALID', { where, reason: `it has ${entry.sizeBytes} bytes` });
  }
  const bytes = Buffer.alloc(entry.sizeBytes);
  await treeOfScan(found).open(entry).read(bytes, 0);
  const text = bytes.toString();
  // Web applications have one of that name, too.
  if (!['"format"', '"loader"', '"entries"'].some((key) => text.includes(key))) return undefined;
  const manifest = parseManifest(text, where);
  if (releaseIdOf(manifest.name, manifest.entries) !== manifest.id) {
    throw new BootwrightError('RELEASE_ALTERED', {
      path,
      file: manifestName,
      what: 'does not have the id that it says',
    });
  }
  return manifest;
}

const chunkBytes = 2 * 1024 * 1024;

/** Hashes one chunk while the next one is read. */
async function sha256Of(source: ByteSource, onChunk: (count: number) => void): Promise<string> {
  const hash = createHash('sha256');
  let [chunk, spare] = [Buffer.allocUnsafe(chunkBytes), Buffer.allocUnsafe(chunkBytes)];
  let position = 0;
  let count = await source.read(chunk, 0);
  while (count > 0) {
    onChunk(count);
    position += count;
    const reading = source.read(spare, position);
    hash.update(chunk.subarray(0, count));
    count = await reading;
    [chunk, spare] = [spare, chunk];
  }
  return hash.digest('hex');
}

/** What is wrong with a thing that a manifest names; `undefined` if nothing is. */
function difference(entry: ManifestEntry, scanned: Scanned | undefined): string | undefined {
  if (scanned === undefined) return 'is missing';
  const { kind, sizeBytes, target } = scanned.entry;
  if (kind !== entry.kind) return `is a ${kind}`;
  if (entry.kind === 'symlink') return target === entry.target ? undefined : `points to ${target}`;
  return sizeBytes === entry.sizeBytes ? undefined : `has ${sizeBytes} bytes instead of ${entry.sizeBytes}`;
}

/**
 * A release whose every byte is as its manifest says, with the permissions that it says: a copy may have lost them.
 * Throws RELEASE_ALTERED with the first file that is not, that is missing, or that nobody knows.
 */
export async function verifyRelease(manifest: Manifest, place: ReleasePlace): Promise<Release> {
  const { path, found, digests, signal, onBytes } = place;
  const altered = (file: string, what: string) => new BootwrightError('RELEASE_ALTERED', { path, file, what });
  const promised = new Map(manifest.entries.map((entry) => [entry.path, entry]));
  const byPath = new Map(found.map((scanned) => [scanned.entry.path, scanned]));
  for (const entry of manifest.entries) {
    const what = difference(entry, byPath.get(entry.path));
    if (what !== undefined) throw altered(entry.path, what);
  }
  const inRelease = found.filter(({ entry }) => entry.path !== manifestName);
  for (const { entry } of inRelease) {
    if (entry.kind !== 'directory' && !promised.has(entry.path)) throw altered(entry.path, 'is not of it');
  }
  const modes = (scanned: Scanned): Scanned => {
    const entry = promised.get(scanned.entry.path);
    const mode = entry?.kind === 'file' ? Number.parseInt(entry.mode, 8) : 0o755;
    return { ...scanned, entry: { ...scanned.entry, mode: scanned.entry.kind === 'symlink' ? 0o777 : mode } };
  };
  const tree = treeOfScan(inRelease.map(modes));
  const files = manifest.entries.filter((entry): entry is ManifestFile => entry.kind === 'file');
  const totalBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  for (const file of files) {
    signal?.throwIfAborted();
    const known = digests?.get(file.path);
    const entry = tree.find(file.path);
    if (known === undefined && entry === undefined) throw altered(file.path, 'is missing');
    const onChunk = (count: number) => {
      signal?.throwIfAborted();
      onBytes?.(count, totalBytes);
    };
    const digest = known ?? (entry && (await sha256Of(tree.open(entry), onChunk)));
    if (digest !== file.sha256) throw altered(file.path, 'has other bytes');
  }
  return { manifest, tree };
}
