import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../platform/durable.ts';
import { bytesSource } from '../platform/files.ts';
import { openFile } from '../platform/files-node.ts';
import { withUrls } from './artifact-urls.ts';
import { extract } from './extract.ts';
import { manifestName } from './layout.ts';
import { formatManifest, type Manifest, type ManifestEntry, releaseIdOf, sortEntries } from './manifest.ts';
import { isUnchanged } from './overlay-tree.ts';
import { carriesIso, planRelease } from './plan-release.ts';
import type { Prepared } from './prepare.ts';
import type { BuildRequest } from './request.ts';
import { hashOf, takeOver, writeFrom } from './write.ts';
import { writeDisc } from './write-disc.ts';

export interface WriteReleaseOptions {
  /** For an ISO that has to be written anew. On the file system of the folder. */
  readonly scratch: string;
  /** Leave the ISO where it is: only its place and its hash are wanted. */
  readonly isoElsewhere?: boolean | undefined;
}

export interface WrittenRelease {
  readonly manifest: Manifest;
  /** Files of the release that are not in its folder: path in the release to path on disk. */
  readonly elsewhere: ReadonlyMap<string, string>;
}

/** Writes that go on through several files, as one account. */
function account(request: BuildRequest, totalBytes: number) {
  let doneBytes = 0;
  return (phase: 'extract' | 'copy', path: string) => (count: number) => {
    doneBytes += count;
    request.onProgress?.({ phase, path, doneBytes, totalBytes });
  };
}

/** The ISO that machines fetch: the one that came in, or where something in it must be otherwise, a new one. */
async function carriedIso(prepared: Prepared, request: BuildRequest, scratch: string): Promise<string> {
  const { base, changes } = prepared;
  if (isUnchanged(changes) && base.isoFile !== undefined) return base.isoFile.path;
  const path = join(scratch, 'carried.iso');
  await writeDisc(prepared, path, request, 'remaster');
  return path;
}

async function takeIso(
  from: string,
  path: string,
  { isoElsewhere }: WriteReleaseOptions,
  options: Parameters<typeof takeOver>[3],
): Promise<{ sizeBytes: number; sha256: string }> {
  const source = await openFile(from);
  try {
    return isoElsewhere ? await hashOf(source, options) : await takeOver(from, source, path, options);
  } finally {
    await source.close();
  }
}

function urlsOf({ place, settings }: Prepared, servedPath: string | null) {
  const { pxe } = settings.config;
  const folder = pxe?.bootstrapBaseUrl ?? pxe?.isoImageBaseUrl;
  const files = place.url === undefined || servedPath === null ? {} : { [servedPath]: place.url };
  return { folder, files };
}

/**
 * Writes what machines boot from over the network into an empty folder: the layout, and a manifest of it. Everything is
 * safe on disk when it resolves.
 */
export async function writeRelease(
  prepared: Prepared,
  folder: string,
  request: BuildRequest,
  options: WriteReleaseOptions,
): Promise<WrittenRelease> {
  const { live, place, checked, base, name } = prepared;
  const { signal } = request;
  const carries = carriesIso(prepared);
  const { isoFile } = place;
  const from = carries ? await carriedIso(prepared, request, options.scratch) : undefined;
  const { plan, extractBytes } = await planRelease(prepared);
  const sourceBytes = base.isoFile?.source.sizeBytes;
  const counted = account(request, extractBytes + (carries ? (sourceBytes ?? 0) : 0));
  await chmod(folder, 0o755);
  const entries: ManifestEntry[] = await extract(plan, folder, {
    signal,
    onBytes: (count, path) => counted('extract', path)(count),
  });
  const elsewhere = new Map<string, string>();
  if (from !== undefined) {
    const written = await takeIso(from, join(folder, isoFile), options, {
      name: from,
      mode: 0o644,
      signal,
      onBytes: counted('copy', isoFile),
    });
    if (options.isoElsewhere) elsewhere.set(isoFile, from);
    entries.push({ path: isoFile, kind: 'file', mode: '0644', ...written });
  }
  const { loaders, http, kernels, initrds } = checked;
  const squashfs = live !== undefined && !carries ? live.path : undefined;
  const manifest: Manifest = {
    format: 1,
    id: releaseIdOf(name, entries),
    name,
    architecture: loaders.architecture,
    loader: { boot: loaders.boot.file, ...(loaders.grub === undefined ? {} : { grub: loaders.grub.file }), http },
    kernels: [...kernels],
    initrds: [...initrds],
    initramfs: live === undefined ? 'full-os' : 'bootstrap',
    iso: carries ? isoFile : null,
    ...(squashfs === undefined ? {} : { live: squashfs }),
    liveUrl: place.url ?? null,
    entries: withUrls(sortEntries(entries), urlsOf(prepared, carries ? isoFile : (squashfs ?? null))),
  };
  const text = bytesSource(Buffer.from(formatManifest(manifest), 'utf8'));
  await writeFrom(text, join(folder, manifestName), { name: manifestName, mode: 0o644 });
  await syncFolder(folder);
  return { manifest, elsewhere };
}
