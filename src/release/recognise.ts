import { BootwrightError } from '../errors.ts';
import type { ImageEntry, ImageTree } from '../iso/tree.ts';

type Architecture = 'x64' | 'arm64';

/** Names that UEFI gives to the loader of a removable medium (UEFI 2.10 §3.5.1.1), and what it is followed by. */
const loaderNames: Readonly<Record<Architecture, { boot: string; grub: readonly string[] }>> = {
  x64: { boot: 'bootx64.efi', grub: ['grubx64.efi', 'grubx64-noprefix.efi'] },
  arm64: { boot: 'bootaa64.efi', grub: ['grubaa64.efi', 'grubaa64-noprefix.efi'] },
};

/** Where GRUB's configuration is looked for, best first. */
const configPaths = [
  'boot/grub2/grub-pxe.cfg',
  'boot/grub2/grub.cfg',
  'boot/grub/grub.cfg',
  'EFI/BOOT/grub.cfg',
] as const;

/** Where the live system is looked for, which dracut's dmsquash-live mounts. */
const liveFilesystemPaths = [
  'liveos/rootfs.img',
  'LiveOS/squashfs.img',
  'LiveOS/rootfs.img',
  'LiveOS/ext3fs.img',
] as const;

/** A loader in the image or in its boot image, and its name at the root of the release. */
export interface FoundLoader {
  readonly entry: ImageEntry;
  readonly file: string;
  open(): ReturnType<ImageTree['open']>;
}

export interface Loaders {
  readonly architecture: Architecture;
  readonly boot: FoundLoader;
  /** Absent where there is only one: then `boot` must be GRUB itself. */
  readonly grub?: FoundLoader;
  /** What shim may ask for beside GRUB: MokManager (`mmx64.efi`), fallback (`fbx64.efi`) and the like. */
  readonly others: readonly FoundLoader[];
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).toLowerCase();
}

/** Where the loaders are that firmware starts: on a medium, and at the root of what was made for the network. */
const bootFolders = [/^efi\/boot$/i, /^$/] as const;

/** The UEFI loaders of an image: in EFI/BOOT, or at its root; GRUB also in a vendor's folder. */
export function findLoaders(tree: Pick<ImageTree, 'entries' | 'open'>): Loaders | undefined {
  for (const folder of bootFolders) {
    const loaders = findLoadersIn(tree, folder);
    if (loaders !== undefined) return loaders;
  }
  return undefined;
}

function findLoadersIn(tree: Pick<ImageTree, 'entries' | 'open'>, bootFolder: RegExp): Loaders | undefined {
  const found = (entry: ImageEntry, file: string): FoundLoader => ({ entry, file, open: () => tree.open(entry) });
  const programs = tree.entries.filter(
    ({ kind, path }) => kind === 'file' && /^(?:efi\/[^/]+\/)?[^/]+\.efi$/i.test(path),
  );
  const inBoot = programs.filter(({ path }) => bootFolder.test(folderOf(path)));
  for (const architecture of ['x64', 'arm64'] as const) {
    const names = loaderNames[architecture];
    const boot = inBoot.find(({ path }) => nameOf(path) === names.boot);
    if (boot === undefined) continue;
    const grub = names.grub
      .flatMap((name) => [...inBoot, ...programs].filter(({ path }) => nameOf(path) === name))
      .at(0);
    const taken = new Set<string>([names.boot, ...names.grub]);
    const others = inBoot.filter(({ path }) => !taken.has(nameOf(path)));
    return {
      architecture,
      boot: found(boot, names.boot),
      ...(grub === undefined ? {} : { grub: found(grub, names.grub[0] as string) }),
      others: others.map((entry) => found(entry, nameOf(entry.path))),
    };
  }
  return undefined;
}

export interface FoundConfig {
  readonly entry: ImageEntry;
  /** `grub-pxe.cfg` was made for the network; `grub.cfg` for the disc, and must be derived from. */
  readonly from: 'grub-pxe.cfg' | 'grub.cfg';
}

/** A vendor's configuration beside its loader, where nothing else is. */
const vendorConfig = /^efi\/[^/]+\/grub\.cfg$/i;

/**
 * GRUB's configuration: the one that was made for the network, unless that of the disc is wanted and there is one.
 * Throws IMAGE_NO_GRUB_CONFIG.
 */
export function findConfig(tree: Pick<ImageTree, 'find' | 'entries'>, medium: 'network' | 'disc'): FoundConfig {
  const vendors = tree.entries.filter(({ path }) => vendorConfig.test(path)).map(({ path }) => path);
  const found = [...configPaths, ...vendors].flatMap((path): FoundConfig[] => {
    const entry = tree.find(path);
    const from = path.endsWith('grub-pxe.cfg') ? 'grub-pxe.cfg' : 'grub.cfg';
    return entry?.kind === 'file' ? [{ entry, from }] : [];
  });
  const [first] = found;
  if (first === undefined) throw new BootwrightError('IMAGE_NO_GRUB_CONFIG', { paths: configPaths.join(', ') });
  return medium === 'network' ? first : (found.find(({ from }) => from === 'grub.cfg') ?? first);
}

/** The live system's file, or `undefined`: then the whole system is in the initrd (full-os). */
export function findLiveFilesystem(tree: Pick<ImageTree, 'find'>): ImageEntry | undefined {
  for (const path of liveFilesystemPaths) {
    const entry = tree.find(path);
    if (entry?.kind === 'file') return entry;
  }
  return undefined;
}
