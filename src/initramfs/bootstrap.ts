import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BootwrightError } from '../errors.ts';
import type { PutFile, TreeChanges } from '../release/overlay-tree.ts';
import { together } from '../release/overlay-tree.ts';
import { squashfsCompressor } from './compression.ts';
import type { Conversion } from './conversion.ts';
import { requireDracut, runDracut, unpackWorkshop, type Workshop } from './dracut.ts';
import { readKernelVersion } from './kernel-version.ts';
import type { Kernel } from './kernels.ts';
import { liveSystem, putScratch } from './pack.ts';
import { packSquashfs } from './squashfs.ts';
import type { SystemEntry } from './system.ts';

const rootPath = 'liveos/rootfs.img';
const initrdPath = 'boot/initrd.img';

interface Wanted {
  readonly version: string;
  /** Of its initramfs in the image. */
  readonly path: string;
}

/**
 * Packs a system into a squashfs, and has it make a small initramfs for each of its kernels. Where it was a squashfs
 * before, those are there already, and stay. Throws as `convert`.
 */
export async function toBootstrap(conversion: Conversion): Promise<TreeChanges> {
  const { scratch, signal, survey, squashfs, path } = conversion;
  const workshop: Workshop = { scratch, signal, survey, name: path };
  const wanted = squashfs === undefined ? await initramfsWanted(conversion) : [];
  if (squashfs === undefined)
    requireDracut(
      workshop,
      wanted.map(({ version }) => version),
    );
  const live = liveSystem(conversion);
  const at = join(scratch, 'rootfs.img');
  const compressor = squashfs?.compressor ?? (await squashfsCompressor(conversion));
  await packSquashfs({ path: at, compressor, signal }, (sink) =>
    live.fill(sink, squashfs === undefined ? isInitLink : undefined),
  );
  const { size } = await stat(at);
  const root = { put: [putScratch(squashfs === undefined ? rootPath : path, at, size)], remove: [] };
  if (squashfs !== undefined) return together(root, live.changes);
  const initrds = await makeInitrds(at, wanted, workshop);
  return together({ put: [], remove: [initrdPath] }, root, { put: initrds, remove: [] }, live.changes);
}

/** What `toFullOs` adds. */
function isInitLink({ path, kind, target }: SystemEntry): boolean {
  return path === 'init' && kind === 'symlink' && target === '/lib/systemd/systemd';
}

async function makeInitrds(squashfs: string, wanted: readonly Wanted[], workshop: Workshop): Promise<PutFile[]> {
  const root = await unpackWorkshop(squashfs, workshop);
  const made: PutFile[] = [];
  for (const [index, { version, path }] of wanted.entries()) {
    const at = join(workshop.scratch, `initramfs-${index}`);
    made.push(putScratch(path, at, await runDracut(root, { version, path: at }, workshop)));
  }
  await rm(root, { recursive: true, force: true });
  return made;
}

/** Throws KERNEL_MODULES_MISSING for a kernel without a version where the system does not tell it either. */
async function initramfsWanted(conversion: Conversion): Promise<Wanted[]> {
  const wanted: Wanted[] = [];
  for (const kernel of conversion.kernels) {
    if (kernel.isRescue) continue;
    if (kernel.version === undefined) wanted.push({ version: await versionOf(kernel, conversion), path: initrdPath });
    else wanted.push({ version: kernel.version, path: `boot/initramfs-${kernel.version}.img` });
  }
  return wanted;
}

async function versionOf({ entry }: Kernel, { tree, survey, path }: Conversion): Promise<string> {
  const source = tree.open(entry);
  const said = await readKernelVersion(source).finally(() => source.close());
  const [only, ...others] = survey.moduleVersions;
  const version = said ?? (others.length === 0 ? only : undefined);
  if (version !== undefined) return version;
  const known = survey.moduleVersions.join(', ') || 'none';
  throw new BootwrightError('KERNEL_MODULES_MISSING', { path, kernel: entry.path, known });
}
