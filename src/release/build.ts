import { isUtf8 } from 'node:buffer';
import { chmod, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BootwrightError } from '../errors.ts';
import { bootEntries } from '../grub/entries.ts';
import { decodeEnvironment, type Environments, environmentPaths } from '../grub/load-env.ts';
import type { Medium } from '../grub/medium.ts';
import { rewriteForPxe } from '../grub/rewrite.ts';
import { lookup } from '../iso/lookup.ts';
import type { ImageTree } from '../iso/tree.ts';
import { type IsoImage, openIso } from '../iso/volume.ts';
import { syncFolder } from '../platform/durable.ts';
import { type ByteSource, bytesSource } from '../platform/files.ts';
import { openFile } from '../platform/files-node.ts';
import { extract, planExtract } from './extract.ts';
import { manifestName } from './layout.ts';
import { checkLiveUrl, joinUrl } from './live-url.ts';
import { formatManifest, type Manifest, type ManifestEntry, releaseIdOf, sortEntries } from './manifest.ts';
import { preflight } from './preflight.ts';
import { type FoundConfig, findConfig, findLiveFilesystem } from './recognise.ts';
import { takeOver, writeFrom } from './write.ts';

/** What a build is doing; `path` is the file at hand, in bytes of the whole. */
export interface BuildProgress {
  readonly phase: 'read' | 'check' | 'extract' | 'copy';
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly path: string;
}

export interface BuildRequest {
  /** The ISO. */
  readonly image: string;
  /** The URL of the ISO, or the folder that it will be in. Neither: at the server that the machine boots from. */
  readonly isoUrl?: string | undefined;
  readonly baseUrl?: string | undefined;
  readonly kernelArguments: readonly string[];
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: BuildProgress) => void) | undefined;
}

/** dracut loop-mounts what it fetched only if the name ends in lower-case `.iso`. */
function isoFileName(image: string): string {
  return `${basename(image).replace(/\.iso$/i, '')}.iso`;
}

// GRUB fills this in with the server that it was loaded from.
const bootServerUrl = 'http://$net_default_server';

function chooseLiveUrl({ isoUrl, baseUrl }: BuildRequest, isoFile: string): string | undefined {
  if (isoUrl !== undefined) return checkLiveUrl(isoUrl, 'iso');
  if (baseUrl !== undefined) return checkLiveUrl(joinUrl(baseUrl, isoFile), 'iso');
  return undefined;
}

/** Files may share their bytes in an image, as hard links do. One that is many times its own size fills disks. */
const maxUnfold = 4;
const configLimitBytes = 4 * 1024 * 1024;

/** Plain ISO9660 has capitals only. GRUB and Linux show them as small letters, and so its configuration has them. */
function asMounted(image: IsoImage): IsoImage {
  if (image.naming !== 'iso9660') return image;
  const entries = image.entries.map((entry) => ({ ...entry, path: entry.path.toLowerCase() }));
  return { ...image, entries, find: lookup(entries) };
}

async function readConfig(tree: ImageTree, { entry }: FoundConfig): Promise<Buffer> {
  const { path, sizeBytes } = entry;
  if (sizeBytes > configLimitBytes) {
    throw new BootwrightError('IMAGE_CONFIG_TOO_LARGE', { path, limitBytes: configLimitBytes });
  }
  const bytes = Buffer.alloc(sizeBytes);
  await tree.open(entry).read(bytes, 0);
  return bytes;
}

/** An environment block has 1 KiB, and a configuration a handful of them. */
const environmentLimitBytes = 64 * 1024;
const maxEnvironments = 100;

async function readEnvironments(tree: ImageTree, paths: readonly string[]): Promise<Environments> {
  const environments = new Map<string, ReturnType<typeof decodeEnvironment>>();
  for (const path of paths.slice(0, maxEnvironments)) {
    const entry = tree.find(path);
    if (entry?.kind !== 'file' || entry.sizeBytes > environmentLimitBytes) continue;
    const bytes = Buffer.alloc(entry.sizeBytes);
    await tree.open(entry).read(bytes, 0);
    environments.set(path, decodeEnvironment(bytes.toString('latin1')));
  }
  return environments;
}

/** The image as its configuration asks about it. */
function mediumOf(tree: ImageTree): Medium {
  return {
    kindOf(path) {
      const kind = tree.find(path)?.kind;
      return kind === 'symlink' ? undefined : kind;
    },
  };
}

async function buildFrom(source: ByteSource, request: BuildRequest, folder: string): Promise<Manifest> {
  const { signal } = request;
  const report = (phase: BuildProgress['phase'], path: string, doneBytes = 0, totalBytes = source.sizeBytes) =>
    request.onProgress?.({ phase, path, doneBytes, totalBytes });
  const isoFile = isoFileName(request.image);
  const givenUrl = chooseLiveUrl(request, isoFile);

  report('read', request.image);
  const tree = asMounted(await openIso(source));
  const config = findConfig(tree);
  const originalBytes = await readConfig(tree, config);
  // One that is not UTF-8 must come out with the same bytes, whatever they mean.
  const encoding = isUtf8(originalBytes) ? 'utf8' : 'latin1';

  report('check', request.image);
  const liveFilesystem = findLiveFilesystem(tree);
  if (liveFilesystem === undefined && givenUrl !== undefined) {
    throw new BootwrightError('LIVE_URL_UNUSED', { url: givenUrl });
  }
  const originalText = originalBytes.toString(encoding);
  const { text: configText } = rewriteForPxe(originalText, {
    liveUrl: liveFilesystem === undefined ? undefined : (givenUrl ?? joinUrl(bootServerUrl, isoFile)),
    variablesInUrl: givenUrl === undefined,
    kernelArguments: request.kernelArguments,
    from: config.from,
    medium: mediumOf(tree),
    environments: await readEnvironments(tree, environmentPaths(originalText)),
  });
  const checked = await preflight(tree, bootEntries(configText), {
    live: liveFilesystem !== undefined,
    config: config.entry.path,
    signal,
  });

  const plan = planExtract({
    tree,
    loaders: checked.loaders,
    config,
    configBytes: Buffer.from(configText, encoding),
    booted: new Set([...checked.kernels, ...checked.initrds]),
    left: new Set(liveFilesystem === undefined ? [] : [liveFilesystem.path]),
    taken: liveFilesystem === undefined ? [manifestName] : [manifestName, isoFile],
  });
  const extractBytes = plan.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (extractBytes > maxUnfold * source.sizeBytes) {
    throw new BootwrightError('ISO_TREE_TOO_LARGE', { limit: maxUnfold * source.sizeBytes, what: 'bytes of files' });
  }
  const totalBytes = extractBytes + (liveFilesystem === undefined ? 0 : source.sizeBytes);
  let doneBytes = 0;
  const entries: ManifestEntry[] = await extract(plan, folder, {
    signal,
    onBytes(count, path) {
      doneBytes += count;
      report('extract', path, doneBytes, totalBytes);
    },
  });
  if (liveFilesystem !== undefined) {
    const written = await takeOver(request.image, source, join(folder, isoFile), {
      name: request.image,
      mode: 0o644,
      signal,
      onBytes(count) {
        doneBytes += count;
        report('copy', isoFile, doneBytes, totalBytes);
      },
    });
    entries.push({ path: isoFile, kind: 'file', mode: '0644', ...written });
  }
  const { loaders, http, kernels, initrds } = checked;
  const name = isoFile.replace(/\.iso$/, '');
  return {
    format: 1,
    id: releaseIdOf(name, entries),
    name,
    architecture: loaders.architecture,
    loader: { boot: loaders.boot.file, ...(loaders.grub === undefined ? {} : { grub: loaders.grub.file }), http },
    kernels: [...kernels],
    initrds: [...initrds],
    iso: liveFilesystem === undefined ? null : isoFile,
    liveUrl: givenUrl ?? null,
    entries: sortEntries(entries),
  };
}

/** What changes when somebody writes to a file, or puts another one in its place, or takes it away. */
async function stateOf(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found === undefined ? 'gone' : [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join();
}

/**
 * Makes what machines boot from, out of a LiveOS ISO, in an empty folder: the layout, and a manifest of it. Everything
 * is safe on disk when it resolves. Throws a BootwrightError, or the file system's error where the folder can't be
 * written to; what is in it then is the caller's to remove.
 */
export async function build(request: BuildRequest, folder: string): Promise<Manifest> {
  const { image } = request;
  const before = await stateOf(image);
  const source = await openFile(image);
  try {
    await chmod(folder, 0o755);
    const manifest = await buildFrom(source, request, folder);
    // A release that is half of one image and half of another one would boot, and then fail somewhere.
    if ((await stateOf(image)) !== before) throw new BootwrightError('SOURCE_CHANGED', { path: image });
    const text = bytesSource(Buffer.from(formatManifest(manifest), 'utf8'));
    await writeFrom(text, join(folder, manifestName), { name: manifestName, mode: 0o644 });
    await syncFolder(folder);
    return manifest;
  } finally {
    await source.close();
  }
}
