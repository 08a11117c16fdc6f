import type { ImageConfig } from './config.ts';
import { checkPxeUrl, fileNameOf, urlBelow } from './pxe-url.ts';

/** The name that Azure Linux Image Customizer gives to every ISO below `bootstrapBaseUrl`. */
const bootstrapName = 'image.iso';

/**
 * What the ISO is called in the output, and the URL under which machines fetch it; no URL where none is given, and none
 * for a system that is in its initrd as a whole. `isoName` is its own name, such as `live.iso`.
 *
 * @throws IMAGE_YAML_URL_INVALID or IMAGE_YAML_URL_PROTOCOL, where the URL of a flag was not checked before.
 */
export function isoLocation(config: ImageConfig, isoName: string): { file: string; url: string | undefined } {
  const pxe = config.pxe;
  if (pxe === undefined || pxe.initramfsType === 'full-os') return { file: isoName, url: undefined };
  const fileUrl = pxe.bootstrapFileUrl ?? pxe.isoImageFileUrl;
  const where = 'the URL of the ISO';
  if (fileUrl !== undefined) return { file: fileNameOf(checkPxeUrl(fileUrl, where), where), url: fileUrl };
  const baseUrl = pxe.bootstrapBaseUrl ?? pxe.isoImageBaseUrl;
  if (baseUrl === undefined) return { file: isoName, url: undefined };
  const file = pxe.bootstrapBaseUrl === undefined ? isoName : bootstrapName;
  return { file, url: urlBelow(checkPxeUrl(baseUrl, where), file) };
}
