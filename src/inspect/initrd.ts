import { BootwrightError } from '../errors.ts';
import type { VisitCpio } from '../iso/cpio.ts';
import { visitInitrd } from '../iso/initrd.ts';
import { Findings } from '../iso/initrd-parts.ts';
import { decodeText } from '../iso/text.ts';
import type { ByteSource } from '../platform/files.ts';
import { type OsRelease, parseOsRelease } from './os-release.ts';
import type { InitrdFacts } from './report.ts';

/** What is in an initrd, and which system it says that it is of. */
export interface InspectedInitrd extends Omit<InitrdFacts, 'path' | 'sizeBytes'> {
  readonly osRelease: OsRelease | undefined;
}

const osRelease = /^(?:usr\/lib|etc)\/(?:os|initrd)-release$/;
const curl = /^(?:usr\/)?s?bin\/curl$/;
const tlsRoots =
  /^etc\/(?:ssl\/(?:certs\/ca-certificates\.crt|cert\.pem|certs\/ca-bundle\.(?:crt|trust\.crt))|pki\/tls\/certs\/ca-bundle\.crt|pki\/ca-trust\/extracted\/pem\/tls-ca-bundle\.pem|ssl\/ca-bundle\.pem)$/;
/** The script by which Azure Linux 3 fetches live systems where its dracut does not. */
const azureDownloader = /(?:^|\/)liveos-artifacts-download(?:\.sh)?$/;
const moduleFile = /^(?:usr\/)?lib\/modules\/([^/]+)\/(?:.*\/)?([^/]+)\.ko(?:\.(?:xz|zst|gz))?$/;
const builtInList = /^(?:usr\/)?lib\/modules\/([^/]+)\/modules\.builtin$/;

/** dracut's modules that bring the network up; one of them is what its module `network` chose. */
const networkModules = ['network-legacy', 'systemd-networkd', 'network-manager', 'network-wicked', 'connman'] as const;
/** Files by which the same can be told where there is no list. */
const networkFiles: Readonly<Record<string, RegExp>> = {
  'systemd-networkd': /^(?:usr\/)?lib\/systemd\/systemd-networkd$/,
  'network-manager': /^(?:usr\/)?s?bin\/NetworkManager$/,
  'network-legacy': /^(?:usr\/)?s?bin\/ifup$/,
};

/** What a live ISO is mounted by. */
export const liveKernelModules = ['squashfs', 'overlay', 'loop', 'isofs'] as const;

const pageBytes = 4096;
/** What Linux keeps beside the bytes of each file in memory: its inode and its name. */
const inodeBytes = 1024;
const maxTextBytes = 256 * 1024;
/** More kernels than one are rare, and a hundred thousand names would be a joke at somebody's expense. */
const maxKernels = 100;
const maxFiles = 1_000_000;

class Looking {
  readonly #parts = new Findings();
  readonly #kernels = new Set<string>();
  readonly #modules = new Set<string>();
  readonly #network = new Set<string>();
  #osRelease: OsRelease | undefined;
  #unpackedBytes = 0;
  #files = 0;
  #hasCurl = false;
  #hasTlsRoots = false;
  #hasAzureDownloader = false;

  readonly visit: VisitCpio = async (entry, content) => {
    if (++this.#files > maxFiles) throw new BootwrightError('INITRD_TOO_LARGE', { what: 'files', limit: maxFiles });
    const path = entry.path.replace(/^(\.?\/)+/, '');
    this.#unpackedBytes += Math.ceil(entry.sizeBytes / pageBytes) * pageBytes + inodeBytes;
    this.#hasCurl ||= curl.test(path);
    this.#hasTlsRoots ||= tlsRoots.test(path);
    this.#hasAzureDownloader ||= azureDownloader.test(path);
    for (const [name, file] of Object.entries(networkFiles)) if (file.test(path)) this.#network.add(name);
    const [, version, module] = moduleFile.exec(path) ?? [];
    if (version !== undefined && module !== undefined) this.#addModule(version, module);
    if ((entry.mode & 0o170000) === 0o100000) {
      if (osRelease.test(path)) this.#osRelease ??= parseOsRelease(decodeText(await content(maxTextBytes)));
      if (builtInList.test(path)) this.#addBuiltIn(path, decodeText(await content(maxTextBytes)));
    }
    // What it says of the rest is not enough here.
    await this.#parts.visit(entry, content);
    return 'go-on';
  };

  #addModule(version: string, module: string): void {
    if (this.#kernels.size < maxKernels) this.#kernels.add(version);
    if (liveKernelModules.some((each) => each === module)) this.#modules.add(module);
  }

  /** Lines such as `kernel/fs/squashfs/squashfs.ko`. */
  #addBuiltIn(path: string, text: string): void {
    const version = builtInList.exec(path)?.[1] ?? '';
    for (const [, module = ''] of text.matchAll(/\/([^/\n]+)\.ko$/gm)) this.#addModule(version, module);
  }

  result(compression: readonly string[]): InspectedInitrd {
    const { dracutModules, dracutVersion, parts } = this.#parts.result();
    const isDracut = dracutModules !== undefined || dracutVersion !== undefined;
    const listed = networkModules.filter((module) => dracutModules?.includes(module));
    return {
      unpackedBytes: this.#unpackedBytes,
      compression: [...compression],
      dracut: isDracut ? { version: dracutVersion ?? null, modules: dracutModules ? [...dracutModules] : null } : null,
      parts: [...parts],
      network: listed.length > 0 || dracutModules !== undefined ? listed : [...this.#network],
      hasCurl: this.#hasCurl,
      hasTlsRoots: this.#hasTlsRoots,
      kernelVersions: [...this.#kernels],
      kernelModules: [...this.#modules],
      osRelease: this.#osRelease,
      hasAzureDownloader: this.#hasAzureDownloader,
    };
  }
}

/** Looks into an initrd to its end. Throws as `visitInitrd`. */
export async function inspectWholeInitrd(source: ByteSource): Promise<InspectedInitrd> {
  const looking = new Looking();
  const { archives } = await visitInitrd(source, looking.visit);
  return looking.result(archives.map(({ compression }) => compression));
}
