import { type RenderOptions, renderGrubConfig } from '../grub/render.ts';
import type { Release } from '../release/catalog.ts';
import { manifestName } from '../release/layout.ts';
import { joinUrl } from '../release/live-url.ts';
import { liveImageOf } from '../release/manifest.ts';

/**
 * The release's grub.cfg as a machine gets it that reaches us as `server`.
 *
 * @param raw its bytes as the release has them
 * @param http whether the GRUB that asks can fetch by HTTP
 */
export function renderedConfig(
  { manifest }: Release,
  raw: Buffer,
  server: RenderOptions['server'],
  http: RenderOptions['http'],
): Buffer {
  const { id, liveUrl } = manifest;
  const live = liveImageOf(manifest);
  const host = server.address.includes(':') ? `[${server.address}]` : server.address;
  const folder = `http://${host}${server.httpPort === 80 ? '' : `:${server.httpPort}`}/releases/${id}`;
  const served = live === null || liveUrl !== null ? undefined : joinUrl(folder, live);
  // A letter for each byte: what is not understood stays as it is, in any encoding.
  const rendered = renderGrubConfig(raw.toString('latin1'), {
    releaseId: id,
    server,
    http,
    ...(served === undefined ? { manifestUrl: joinUrl(folder, manifestName) } : { liveUrl: served }),
  });
  return Buffer.from(rendered, 'latin1');
}
