import { BootwrightError } from '../errors.ts';
import type { BootEntry } from '../grub/entries.ts';
import { inspectInitrd } from '../iso/initrd.ts';
import { inspectLoader } from '../iso/pe.ts';
import type { ImageEntry, ImageTree } from '../iso/tree.ts';
import { type FoundLoader, findLoaders, type Loaders } from './recognise.ts';

/** What was found to fit together, and would boot. */
export interface Preflight {
  readonly loaders: Loaders;
  /** Whether the image's GRUB can fetch by HTTP. */
  readonly http: 'built-in' | 'missing' | 'unknown';
  /** Paths in the image, in the order of the menu. */
  readonly kernels: readonly string[];
  readonly initrds: readonly string[];
}

export interface PreflightOptions {
  /** The image has a live filesystem, which the initrd must fetch and mount. */
  readonly live: boolean;
  readonly signal?: AbortSignal | undefined;
}

const loaderLimitBytes = 64 * 1024 * 1024;

async function inspect(tree: ImageTree, { entry }: FoundLoader) {
  if (entry.sizeBytes > loaderLimitBytes) {
    throw new BootwrightError('IMAGE_LOADER_INVALID', { path: entry.path, reason: 'it is larger than 64 MiB' });
  }
  const bytes = new Uint8Array(entry.sizeBytes);
  await tree.open(entry).read(bytes, 0);
  try {
    return inspectLoader(bytes);
  } catch (cause) {
    if (!(cause instanceof BootwrightError)) throw cause;
    throw new BootwrightError('IMAGE_LOADER_INVALID', { path: entry.path, reason: cause.message }, { cause });
  }
}

async function checkLoaders(tree: ImageTree): Promise<Pick<Preflight, 'loaders' | 'http'>> {
  const loaders = findLoaders(tree);
  if (loaders === undefined) throw new BootwrightError('IMAGE_NO_LOADER', { path: 'EFI/BOOT/bootx64.efi' });
  const boot = await inspect(tree, loaders.boot);
  const last = loaders.grub === undefined ? boot : await inspect(tree, loaders.grub);
  for (const [found, { machine }] of [[loaders.boot, boot] as const, [loaders.grub ?? loaders.boot, last] as const]) {
    if (machine !== loaders.architecture) {
      throw new BootwrightError('IMAGE_LOADER_INVALID', {
        path: found.entry.path,
        reason: `it is for ${machine}, not for ${loaders.architecture}`,
      });
    }
  }
  if (loaders.grub === undefined && last.grub === undefined) {
    throw new BootwrightError('IMAGE_NO_GRUB', { path: loaders.boot.entry.path });
  }
  const modules = last.grub?.modules;
  const http =
    modules === undefined || modules.length === 0 ? 'unknown' : modules.includes('http') ? 'built-in' : 'missing';
  return { loaders, http };
}

/** The files that the menu names; those of entries that name no initrd (memtest, firmware setup) don't count. */
function collect(tree: ImageTree, entries: readonly BootEntry[]): { kernels: ImageEntry[]; initrds: ImageEntry[] } {
  const bootable = entries.filter(({ initrds }) => initrds.length > 0);
  const kernels = new Map<string, ImageEntry>();
  const initrds = new Map<string, ImageEntry>();
  for (const { kernel, initrds: paths, title } of bootable) {
    const found = tree.find(kernel);
    if (found?.kind !== 'file') throw new BootwrightError('IMAGE_NO_KERNEL', { path: kernel, title });
    kernels.set(kernel, found);
    for (const path of paths) {
      const initrd = tree.find(path);
      if (initrd?.kind !== 'file') throw new BootwrightError('IMAGE_NO_INITRD', { path, title });
      initrds.set(path, initrd);
    }
  }
  return { kernels: [...kernels.values()], initrds: [...initrds.values()] };
}

/** An initrd that can't fetch the live system over the network boots into an emergency shell: better not published. */
async function checkInitrds(tree: ImageTree, initrds: readonly ImageEntry[]): Promise<void> {
  for (const entry of initrds) {
    const { livenet, dmsquashLive } = await inspectInitrd(tree.open(entry));
    for (const [module, there] of [
      ['livenet', livenet],
      ['dmsquash-live', dmsquashLive],
    ] as const) {
      if (!there) throw new BootwrightError('INITRD_MODULE_MISSING', { path: entry.path, module });
    }
  }
}

/** Looks whether the parts of an image are there and fit together. Throws IMAGE_… and INITRD_… errors. */
export async function preflight(
  tree: ImageTree,
  entries: readonly BootEntry[],
  { live, signal }: PreflightOptions,
): Promise<Preflight> {
  const { loaders, http } = await checkLoaders(tree);
  signal?.throwIfAborted();
  const { kernels, initrds } = collect(tree, entries);
  if (kernels.length === 0) throw new BootwrightError('IMAGE_NOTHING_TO_BOOT', {});
  if (live) await checkInitrds(tree, initrds);
  return { loaders, http, kernels: kernels.map(({ path }) => path), initrds: initrds.map(({ path }) => path) };
}
