import { BootwrightError } from '../errors.ts';
import { openFat } from '../iso/fat.ts';
import { inspectLoader } from '../iso/pe.ts';
import type { ImageEntry, ImageTree } from '../iso/tree.ts';
import { bytesSource } from '../platform/files.ts';
import type { DiscFile } from './changes.ts';
import { type FatFile, fatImage } from './fat-image.ts';

/** Where the image is that firmware boots from a disc, as in the reference's images. */
export const efiImagePath = 'boot/grub2/efiboot.img';

const loaderFolder = 'EFI/BOOT';
/** x64 and arm64: what firmware starts, and what shim starts. */
const firstLoaders = ['bootx64.efi', 'bootaa64.efi'];
const secondLoaders = ['grubx64.efi', 'grubaa64.efi'];
/** Where GRUB's own configuration for the disc may be. */
const configPaths = ['boot/grub2/grub.cfg', 'boot/grub/grub.cfg', 'EFI/BOOT/grub.cfg'];
/** Where a GRUB looks that was started from the EFI image: beside itself, or at the prefix that it was built with. */
const usualPrefixes = ['EFI/BOOT', 'boot/grub2', 'boot/grub'];
const maxLoaderBytes = 32 * 1024 * 1024;

/** What a tree needs, besides its files, to boot as a disc. */
export interface EfiEquipment {
  /** Of the tree, or one of `put`. */
  readonly imagePath: string;
  readonly put: readonly DiscFile[];
}

/**
 * Finds the loaders of a tree, and makes an EFI boot image of them unless the tree has one at `efiImagePath`. They are
 * in `EFI/BOOT` of the disc, too, even if the tree has them elsewhere: Rufus copies the files of that folder to a
 * stick, and without it would take the first loader alone out of the EFI boot image.
 * Throws DISC_NO_LOADER or DISC_LOADERS_TOO_LARGE.
 */
export async function efiEquipment(tree: ImageTree, label: string): Promise<EfiEquipment> {
  const folder = tree.find(loaderFolder)?.kind === 'directory' ? (tree.find(loaderFolder)?.path ?? '') : loaderFolder;
  const first = namesIn(tree, folder, firstLoaders) ?? namesIn(tree, '', firstLoaders);
  if (first === undefined) {
    const names = firstLoaders.join(' or ');
    throw new BootwrightError('DISC_NO_LOADER', { names, folders: `${loaderFolder} or the root folder` });
  }
  const second = namesIn(tree, folder, secondLoaders) ?? namesIn(tree, '', secondLoaders) ?? vendorLoaders(tree);
  const loaders = new Map(filesIn(tree, folder).map((entry) => [nameOf(entry).toLowerCase(), entry]));
  for (const entry of [...first, ...second]) loaders.set(nameOf(entry).toLowerCase(), entry);
  const moved = [...first, ...second].filter((entry) => folderOf(entry) !== folder);
  const put = moved.map((entry) => fileOf(tree, entry, `${folder}/${nameOf(entry)}`));
  const existing = tree.find(efiImagePath);
  if (existing !== undefined && (await isFat(tree, existing))) return { imagePath: existing.path, put };
  const image = fatImage(await fatFiles(tree, [...loaders.values()], label));
  const made = { path: efiImagePath, mode: 0o644, sizeBytes: image.byteLength, open: () => bytesSource(image) };
  return { imagePath: efiImagePath, put: [...put, made] };
}

function nameOf({ path }: ImageEntry): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function folderOf({ path }: ImageEntry): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** Those of some names that are files in a folder; `undefined` if none is. */
function namesIn(tree: ImageTree, folder: string, names: readonly string[]): ImageEntry[] | undefined {
  const files = names.flatMap((name) => {
    const entry = tree.find(folder === '' ? name : `${folder}/${name}`);
    return entry?.kind === 'file' ? [entry] : [];
  });
  return files.length === 0 ? undefined : files;
}

/** `EFI/fedora/grubx64.efi`, where shim stands in EFI/BOOT alone. */
function vendorLoaders(tree: ImageTree): ImageEntry[] {
  const isOne = ({ path, kind }: ImageEntry) => kind === 'file' && /^efi\/[^/]+\/grub(x64|aa64)\.efi$/i.test(path);
  const byName = new Map<string, ImageEntry>();
  for (const entry of tree.entries) {
    if (isOne(entry) && !byName.has(nameOf(entry))) byName.set(nameOf(entry), entry);
  }
  return [...byName.values()];
}

/** The EFI programs of a folder. */
function filesIn(tree: ImageTree, folder: string): ImageEntry[] {
  return tree.entries.filter((entry) => {
    return entry.kind === 'file' && folderOf(entry) === folder && /\.efi$/i.test(entry.path);
  });
}

function fileOf(tree: ImageTree, entry: ImageEntry, path: string): DiscFile {
  return { path, mode: entry.mode, sizeBytes: entry.sizeBytes, open: () => tree.open(entry) };
}

async function isFat(tree: ImageTree, entry: ImageEntry): Promise<boolean> {
  if (entry.kind !== 'file') return false;
  const source = tree.open(entry);
  try {
    const { find } = await openFat(source);
    return firstLoaders.some((name) => find(`${loaderFolder}/${name}`)?.kind === 'file');
  } catch {
    return false;
  } finally {
    await source.close();
  }
}

async function fatFiles(tree: ImageTree, loaders: readonly ImageEntry[], label: string): Promise<FatFile[]> {
  const total = loaders.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (total > maxLoaderBytes) {
    throw new BootwrightError('DISC_LOADERS_TOO_LARGE', { sizeBytes: total, limitBytes: maxLoaderBytes });
  }
  const files: FatFile[] = [];
  const prefixes = new Set(usualPrefixes);
  for (const entry of loaders) {
    const source = tree.open(entry);
    try {
      const bytes = Buffer.alloc(entry.sizeBytes);
      await source.read(bytes, 0);
      files.push({ path: `${loaderFolder}/${nameOf(entry)}`, bytes });
      const prefix = prefixOf(bytes);
      if (prefix !== undefined) prefixes.add(prefix);
    } finally {
      await source.close();
    }
  }
  const target = configPaths.map((path) => tree.find(path)).find((entry) => entry?.kind === 'file');
  if (target === undefined) return files;
  const redirect = Buffer.from(redirectTo(target.path, label));
  return [...files, ...[...prefixes].sort().map((prefix) => ({ path: `${prefix}/grub.cfg`, bytes: redirect }))];
}

/** The folder that a GRUB was built to look in, if it is one of a file system without a name. */
function prefixOf(loader: Uint8Array): string | undefined {
  try {
    const prefix = inspectLoader(loader).grub?.prefix?.replace(/^\/+|\/+$/g, '');
    return prefix !== undefined && /^[\w-]+(\/[\w-]+){0,7}$/.test(prefix) ? prefix : undefined;
  } catch {
    // No program that can be read: firmware will say so, and preflight does.
    return undefined;
  }
}

/** A configuration in the EFI image that leads on to the one on the disc. */
function redirectTo(path: string, label: string): string {
  const folder = path.slice(0, path.lastIndexOf('/'));
  return `search --no-floppy --set=root --label ${label}\nset prefix=($root)/${folder}\nconfigfile $prefix/grub.cfg\n`;
}
