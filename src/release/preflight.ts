import { BootwrightError } from '../errors.ts';
import type { BootEntry, BootMenu } from '../grub/entries.ts';
import { examine } from '../inspect/examine.ts';
import { errorOf, type Finding } from '../inspect/finding.ts';
import type { Facts } from '../inspect/report.ts';
import type { ImageEntry } from '../iso/tree.ts';
import type { IsoImage } from '../iso/volume.ts';
import { findLiveFilesystem, type Loaders } from './recognise.ts';

/** What was found to fit together, and would boot. */
export interface Preflight {
  readonly loaders: Loaders;
  /** Whether the image's GRUB can fetch by HTTP. */
  readonly http: 'built-in' | 'missing' | 'unknown';
  /** Paths in the image, in the order of the menu. */
  readonly kernels: readonly string[];
  readonly initrds: readonly string[];
  readonly facts: Facts;
  /** Warnings only: an error was thrown. */
  readonly findings: readonly Finding[];
}

export interface PreflightOptions {
  /** The image has a live filesystem, which the initrd must fetch and mount. */
  readonly live: boolean;
  /** The path of the configuration in the image, for errors. */
  readonly config: string;
  /** The menu and the text of the configuration, where more than its entries shall be looked at. */
  readonly menu?: BootMenu | undefined;
  readonly configText?: string | undefined;
  /** The image without its folder, and the size of the ISO that machines fetch, where it is known. */
  readonly name?: string | undefined;
  readonly isoSizeBytes?: number | undefined;
  readonly fetched?: 'iso' | 'squashfs' | undefined;
  readonly url?: string | undefined;
  readonly askUrl?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

type Image = Pick<IsoImage, 'entries' | 'find' | 'open'> & Partial<IsoImage>;

function pathsOf(entries: readonly ImageEntry[]): string[] {
  return [...new Set(entries.map(({ path }) => path))];
}

/**
 * Looks whether the parts of an image are there and fit together. `entries` are those of the configuration that the
 * release will have. Throws the first finding that is an error: IMAGE_…, INITRD_… and LOADER_….
 */
export async function preflight(
  image: Image,
  entries: readonly BootEntry[],
  { live, menu, name = '', ...options }: PreflightOptions,
): Promise<Preflight> {
  const { label } = image;
  const { facts, findings, loaders, bootables } = await examine(
    {
      tree: image,
      name,
      kind: image.bootImages === undefined ? 'tree' : 'iso',
      label,
      isoSizeBytes: options.isoSizeBytes,
    },
    menu ?? { entries, defaultEntry: entries[0], timeoutSeconds: undefined },
    { ...options, tellsDownloader: true, liveFilesystem: live ? findLiveFilesystem(image) : undefined },
  );
  const first = findings.find(({ severity }) => severity === 'error');
  if (first !== undefined) throw errorOf(first);
  if (loaders === undefined) throw new BootwrightError('IMAGE_NO_LOADER', { path: 'EFI/BOOT/bootx64.efi' });
  return {
    loaders,
    http: facts.grub?.http ?? 'unknown',
    kernels: pathsOf(bootables.map(({ kernel }) => kernel)),
    initrds: pathsOf(bootables.flatMap(({ initrds }) => initrds)),
    facts,
    findings,
  };
}
