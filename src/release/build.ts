import { basename, join } from 'node:path';
import { BootwrightError } from '../errors.ts';
import { bootEntries } from '../grub/entries.ts';
import { rewriteForPxe } from '../grub/rewrite.ts';
import type { ImageTree } from '../iso/tree.ts';
import { openIso } from '../iso/volume.ts';
import { describeWriteFailure, replaceFile } from '../platform/durable.ts';
import type { ByteSource } from '../platform/files.ts';
import { openFile } from '../platform/files-node.ts';
import { extract, planExtract } from './extract.ts';
import { manifestName } from './layout.ts';
import { checkLiveUrl, joinUrl } from './live-url.ts';
import { formatManifest, type Manifest, type ManifestEntry, releaseIdOf, sortEntries } from './manifest.ts';
import { preflight } from './preflight.ts';
import { findConfig, findLiveFilesystem } from './recognise.ts';
import { takeOver } from './write.ts';

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
  if (isoUrl !== undefined) return checkLiveUrl(isoUrl);
  if (baseUrl !== undefined) return checkLiveUrl(joinUrl(baseUrl, isoFile));
  return undefined;
}

/** A configuration as text with a letter for each byte, so that what is not understood stays as it is, in any encoding. */
async function readText(tree: ImageTree, path: string, limitBytes: number): Promise<string> {
  const entry = tree.find(path);
  if (entry === undefined || entry.sizeBytes > limitBytes) {
    throw new BootwrightError('IMAGE_CONFIG_TOO_LARGE', { path, limitBytes });
  }
  const bytes = Buffer.alloc(entry.sizeBytes);
  await tree.open(entry).read(bytes, 0);
  return bytes.toString('latin1');
}

const configLimitBytes = 4 * 1024 * 1024;

async function buildFrom(source: ByteSource, request: BuildRequest, folder: string): Promise<Manifest> {
  const report = (phase: BuildProgress['phase'], path: string, doneBytes = 0, totalBytes = source.sizeBytes) =>
    request.onProgress?.({ phase, path, doneBytes, totalBytes });
  const isoFile = isoFileName(request.image);
  const givenUrl = chooseLiveUrl(request, isoFile);

  report('read', request.image);
  const tree = await openIso(source);
  const config = findConfig(tree);
  const originalText = await readText(tree, config.entry.path, configLimitBytes);

  report('check', request.image);
  const liveFilesystem = findLiveFilesystem(tree);
  const checked = await preflight(tree, bootEntries(originalText), {
    live: liveFilesystem !== undefined,
    signal: request.signal,
  });

  const liveUrl = liveFilesystem === undefined ? undefined : (givenUrl ?? joinUrl(bootServerUrl, isoFile));
  const { text: configText, liveKernels } = rewriteForPxe(originalText, {
    liveUrl,
    variablesInUrl: givenUrl === undefined,
    kernelArguments: request.kernelArguments.map((argument) => Buffer.from(argument, 'utf8').toString('latin1')),
    from: config.from,
  });
  if (liveUrl !== undefined && liveKernels === 0) {
    throw new BootwrightError('IMAGE_NOTHING_LIVE', { path: config.entry.path });
  }
  const plan = planExtract({
    tree,
    loaders: checked.loaders,
    config,
    configText,
    left: new Set(liveFilesystem === undefined ? [] : [liveFilesystem.path]),
  });
  const isoBytes = liveFilesystem === undefined ? 0 : source.sizeBytes;
  const totalBytes = plan.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, isoBytes);
  let doneBytes = 0;
  const entries: ManifestEntry[] = await extract(plan, folder, {
    signal: request.signal,
    onBytes(count, path) {
      doneBytes += count;
      report('extract', path, doneBytes, totalBytes);
    },
  });
  if (liveFilesystem !== undefined) {
    const written = await takeOver(request.image, source, join(folder, isoFile), {
      mode: 0o644,
      signal: request.signal,
      onBytes(count) {
        doneBytes += count;
        report('copy', isoFile, doneBytes, totalBytes);
      },
    });
    entries.push({ path: isoFile, kind: 'file', mode: '0644', ...written });
  }
  const { loaders, http, kernels, initrds } = checked;
  return {
    format: 1,
    id: releaseIdOf(isoFile.replace(/\.iso$/, ''), entries),
    name: isoFile.replace(/\.iso$/, ''),
    architecture: loaders.architecture,
    loader: { boot: loaders.boot.file, ...(loaders.grub === undefined ? {} : { grub: loaders.grub.file }), http },
    kernels: [...kernels],
    initrds: [...initrds],
    iso: liveFilesystem === undefined ? null : isoFile,
    liveUrl: liveFilesystem === undefined ? null : (givenUrl ?? null),
    entries: sortEntries(entries),
  };
}

/**
 * Makes what machines boot from, out of a LiveOS ISO, in an empty folder: the layout, and a manifest of it. Everything
 * is safe on disk when it resolves. Throws a BootwrightError; what is in the folder then is the caller's to remove.
 */
export async function build(request: BuildRequest, folder: string): Promise<Manifest> {
  const source = await openFile(request.image);
  try {
    const manifest = await buildFrom(source, request, folder);
    await replaceFile(join(folder, manifestName), formatManifest(manifest));
    return manifest;
  } catch (error) {
    throw describeWriteFailure(error, folder);
  } finally {
    await source.close();
  }
}
