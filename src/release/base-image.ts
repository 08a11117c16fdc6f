import { exit } from '../errors/row.ts';
import { BootwrightError } from '../errors.ts';
import type { ImageConfig } from '../image-config/config.ts';
import { parseReferenceSavedConfig, referenceSavedConfigPath } from '../image-config/reference-saved.ts';
import { parseSavedConfig, savedConfigPath } from '../image-config/saved.ts';
import type { OpenedImage } from '../input/open-image.ts';
import type { ImageEntry, ImageTree } from '../iso/tree.ts';
import type { IsoImage } from '../iso/volume.ts';
import { fetchScriptPath } from './fetch-script.ts';
import { grubConfigPath, networkConfigPath } from './layout.ts';
import { overlayTree } from './overlay-tree.ts';
import { findLoaders } from './recognise.ts';

/** What a build starts from: the files of an image, whatever it came in. */
export interface BaseImage {
  readonly tree: ImageTree;
  /**
   * The ISO as a file, which machines may fetch as it is; absent where there is none, such as for a folder. An image with
   * UDF alone is none: initrds made by dracut bring no module that mounts it.
   */
  readonly isoFile: OpenedImage['isoFile'];
  /** Present where that is: its boot images and its label. */
  readonly iso: IsoImage | undefined;
  /** What the build that made it was asked for. */
  readonly saved: ImageConfig;
}

const savedLimitBytes = 4 * 1024 * 1024;

/** The whole of a small file; `undefined` where it is not there. Throws IMAGE_CONFIG_TOO_LARGE. */
export async function readSmall(tree: ImageTree, path: string, limitBytes: number): Promise<Buffer | undefined> {
  const entry = tree.find(path);
  if (entry?.kind !== 'file') return undefined;
  if (entry.sizeBytes > limitBytes) throw new BootwrightError('IMAGE_CONFIG_TOO_LARGE', { path, limitBytes });
  const bytes = Buffer.alloc(entry.sizeBytes);
  const source = tree.open(entry);
  try {
    await source.read(bytes, 0);
  } finally {
    await source.close();
  }
  return bytes;
}

/** Ours, else those of Azure Linux Image Customizer. */
const savedFiles = [
  [savedConfigPath, parseSavedConfig],
  [referenceSavedConfigPath, parseReferenceSavedConfig],
] as const;

/** Throws SAVED_SETTINGS_INVALID: it is the image that is wrong, not what the user asked for. */
async function readSaved(trees: readonly ImageTree[]): Promise<ImageConfig> {
  for (const [path, parse] of savedFiles) {
    for (const tree of trees) {
      const bytes = await readSmall(tree, path, savedLimitBytes);
      if (bytes === undefined) continue;
      try {
        return parse(bytes, path);
      } catch (cause) {
        if (!(cause instanceof BootwrightError) || cause.exitStatus === exit.image) throw cause;
        throw new BootwrightError('SAVED_SETTINGS_INVALID', { reason: cause.message }, { cause });
      }
    }
  }
  return {};
}

/**
 * The files of a release without an ISO where an image has them: what firmware loads in EFI/BOOT, the configuration
 * under its name for the network. So it is built from as any other image is.
 */
function asOnMedium(release: ImageTree): ImageTree {
  const loaders = findLoaders(release);
  const moved: [ImageEntry, string][] = [loaders?.boot, loaders?.grub, ...(loaders?.others ?? [])].flatMap((loader) =>
    loader === undefined ? [] : [[loader.entry, `EFI/BOOT/${loader.file}`]],
  );
  const config = release.find(grubConfigPath);
  if (config !== undefined) moved.push([config, networkConfigPath]);
  return overlayTree(release, {
    put: moved.map(([entry, path]) => ({
      path,
      mode: entry.mode,
      sizeBytes: entry.sizeBytes,
      open: () => release.open(entry),
    })),
    remove: [...moved.map(([{ path }]) => path), fetchScriptPath],
  });
}

/**
 * A release that carries its ISO starts from that again, and so does everything that is derived from it; its settings
 * are those of the release. Throws what reading the saved settings throws.
 */
export async function baseImage(opened: OpenedImage): Promise<BaseImage> {
  const { kind, tree, iso, isoFile } = opened;
  const image = kind !== 'release' ? tree : (iso ?? asOnMedium(tree));
  return {
    tree: image,
    isoFile: iso === undefined ? undefined : isoFile,
    iso,
    saved: await readSaved([tree, image]),
  };
}
