import { loaderPrefix } from '../loaders/loader-config.ts';
import type { Loaders } from '../loaders/loaders.ts';
import type { ByteSource } from '../platform/files.ts';
import { openFile } from '../platform/files-node.ts';
import type { Release, ReleaseCatalog } from '../release/catalog.ts';
import { grubConfigPath, manifestName } from '../release/layout.ts';
import type { Asker, BootFile, ResolveBootFile } from './files.ts';
import { type FileEntry, findEntry } from './find-entry.ts';
import type { BootLedger } from './ledger.ts';
import { madeFile } from './made-file.ts';
import { candidates, raspberryPiPaths } from './prefixes.ts';
import { renderedConfig } from './rendered-config.ts';

export interface ResolverOptions {
  readonly catalog: ReleaseCatalog;
  readonly ledger: BootLedger;
  readonly httpPort: number;
  readonly loaders?: Pick<Loaders, 'open'>;
  /** Opens a file of a release. Default: each time anew. */
  readonly open?: (path: string) => Promise<ByteSource>;
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
export function createResolver(options: ResolverOptions): ResolveBootFile {
  const { catalog, ledger, httpPort, loaders, open = openFile } = options;
  /** As long as their release is there. */
  const made = new WeakMap<Release, Map<string, Promise<BootFile>>>();

  /** A file whose bytes were made here, once for each `variant` of it. */
  function makeOnce(release: Release, path: string, make: () => Promise<Uint8Array>, variant = ''): Promise<BootFile> {
    const ofRelease = made.get(release) ?? new Map<string, Promise<BootFile>>();
    made.set(release, ofRelease);
    const key = `${path} ${variant}`;
    const known = ofRelease.get(key);
    if (known !== undefined) return known;
    const file = make().then((bytes) => madeFile(path, bytes, release.manifest.id));
    ofRelease.set(key, file);
    file.catch(() => ofRelease.delete(key));
    return file;
  }

  function grubConfig(release: Release, { protocol, local }: Asker, ours: boolean): Promise<BootFile> {
    // Our own GRUB has HTTP; what it asks by TFTP, it asks because HTTP did not work.
    const ofOurs = protocol === 'http' ? 'built-in' : 'missing';
    const http = ours ? ofOurs : release.manifest.loader.http;
    const server = { address: local, httpPort };
    const make = async () =>
      renderedConfig(release, await readAll(`${release.folder}/${grubConfigPath}`), server, http);
    return makeOnce(release, grubConfigPath, make, `${local} ${http}`);
  }

  function serve(release: Release, entry: FileEntry): BootFile {
    return {
      releaseId: release.manifest.id,
      path: entry.path,
      sizeBytes: entry.sizeBytes,
      sha256: entry.sha256,
      open: () => open(`${release.folder}/${entry.path}`),
    };
  }

  function releaseFor(id: string | undefined, asker: Asker): Release | undefined {
    if (id !== undefined) return catalog.get(id);
    const pinned = ledger.releaseOf(asker.address);
    const { activeId } = catalog;
    // A release that somebody removed by hand can't be booted to its end; the active one can.
    return (pinned && catalog.get(pinned)) || (activeId && catalog.get(activeId)) || undefined;
  }

  async function ofLoaders(path: string, asker: Asker): Promise<BootFile | undefined> {
    const paths = path.startsWith('loaders/') ? [path] : raspberryPiPaths(path);
    for (const each of paths) {
      const file = await loaders?.open(each, asker);
      if (file !== undefined) return file;
    }
    return undefined;
  }

  async function ofRelease(path: string, asker: Asker): Promise<BootFile | undefined> {
    const { releaseId, rest } = splitPath(path);
    const release = releaseFor(releaseId, asker);
    if (release === undefined) return undefined;
    for (const candidate of candidates(rest)) {
      if (candidate === manifestName) {
        return makeOnce(release, manifestName, () => readAll(`${release.folder}/${manifestName}`));
      }
      const entry = findEntry(release.entries, candidate) ?? findEntry(release.folded, candidate.toLowerCase());
      if (entry?.path === grubConfigPath) return grubConfig(release, asker, rest.startsWith(`${loaderPrefix}/`));
      if (entry !== undefined) return serve(release, entry);
    }
    return undefined;
  }

  return async (path, asker) => {
    const clean = cleanPath(path);
    return clean === undefined ? undefined : ((await ofLoaders(clean, asker)) ?? ofRelease(clean, asker));
  };
}
