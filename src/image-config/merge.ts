import type { AdditionalFile, ImageConfig, IsoUrls, OutputConfig } from './config.ts';
import { orNothing, rejectUrlForFullOs } from './output.ts';

type PxeConfig = OutputConfig & IsoUrls;

const urlKeys = ['bootstrapBaseUrl', 'bootstrapFileUrl', 'isoImageBaseUrl', 'isoImageFileUrl'] as const;

/** Without doubles; the last of them stays, since of `quiet=0 quiet=1` the kernel heeds the last as well. */
function lastOfEach<Item>(items: readonly Item[], nameOf: (item: Item) => string): Item[] {
  const byName = new Map<string, Item>();
  for (const item of items) {
    const name = nameOf(item);
    byName.delete(name);
    byName.set(name, item);
  }
  return [...byName.values()];
}

function urlsOf(pxe: IsoUrls): IsoUrls {
  return Object.fromEntries(urlKeys.flatMap((key) => (pxe[key] === undefined ? [] : [[key, pxe[key]]])));
}

function mergeOutputs(earlier: OutputConfig | undefined, later: OutputConfig | undefined): OutputConfig {
  const initramfsType = later?.initramfsType ?? earlier?.initramfsType;
  const kdumpBootFiles = later?.kdumpBootFiles ?? earlier?.kdumpBootFiles;
  return {
    kernelArguments: lastOfEach(
      [...(earlier?.kernelArguments ?? []), ...(later?.kernelArguments ?? [])],
      (word) => word,
    ),
    additionalFiles: lastOfEach<AdditionalFile>(
      [...(earlier?.additionalFiles ?? []), ...(later?.additionalFiles ?? [])],
      ({ destination }) => destination,
    ),
    ...(initramfsType === undefined ? {} : { initramfsType }),
    ...(kdumpBootFiles === undefined ? {} : { kdumpBootFiles }),
  };
}

function mergePxe(earlier: PxeConfig | undefined, later: PxeConfig | undefined): PxeConfig {
  const laterUrls = urlsOf(later ?? {});
  const urls = Object.keys(laterUrls).length > 0 ? laterUrls : urlsOf(earlier ?? {});
  return { ...mergeOutputs(earlier, later), ...urls };
}

function over(earlier: ImageConfig, later: ImageConfig): ImageConfig {
  const iso = orNothing(mergeOutputs(earlier.iso, later.iso));
  const pxe = orNothing(mergePxe(earlier.pxe, later.pxe));
  const { iso: _iso, pxe: _pxe, ...others } = { ...earlier, ...later };
  return { ...others, ...(iso === undefined ? {} : { iso }), ...(pxe === undefined ? {} : { pxe }) };
}

/**
 * What a build is asked for: by settings that its input saved, by a file over them, by flags over both. The later says
 * more; arguments of the kernel are added up, a double counts where it comes last; additional files are added up by
 * destination; a URL replaces a URL given earlier, whatever its kind.
 *
 * A saved URL stays where the file or the flags ask for full-os, and is of no use then; one that they give themselves
 * is an error.
 *
 * @throws IMAGE_YAML_URL_FOR_FULL_OS.
 */
export function mergeConfigs(saved: ImageConfig, file: ImageConfig, flags: ImageConfig): ImageConfig {
  const asked = over(file, flags);
  const url = asked.pxe && urlKeys.find((key) => asked.pxe?.[key] !== undefined);
  if (url !== undefined && asked.pxe?.initramfsType === 'full-os') rejectUrlForFullOs(url, 'file and flags together');
  return over(saved, asked);
}
