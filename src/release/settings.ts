import { BootwrightError } from '../errors.ts';
import type { ImageConfig, OutputConfig } from '../image-config/config.ts';
import { isoLocation } from '../image-config/iso-location.ts';
import { mergeConfigs } from '../image-config/merge.ts';
import { checkLiveUrl, joinUrl } from './live-url.ts';
import type { BuildRequest } from './request.ts';

/** What a build writes: files that machines boot from, or a medium. */
export type Target = 'network' | 'disc';

/** What a build shall do: the settings that its input saved, the configuration file and the flags, as one. */
export interface BuildSettings {
  /** As it will be saved. */
  readonly config: ImageConfig;
  /** Of the menu for discs and sticks, and of the one for the network. */
  readonly disc: OutputConfig;
  readonly network: OutputConfig;
  /** What `root=live:` points at. */
  readonly liveRoot: 'iso' | 'squashfs';
}

const nothing: OutputConfig = { kernelArguments: [], additionalFiles: [] };

/** What flags ask for holds for both menus. */
function configOfFlags({ isoUrl, baseUrl, kernelArguments }: BuildRequest): ImageConfig {
  const output: OutputConfig = { kernelArguments, additionalFiles: [] };
  const urls =
    isoUrl !== undefined ? { isoImageFileUrl: isoUrl } : baseUrl !== undefined ? { isoImageBaseUrl: baseUrl } : {};
  if (kernelArguments.length === 0 && isoUrl === undefined && baseUrl === undefined) return {};
  return { iso: output, pxe: { ...output, ...urls } };
}

/** Throws LIVE_URL_* for a URL that dracut could not use, and IMAGE_YAML_URL_FOR_FULL_OS. */
export function settle(saved: ImageConfig, request: BuildRequest): BuildSettings {
  const { isoUrl, baseUrl } = request;
  const config = mergeConfigs(saved, request.config ?? {}, configOfFlags(request));
  if (isoUrl !== undefined) checkLiveUrl(isoUrl, config.liveRoot ?? 'iso');
  if (baseUrl !== undefined) checkLiveUrl(joinUrl(baseUrl, 'image.iso'), 'iso');
  return {
    config,
    disc: config.iso ?? nothing,
    network: config.pxe ?? nothing,
    liveRoot: config.liveRoot ?? 'iso',
  };
}

/** Where the live system will be: the name of the ISO in the output, and the URL if somebody gave one. */
export interface LivePlace {
  readonly isoFile: string;
  readonly url: string | undefined;
}

/** dracut loop-mounts what it fetched only if the name ends in lower-case `.iso`. */
function isoFileName(name: string): string {
  return `${name.replace(/\.iso$/i, '')}.iso`;
}

/**
 * The URL that this very build was asked for. One in the file is for machines that boot over the network, and may stand
 * there beside a disc that needs none; one that was saved may be of an image of the other kind.
 */
export function urlAskedFor({ isoUrl, baseUrl, config }: BuildRequest, target: Target): string | undefined {
  const pxe = target === 'network' ? config?.pxe : undefined;
  const inFile = pxe?.isoImageFileUrl ?? pxe?.isoImageBaseUrl ?? pxe?.bootstrapFileUrl ?? pxe?.bootstrapBaseUrl;
  return isoUrl ?? baseUrl ?? inFile;
}

/**
 * Throws LIVE_URL_* for a URL that dracut could not use, and LIVE_URL_UNUSED where one was asked for in this build and
 * nothing is fetched.
 */
export function livePlace(
  settings: BuildSettings,
  image: { readonly name: string; readonly livePath: string | undefined },
  request: BuildRequest,
  target: Target,
): LivePlace {
  const { config, liveRoot } = settings;
  const own = isoFileName(image.name);
  if (image.livePath === undefined) {
    const url = urlAskedFor(request, target);
    if (url !== undefined) throw new BootwrightError('LIVE_URL_UNUSED', { url });
    return { isoFile: own, url: undefined };
  }
  if (liveRoot === 'squashfs') {
    const { pxe } = config;
    const base = pxe?.bootstrapBaseUrl ?? pxe?.isoImageBaseUrl;
    const url = pxe?.bootstrapFileUrl ?? pxe?.isoImageFileUrl ?? (base && joinUrl(base, image.livePath));
    return { isoFile: own, url: url && checkLiveUrl(url, 'squashfs') };
  }
  const { file, url } = isoLocation(config, own);
  return { isoFile: file, url: url && checkLiveUrl(url, 'iso') };
}
