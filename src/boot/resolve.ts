import { createHash } from 'node:crypto';
import { renderGrubConfig } from '../grub/render.ts';
import { bytesSource } from '../platform/files.ts';
import { openFile } from '../platform/files-node.ts';
import type { Release, ReleaseCatalog } from '../release/catalog.ts';
import { grubConfigPath, manifestName } from '../release/layout.ts';
import { joinUrl } from '../release/live-url.ts';
import { liveImageOf } from '../release/manifest.ts';
import type { Asker, BootFile, ResolveBootFile } from './files.ts';
import { type FileEntry, findEntry } from './find-entry.ts';
import type { BootLedger } from './ledger.ts';
import { candidates } from './prefixes.ts';

export interface ResolverOptions {
  readonly catalog: ReleaseCatalog;
  readonly ledger: BootLedger;
  readonly httpPort: number;
}

/** Without empty parts and leading slashes (shim asks for `//grubx64.efi`); `undefined` where it would climb. */
function cleanPath(path: string): string | undefined {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  return parts.includes('..') ? undefined : parts.join('/');
}

/** `releases/<id>/<path>` names its release; every other path is of the release of whoever asks. */
function splitPath(path: string): { releaseId: string | undefined; rest: string } {
  const match = /^releases\/([^/]+)\/(.+)$/s.exec(path);
  return match === null ? { releaseId: undefined, rest: path } : { releaseId: match[1], rest: match[2] as string };
}

async function readAll(path: string): Promise<Buffer> {
  const source = await openFile(path);
  try {
    const bytes = Buffer.alloc(source.sizeBytes);
    await source.read(bytes, 0);
    return bytes;
  } finally {
    await source.close();
  }
}

/**
 * The one resolver of TFTP and HTTP. `grub.cfg` is rendered for the release of whoever asks, so that a machine loads
 * its kernel, its initrd and its ISO from the release that its loader came from.
 */
export function createResolver({ catalog, ledger, httpPort }: ResolverOptions): ResolveBootFile {
  const made = new Map<string, Promise<BootFile>>();

  /** A file whose bytes were made here; made once for each release, and for each address of ours that it names. */
  function makeOnce(release: Release, path: string, make: () => Promise<Uint8Array>, local = ''): Promise<BootFile> {
    const key = `${release.manifest.id}/${path} ${local}`;
    const known = made.get(key);
    if (known !== undefined) return known;
    const file = make().then((bytes) => ({
      releaseId: release.manifest.id,
      path,
      sizeBytes: bytes.byteLength,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      open: () => Promise.resolve(bytesSource(bytes)),
    }));
    made.set(key, file);
    file.catch(() => made.delete(key));
    return file;
  }

  async function render(release: Release, address: string): Promise<Uint8Array> {
    const { id, liveUrl, loader } = release.manifest;
    const live = liveImageOf(release.manifest);
    // A letter for each byte: what is not understood stays as it is, in any encoding.
    const text = (await readAll(`${release.folder}/${grubConfigPath}`)).toString('latin1');
    const port = httpPort === 80 ? '' : `:${httpPort}`;
    const folder = `http://${address.includes(':') ? `[${address}]` : address}${port}/releases/${id}`;
    const served = live === null || liveUrl !== null ? undefined : joinUrl(folder, live);
    const rendered = renderGrubConfig(text, {
      releaseId: id,
      server: { address, httpPort },
      http: loader.http,
      ...(served === undefined ? { manifestUrl: joinUrl(folder, manifestName) } : { liveUrl: served }),
    });
    return Buffer.from(rendered, 'latin1');
  }

  function serve(release: Release, entry: FileEntry): BootFile {
    return {
      releaseId: release.manifest.id,
      path: entry.path,
      sizeBytes: entry.sizeBytes,
      sha256: entry.sha256,
      open: () => openFile(`${release.folder}/${entry.path}`),
    };
  }

  function releaseFor(id: string | undefined, asker: Asker): Release | undefined {
    if (id !== undefined) return catalog.get(id);
    const pinned = ledger.releaseOf(asker.address);
    const { activeId } = catalog;
    // A release that somebody removed by hand can't be booted to its end; the active one can.
    return (pinned && catalog.get(pinned)) || (activeId && catalog.get(activeId)) || undefined;
  }

  return async (path, asker) => {
    const clean = cleanPath(path);
    if (clean === undefined) return undefined;
    const { releaseId, rest } = splitPath(clean);
    const release = releaseFor(releaseId, asker);
    if (release === undefined) return undefined;
    for (const candidate of candidates(rest)) {
      if (candidate === manifestName) {
        return makeOnce(release, manifestName, () => readAll(`${release.folder}/${manifestName}`));
      }
      const entry = findEntry(release.entries, candidate) ?? findEntry(release.folded, candidate.toLowerCase());
      if (entry?.path === grubConfigPath) {
        const { local } = asker;
        return makeOnce(release, grubConfigPath, () => render(release, local), local);
      }
      if (entry !== undefined) return serve(release, entry);
    }
    return undefined;
  };
}
