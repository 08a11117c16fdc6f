import { BootwrightError } from '../errors.ts';
import type { BootEntry } from '../grub/entries.ts';
import { openFat } from '../iso/fat.ts';
import { inspectInitrd } from '../iso/initrd.ts';
import type { InitrdPart } from '../iso/initrd-parts.ts';
import { inspectLoader } from '../iso/pe.ts';
import type { ImageEntry, ImageTree } from '../iso/tree.ts';
import type { IsoImage } from '../iso/volume.ts';
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
  /** The path of the configuration in the image, for errors. */
  readonly config: string;
  readonly signal?: AbortSignal | undefined;
}

const loaderLimitBytes = 64 * 1024 * 1024;

async function inspect({ entry, open }: FoundLoader) {
  if (entry.sizeBytes > loaderLimitBytes) {
    throw new BootwrightError('IMAGE_LOADER_INVALID', { path: entry.path, reason: 'it is larger than 64 MiB' });
  }
  const bytes = new Uint8Array(entry.sizeBytes);
  await open().read(bytes, 0);
  try {
    return inspectLoader(bytes);
  } catch (cause) {
    if (!(cause instanceof BootwrightError)) throw cause;
    throw new BootwrightError('IMAGE_LOADER_INVALID', { path: entry.path, reason: cause.message }, { cause });
  }
}

/** Many images have their loaders only in the FAT that firmware boots from a disc (El Torito). */
async function findInBootImages(image: IsoImage): Promise<Loaders | undefined> {
  for (const bootImage of image.bootImages) {
    if (bootImage.platform !== 'efi') continue;
    try {
      const loaders = findLoaders(await openFat(image.openBootImage(bootImage)));
      if (loaders !== undefined) return loaders;
    } catch (error) {
      if (!(error instanceof BootwrightError)) throw error;
      // One that is no FAT, or a damaged one: there are no loaders in it, which is what the caller says.
    }
  }
  return undefined;
}

async function checkLoaders(image: IsoImage): Promise<Pick<Preflight, 'loaders' | 'http'>> {
  const loaders = findLoaders(image) ?? (await findInBootImages(image));
  if (loaders === undefined) throw new BootwrightError('IMAGE_NO_LOADER', { path: 'EFI/BOOT/bootx64.efi' });
  const boot = await inspect(loaders.boot);
  const last = loaders.grub === undefined ? boot : await inspect(loaders.grub);
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

/** One entry of the menu, and the files in the image that it loads. */
interface Bootable {
  readonly kernel: ImageEntry;
  readonly initrds: readonly ImageEntry[];
  readonly arguments: readonly string[];
}

/** What of the menu starts the system of the image. Tools beside it (memtest, FreeDOS, firmware setup) don't count. */
function findBootables(tree: ImageTree, entries: readonly BootEntry[], live: boolean): Bootable[] {
  return entries
    .filter(({ initrds, liveRoot }) => initrds.length > 0 && (liveRoot !== undefined || !live))
    .map(({ kernel: kernelPath, initrds: initrdPaths, title, arguments: words }) => {
      const kernel = tree.find(kernelPath);
      if (kernel?.kind !== 'file') throw new BootwrightError('IMAGE_NO_KERNEL', { path: kernelPath, title });
      const initrds = initrdPaths.map((path) => {
        const initrd = tree.find(path);
        if (initrd?.kind !== 'file') throw new BootwrightError('IMAGE_NO_INITRD', { path, title });
        return initrd;
      });
      return { kernel, initrds, arguments: words };
    });
}

/** Live systems that fetch their root in ways of their own, by what is in their initrd. */
const otherFamilies: Readonly<Partial<Record<InitrdPart, string>>> = {
  'live-boot': 'Debian live (live-boot)',
  casper: 'Ubuntu (casper)',
  archiso: 'Arch Linux (archiso)',
};
/** By its arguments: its files are also in whole systems that can make installers. */
const anaconda = 'Anaconda (the installer of Fedora and RHEL)';
const anacondaArgument = /^inst\.(?:stage2|repo)=/;

/** What dracut needs to fetch a live ISO and to mount it. */
const liveParts = ['livenet', 'dmsquash-live'] as const;

/**
 * An initrd that can't fetch the live system over the network boots into an emergency shell, and one that looks for a
 * live system of another kind finds none: better not published.
 */
async function checkInitrds(
  tree: ImageTree,
  bootables: readonly Bootable[],
  { live, signal }: PreflightOptions,
): Promise<void> {
  const inspected = new Map<string, ReadonlySet<InitrdPart>>();
  for (const { initrds, arguments: words } of bootables) {
    const path = initrds.map((initrd) => initrd.path).join(', ');
    const parts = new Set<InitrdPart>();
    for (const entry of initrds) {
      signal?.throwIfAborted();
      const found = inspected.get(entry.path) ?? (await inspectInitrd(tree.open(entry))).parts;
      inspected.set(entry.path, found);
      for (const part of found) parts.add(part);
    }
    const missing = liveParts.find((module) => !parts.has(module));
    const [found] = [...parts].flatMap((part) => otherFamilies[part] ?? []);
    const other = words.some((word) => anacondaArgument.test(word)) ? anaconda : found;
    if (other !== undefined && (!live || missing !== undefined)) {
      throw new BootwrightError('IMAGE_FAMILY_UNSUPPORTED', { path, family: other });
    }
    if (live && missing !== undefined) throw new BootwrightError('INITRD_MODULE_MISSING', { path, module: missing });
  }
}

function pathsOf(entries: readonly ImageEntry[]): string[] {
  return [...new Set(entries.map(({ path }) => path))];
}

/**
 * Looks whether the parts of an image are there and fit together. `entries` are those of the configuration that the
 * release will have. Throws IMAGE_… and INITRD_… errors.
 */
export async function preflight(
  image: IsoImage,
  entries: readonly BootEntry[],
  options: PreflightOptions,
): Promise<Preflight> {
  const { loaders, http } = await checkLoaders(image);
  options.signal?.throwIfAborted();
  const bootables = findBootables(image, entries, options.live);
  if (bootables.length === 0) {
    const bootsSomething = entries.some(({ initrds }) => initrds.length > 0);
    const code = bootsSomething ? 'IMAGE_NOTHING_LIVE' : 'IMAGE_NOTHING_TO_BOOT';
    throw new BootwrightError(code, { path: options.config });
  }
  await checkInitrds(image, bootables, options);
  return {
    loaders,
    http,
    kernels: pathsOf(bootables.map(({ kernel }) => kernel)),
    initrds: pathsOf(bootables.flatMap(({ initrds }) => initrds)),
  };
}
