import { mkdir, symlink } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { BootwrightError } from '../errors.ts';
import type { ImageTree } from '../iso/tree.ts';
import { describeWriteFailure, syncFolder } from '../platform/durable.ts';
import type { ByteSource } from '../platform/files.ts';
import { grubConfigPath, manifestName } from './layout.ts';
import type { ManifestEntry } from './manifest.ts';
import type { FoundConfig, Loaders } from './recognise.ts';
import { writeFrom } from './write.ts';

/** One file that will be in the release. */
interface PlannedFile {
  readonly path: string;
  readonly mode: number;
  readonly sizeBytes: number;
  open(): ByteSource;
}

interface PlannedLink {
  readonly path: string;
  readonly target: string;
}

export interface ExtractPlan {
  readonly files: readonly PlannedFile[];
  readonly links: readonly PlannedLink[];
  readonly folders: readonly string[];
}

/** The bytes of a text that has a letter for each byte. */
function textSource(text: string): ByteSource {
  const bytes = Buffer.from(text, 'latin1');
  return {
    sizeBytes: bytes.byteLength,
    read: (into, position) => Promise.resolve(bytes.copy(into, 0, position)),
    close: () => Promise.resolve(),
  };
}

// The server must be able to read what it serves, whatever the image says of it.
const readable = 0o400;

/** An absolute link means the image's root: made relative, it means the release's. Throws IMAGE_LINK_OUTSIDE. */
function linkInside(path: string, target: string): string {
  const folder = posix.dirname(path);
  const meant = target.startsWith('/') ? posix.normalize(target).slice(1) : posix.normalize(posix.join(folder, target));
  if (meant === '..' || meant.startsWith('../')) throw new BootwrightError('IMAGE_LINK_OUTSIDE', { path, target });
  return target.startsWith('/') ? posix.relative(folder, meant) || '.' : target;
}

interface Parts {
  readonly tree: ImageTree;
  readonly loaders: Loaders;
  readonly config: FoundConfig;
  /** Paths that stay in the ISO alone: the live system, which the machine takes out of the ISO. */
  readonly left: ReadonlySet<string>;
  /** What becomes of the configuration. */
  readonly configText: string;
}

/** What will be where: loaders at the root, the configuration in its one place, everything else as it is. */
export function planExtract({ tree, loaders, config, left, configText }: Parts): ExtractPlan {
  const moved = [loaders.boot, ...(loaders.grub === undefined ? [] : [loaders.grub]), ...loaders.others];
  const handled = new Set([...moved.map(({ entry }) => entry.path), ...left, config.entry.path]);
  const files: PlannedFile[] = moved.map(({ entry, file }) => ({
    path: file,
    mode: 0o644,
    sizeBytes: entry.sizeBytes,
    open: () => tree.open(entry),
  }));
  const configBytes = textSource(configText);
  files.push({ path: grubConfigPath, mode: 0o644, sizeBytes: configBytes.sizeBytes, open: () => configBytes });
  const links: PlannedLink[] = [];
  for (const entry of tree.entries) {
    const { path, kind, target } = entry;
    if (handled.has(path) || path === manifestName || /^boot\/grub2\/grub(-pxe)?\.cfg$/.test(path)) continue;
    if (kind === 'symlink') links.push({ path, target: linkInside(path, target ?? '') });
    if (kind === 'file') {
      files.push({
        path,
        mode: (entry.mode & 0o777) | readable,
        sizeBytes: entry.sizeBytes,
        open: () => tree.open(entry),
      });
    }
  }
  const folders = new Set<string>();
  for (const { path } of [...files, ...links]) {
    for (let folder = posix.dirname(path); folder !== '.'; folder = posix.dirname(folder)) folders.add(folder);
  }
  return { files, links, folders: [...folders].sort() };
}

export interface ExtractOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onBytes: (count: number, path: string) => void;
}

/**
 * Writes a plan into an empty folder and says what is there. Links are made last, so that nothing is ever written
 * through one. Throws OUTPUT_FULL, OUTPUT_UNWRITABLE or IMAGE_NAME_TWICE.
 */
export async function extract(plan: ExtractPlan, folder: string, options: ExtractOptions): Promise<ManifestEntry[]> {
  const entries: ManifestEntry[] = [];
  try {
    for (const path of plan.folders) await mkdir(join(folder, path), { mode: 0o755 });
    for (const file of plan.files) {
      const written = await writeFrom(file.open(), join(folder, file.path), {
        mode: file.mode,
        signal: options.signal,
        onBytes: (count) => options.onBytes(count, file.path),
      });
      entries.push({ path: file.path, kind: 'file', mode: `0${file.mode.toString(8).padStart(3, '0')}`, ...written });
    }
    for (const { path, target } of plan.links) {
      await symlink(target, join(folder, path));
      entries.push({ path, kind: 'symlink', target });
    }
    for (const path of plan.folders.toReversed()) await syncFolder(join(folder, path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      const { path = folder } = error as NodeJS.ErrnoException;
      throw new BootwrightError('IMAGE_NAME_TWICE', { path: path.slice(folder.length + 1) }, { cause: error });
    }
    throw describeWriteFailure(error, dirname(folder));
  }
  return entries;
}
