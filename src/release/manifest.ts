import { createHash } from 'node:crypto';
import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import { BootwrightError } from '../errors.ts';

const path = Type.String({ pattern: '^(?![\\s\\S]*(^|/)\\.{1,2}(/|$))[^/\\0]+(/[^/\\0]+)*$' });
const mode = Type.String({ pattern: '^0[0-7]{3}$' });

const file = Type.Object({
  path,
  kind: Type.Literal('file'),
  sizeBytes: Type.Integer({ minimum: 0 }),
  mode,
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  /** Where to fetch it: absolute, or relative to the URL that the manifest came from (RFC 3986 §4.2). */
  url: Type.Optional(Type.String({ minLength: 1 })),
});

const symlink = Type.Object({ path, kind: Type.Literal('symlink'), target: Type.String({ minLength: 1 }) });

/**
 * What is in a release: `manifest.json` at its root. Paths are relative to it, sorted, with `/`. Whoever reads it passes
 * over what it does not know; what is optional here came later than the first releases.
 */
const manifestSchema = Type.Object({
  format: Type.Literal(1),
  /** Name and the first twelve digits of the SHA-256 over `entries`: the same content has the same id. */
  id: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]*-[0-9a-f]{12}$' }),
  name: Type.String(),
  architecture: Type.Union([Type.Literal('x64'), Type.Literal('arm64')]),
  loader: Type.Object({
    /** What firmware loads first. */
    boot: path,
    /** GRUB, where it is another file. */
    grub: Type.Optional(path),
    /** Whether that GRUB can fetch by HTTP. */
    http: Type.Union([Type.Literal('built-in'), Type.Literal('missing'), Type.Literal('unknown')]),
  }),
  kernels: Type.Array(path),
  initrds: Type.Array(path),
  /** The live ISO; `null` where there is none: the system is in the initrd (full-os), or `live` is its filesystem. */
  iso: Type.Union([path, Type.Null()]),
  /** What `root=live:` points at, where that is not `iso`: the live filesystem itself, such as `liveos/rootfs.img`. */
  live: Type.Optional(path),
  /** A small initramfs that fetches the live system, or one that holds it all. */
  initramfs: Type.Optional(Type.Union([Type.Literal('bootstrap'), Type.Literal('full-os')])),
  /** Where `root=live:` points by the wish of the builder; `null`: at the server that the machine boots from. */
  liveUrl: Type.Union([Type.String(), Type.Null()]),
  entries: Type.Array(Type.Union([file, symlink])),
});

export type Manifest = Static<typeof manifestSchema>;
export type ManifestEntry = Manifest['entries'][number];
export type Architecture = Manifest['architecture'];

/** The letters that are safe in file names, URLs and GRUB scripts alike. */
function slug(name: string): string {
  const safe = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '');
  return safe.slice(0, 60) || 'release';
}

export function sortEntries(entries: readonly ManifestEntry[]): ManifestEntry[] {
  return [...entries].sort((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)));
}

/** What an entry is, without where it can be had: the same content has the same id wherever it lies. */
function contentOf(entry: ManifestEntry): object {
  const { path, kind } = entry;
  if (kind === 'symlink') return { path, kind, target: entry.target };
  return { path, kind, mode: entry.mode, sizeBytes: entry.sizeBytes, sha256: entry.sha256 };
}

export function releaseIdOf(name: string, entries: readonly ManifestEntry[]): string {
  const digest = createHash('sha256')
    .update(JSON.stringify(sortEntries(entries).map(contentOf)))
    .digest('hex');
  return `${slug(name)}-${digest.slice(0, 12)}`;
}

/** The file that `root=live:` points at; `null` where the whole system is in the initrd. */
export function liveImageOf({ live, iso }: Pick<Manifest, 'live' | 'iso'>): string | null {
  return live ?? iso;
}

export function formatManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** Throws MANIFEST_INVALID. `where` is the file that the text is from. */
export function parseManifest(text: string, where: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new BootwrightError('MANIFEST_INVALID', { where, reason: (cause as Error).message }, { cause });
  }
  if (Value.Check(manifestSchema, value)) return value;
  const first = Value.Errors(manifestSchema, value)[0];
  throw new BootwrightError('MANIFEST_INVALID', {
    where,
    reason: `${first?.instancePath ?? ''} ${first?.message ?? 'is wrong'}`.trim(),
  });
}
