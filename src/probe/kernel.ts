import { type Clients, type Sink, tftpParameters } from './clients.ts';
import type { Context } from './context.ts';
import type { Expected } from './expected.ts';
import type { GrubChoice } from './grub-choice.ts';
import { hashed } from './received.ts';

/** GRUB loads the kernel and its initrds, by the protocol that it would take. */
export async function loadKernel(context: Context, expected: Expected, choice: GrubChoice): Promise<void> {
  await load(context, expected, choice.kernel);
  for (const initrd of choice.initrds) await load(context, expected, initrd);
}

async function load({ clients, timeline, digestOf }: Context, expected: Expected, url: string): Promise<void> {
  const { protocol, path } = splitUrl(url);
  const inRelease = expected.inRelease(path);
  await timeline.record('grub', `${protocol.toUpperCase()}: ${inRelease ?? path}`, async (notes) => {
    const received = await hashed((sink) => getAsGrub(clients, url, sink), digestOf(inRelease ?? path));
    notes.bytes = received.sizeBytes;
    const known = inRelease !== undefined && expected.check(inRelease, received);
    if (!known && expected.manifest !== undefined) notes.detail = 'not in the manifest, so not compared';
  });
}

function getAsGrub(clients: Clients, url: string, sink: Sink): Promise<void> {
  const { protocol, host, path } = splitUrl(url);
  if (protocol === 'http') return clients.getByHttp(encodeURI(url), undefined, sink);
  return clients.getByTftp(host, path, tftpParameters.grub, sink);
}

/** `http://host:port/a/b` → `http`, `host:port`, `/a/b`. */
function splitUrl(url: string): { protocol: string; host: string; path: string } {
  const [, protocol = '', host = '', path = ''] = /^([a-z]+):\/\/([^/]*)(.*)$/s.exec(url) ?? [];
  return { protocol, host, path };
}
