import type { Asker, BootFile } from '../boot/files.ts';
import { prepareGrubs } from './grub.ts';
import { findIpxe } from './ipxe.ts';
import { loaderPrefix } from './loader-config.ts';
import { ServedFolder } from './served-folder.ts';

/** Where the system has what loaders are made of. */
interface Installed {
  /** Names of the program that makes GRUB's images; the first that runs does. */
  readonly mkimage: readonly string[];
  /** The folder of GRUB's modules. */
  readonly grub: string;
  /** Folders with iPXE's files, best first. */
  readonly ipxe: readonly string[];
}

/** Debian's places and names, then Fedora's. */
const asDistributionsHaveIt: Installed = {
  mkimage: ['grub-mkimage', 'grub2-mkimage'],
  grub: '/usr/lib/grub',
  ipxe: ['/usr/lib/ipxe', '/usr/share/ipxe'],
};

export interface LoaderOptions {
  readonly httpPort: number;
  /** The administrator's own loaders, which go before ours. It need not be there. */
  readonly folder: string;
  readonly installed?: Installed;
}

/** What machines load that no release brings. Paths begin with `loaders/`. */
export interface Loaders {
  has(path: string): boolean;
  /** Why a loader is not there, and what to install; continues "could not be made: …". */
  why(path: string): string;
  /** Throws LOADER_NOT_MADE, FILE_UNREADABLE. */
  open(path: string, asker: Asker): Promise<BootFile | undefined>;
  /** Those that the table of firmware names and that are not there; the reason is as `why` has it. */
  missing(): readonly { readonly path: string; readonly reason: string }[];
}

/** Where our GRUBs look for a module, or for a list of them: `loaders/grub/x86_64-efi/http.mod`. */
const ofGrub = new RegExp(`^${loaderPrefix}/([\\w-]+/[\\w-]+\\.(?:mod|lst))$`);

function nameOf(path: string): string {
  return path.replace(/^loaders\//, '');
}

/**
 * Makes ready what machines load that no release brings: GRUBs out of the modules that are installed here, iPXE as it
 * is installed, and whatever the administrator has. What is not there says why, and stops nothing. Takes less than a
 * second.
 */
export async function makeLoaders(options: LoaderOptions): Promise<Loaders> {
  const { folder, httpPort, installed = asDistributionsHaveIt } = options;
  const own = new ServedFolder(folder, 'inside');
  const modules = new ServedFolder(installed.grub, 'anywhere');
  const grubs = await prepareGrubs({ mkimage: installed.mkimage, modules: installed.grub, httpPort });
  const known = new Map([...grubs, ...findIpxe(installed.ipxe)].map((loader) => [loader.file, loader]));

  function whyNot(file: string): string | undefined {
    if (own.has(file)) return undefined;
    const loader = known.get(file);
    return loader === undefined ? `there is no file ${file} in ${folder}` : loader.why;
  }

  return {
    has: (path) => whyNot(nameOf(path)) === undefined,
    why: (path) => whyNot(nameOf(path)) ?? 'it is there',
    async open(path, asker) {
      const file = nameOf(path);
      const module = ofGrub.exec(path)?.[1];
      if (module !== undefined) return modules.open(module, path);
      return (await own.open(file, path)) ?? known.get(file)?.open(asker);
    },
    missing: () =>
      grubs.flatMap(({ file }) => {
        const reason = whyNot(file);
        return reason === undefined ? [] : [{ path: `loaders/${file}`, reason }];
      }),
  };
}
