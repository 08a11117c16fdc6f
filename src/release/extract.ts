import { chmod, mkdir, symlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { BootwrightError } from '../errors.ts';
import type { ImageTree } from '../iso/tree.ts';
import { syncFolder } from '../platform/durable.ts';
import { type ByteSource, bytesSource } from '../platform/files.ts';
import { grubConfigPath, manifestName } from './layout.ts';
import { linkInside } from './links.ts';
import type { ManifestEntry } from './manifest.ts';
import type { Loaders } from './recognise.ts';
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

// The server must be able to read what it serves, whatever the image says of it; and what GRUB loads, any server that a
// user puts it on, as whatever user it runs. dracut writes its initrds with mode 0600.
const readable = { byOwner: 0o400, byAll: 0o444 };

interface Parts {
  readonly tree: ImageTree;
  readonly loaders: Loaders;
  /** Kernels and initrds. */
  readonly booted: ReadonlySet<string>;
  /** Paths that stay in the image alone: its configuration, and the live system, which machines take out of the ISO. */
  readonly left: ReadonlySet<string>;
  /** What becomes of the configuration. */
  readonly configBytes: Buffer;
  /** Names at the root of the release that are taken already, such as that of the ISO. */
  readonly taken: readonly string[];
}

/** Every folder that leads to one of the paths, parents first. */
function foldersOf(paths: Iterable<string>): string[] {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let folder = posix.dirname(path); folder !== '.' && !folders.has(folder); folder = posix.dirname(folder)) {
      folders.add(folder);
    }
  }
  return [...folders].sort();
}

function requireDistinct(paths: Iterable<string>): void {
  const seen = new Set<string>();
  for (const path of paths) {
    if (seen.has(path)) throw new BootwrightError('IMAGE_NAME_TWICE', { path });
    seen.add(path);
  }
}

/**
 * What will be where: loaders at the root, the configuration in its one place, everything else as it is. Throws
 * IMAGE_NAME_TWICE, IMAGE_LINK_OUTSIDE or ISO_UNSUPPORTED.
 */
export function planExtract({ tree, loaders, booted, left, configBytes, taken }: Parts): ExtractPlan {
  const moved = [loaders.boot, ...(loaders.grub === undefined ? [] : [loaders.grub]), ...loaders.others];
  const handled = new Set([...moved.map(({ entry }) => entry.path), ...left]);
  const files: PlannedFile[] = moved.map(({ entry, file, open }) => ({
    path: file,
    mode: 0o644,
    sizeBytes: entry.sizeBytes,
    open,
  }));
  const source = bytesSource(configBytes);
  files.push({ path: grubConfigPath, mode: 0o644, sizeBytes: source.sizeBytes, open: () => source });
  const links: PlannedLink[] = [];
  const targets = new Map(tree.entries.flatMap(({ path, target }) => (target === undefined ? [] : [[path, target]])));
  for (const entry of tree.entries) {
    const { path, kind, target } = entry;
    if (handled.has(path) || path === manifestName || /^boot\/grub2\/grub(-pxe)?\.cfg$/.test(path)) continue;
    if (kind === 'symlink') links.push({ path, target: linkInside(targets, path, target ?? '') });
    if (kind === 'file') {
      files.push({
        path,
        mode: (entry.mode & 0o777) | (booted.has(path) ? readable.byAll : readable.byOwner),
        sizeBytes: entry.sizeBytes,
        open: () => tree.open(entry),
      });
    }
  }
  const paths = [...files, ...links].map(({ path }) => path);
  const folders = foldersOf(paths);
  requireDistinct([...taken, ...paths, ...folders]);
  return { files, links, folders };
}

export interface ExtractOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onBytes: (count: number, path: string) => void;
}

/**
 * Writes a plan into an empty folder and says what is there. Links are made last, so that nothing is ever written
 * through one. Errors of the file system come as they are.
 */
export async function extract(plan: ExtractPlan, folder: string, options: ExtractOptions): Promise<ManifestEntry[]> {
  const entries: ManifestEntry[] = [];
  for (const path of plan.folders) {
    await mkdir(join(folder, path));
    // Not as the umask of the builder would have it: other programs may serve this.
    await chmod(join(folder, path), 0o755);
  }
  for (const file of plan.files) {
    const source = file.open();
    const written = await writeFrom(source, join(folder, file.path), {
      name: file.path,
      mode: file.mode,
      signal: options.signal,
      onBytes: (count) => options.onBytes(count, file.path),
    }).finally(() => source.close());
    entries.push({ path: file.path, kind: 'file', mode: `0${file.mode.toString(8).padStart(3, '0')}`, ...written });
  }
  for (const { path, target } of plan.links) {
    await symlink(target, join(folder, path));
    entries.push({ path, kind: 'symlink', target });
  }
  for (const path of plan.folders.toReversed()) await syncFolder(join(folder, path));
  return entries;
}
