import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { efiImagePath } from '../../src/disc/efi-image.ts';
import { fatImage } from '../../src/disc/fat-image.ts';
import { masterFromTree } from '../../src/disc/master.ts';
import { openFat } from '../../src/iso/fat.ts';
import { lookup } from '../../src/iso/lookup.ts';
import type { ImageEntry, ImageTree } from '../../src/iso/tree.ts';
import { bytesSource } from '../../src/platform/files.ts';
import { describeWith } from '../support/programs.ts';
import { tinyLoader } from '../support/tiny-programs.ts';
import { bootImagesOf, bootReport, contentOf, discFolder, discPrograms, file, listed, noise } from './discs.ts';

type Part = string | Uint8Array | { readonly link: string };

/** A tree in memory; folders on the way are made. */
function treeOf(parts: Readonly<Record<string, Part>>, modifiedMs = 0): ImageTree {
  const entries = new Map<string, ImageEntry>();
  const contents = new Map<string, Uint8Array>();
  const base = { sizeBytes: 0, modifiedMs, extents: [] };
  for (const [path, part] of Object.entries(parts)) {
    const names = path.split('/');
    for (let count = 1; count < names.length; count++) {
      const folder = names.slice(0, count).join('/');
      entries.set(folder, { ...base, path: folder, kind: 'directory', mode: 0o711 });
    }
    if (typeof part === 'object' && 'link' in part) {
      entries.set(path, { ...base, path, kind: 'symlink', mode: 0o777, target: part.link });
    } else {
      const bytes = typeof part === 'string' ? Buffer.from(part) : part;
      contents.set(path, bytes);
      entries.set(path, { ...base, path, kind: 'file', mode: 0o640, sizeBytes: bytes.byteLength });
    }
  }
  const list = [...entries.values()].sort((a, b) => (a.path.split('/') < b.path.split('/') ? -1 : 1));
  return {
    entries: list,
    find: lookup(list),
    open: ({ path }) => bytesSource(contents.get(path) ?? new Uint8Array(0)),
  };
}

const loaders = {
  'EFI/BOOT/BOOTX64.EFI': tinyLoader('x64'),
  'EFI/BOOT/grubx64.efi': tinyLoader('x64', ['normal', 'iso9660']),
};
const files = {
  'boot/grub2/grub.cfg': 'menuentry x {}\n',
  'boot/vmlinuz': noise(50_000),
  'artifacts/größe': 'x',
  'artifacts/latest': { link: '../boot/vmlinuz' },
};
const redirect =
  'search --no-floppy --set=root --label MADE\nset prefix=($root)/boot/grub2\nconfigfile $prefix/grub.cfg\n';

async function made(tree: ImageTree, put = [file('bootwright/image.yaml', 'x')]): Promise<string> {
  const output = join(discFolder(), 'out.iso');
  await masterFromTree(tree, { label: 'MADE', put }, output);
  expect(readdirSync(join(output, '..'))).toEqual(['out.iso']);
  return output;
}

/** What is in the EFI boot image of a disc. */
async function efiFilesOf(disc: string): Promise<Record<string, Buffer>> {
  const [image] = await bootImagesOf(disc);
  const fat = await openFat(bytesSource(image ?? new Uint8Array(0)));
  const found: Record<string, Buffer> = {};
  for (const entry of fat.entries) {
    if (entry.kind !== 'file') continue;
    const bytes = Buffer.alloc(entry.sizeBytes);
    await fat.open(entry).read(bytes, 0);
    found[entry.path] = bytes;
  }
  return found;
}

describeWith({ programs: discPrograms }, 'an ISO of a tree', () => {
  test('has the files of the tree, their modes and links', async () => {
    const disc = await made(treeOf({ ...loaders, ...files }));
    expect(listed(disc).filter((row) => !row.startsWith('EFI'))).toEqual([
      'artifacts drwx--x--x',
      'artifacts/größe -rw-r----- 1',
      'artifacts/latest -> ../boot/vmlinuz lrwxrwxrwx',
      'boot drwx--x--x',
      'boot/grub2 drwx--x--x',
      expect.stringMatching(/^boot\/grub2\/efiboot\.img -rw-r--r-- \d+$/),
      'boot/grub2/grub.cfg -rw-r----- 15',
      'boot/vmlinuz -rw-r----- 50000',
      'bootwright drwxr-xr-x',
      'bootwright/image.yaml -rw-r--r-- 1',
    ]);
    expect(contentOf(disc, 'boot/vmlinuz').equals(noise(50_000))).toBe(true);
  });

  test('boots UEFI machines as a disc and as a stick', async () => {
    const report = bootReport(await made(treeOf({ ...loaders, ...files }))).join('\n');
    expect(report).toMatch(/^El Torito boot img : 1 UEFI y none/);
    expect(report).toContain('El Torito img path : 1 /boot/grub2/efiboot.img');
    // EFI system partition.
    expect(report).toContain('GPT type GUID : 2 28732ac11ff8d211ba4b00a0c93ec93b');
  });

  test('starts shim and GRUB from its EFI boot image, which leads on to the configuration of the disc', async () => {
    const found = await efiFilesOf(await made(treeOf({ ...loaders, ...files })));
    expect(Object.keys(found).sort()).toEqual([
      'EFI/BOOT/BOOTX64.EFI',
      'EFI/BOOT/grub.cfg',
      'EFI/BOOT/grubx64.efi',
      'boot/grub/grub.cfg',
      'boot/grub2/grub.cfg',
    ]);
    expect(found['EFI/BOOT/grub.cfg']?.toString()).toBe(redirect);
    expect(found['EFI/BOOT/grubx64.efi']?.equals(Buffer.from(loaders['EFI/BOOT/grubx64.efi']))).toBe(true);
  });

  test('has loaders of the root folder, or of a vendor, in EFI/BOOT, where Rufus takes them from', async () => {
    const tree = { ...files, 'bootaa64.efi': tinyLoader('arm64'), 'EFI/fedora/grubaa64.efi': tinyLoader('arm64', []) };
    const disc = await made(treeOf(tree));
    expect(listed(disc).filter((row) => /^EFI\/BOOT\//.test(row))).toEqual([
      expect.stringMatching(/^EFI\/BOOT\/bootaa64\.efi -/),
      expect.stringMatching(/^EFI\/BOOT\/grubaa64\.efi -/),
    ]);
    expect(Object.keys(await efiFilesOf(disc))).toContain('EFI/BOOT/grubaa64.efi');
  });

  test('keeps the EFI boot image that the tree has', async () => {
    const own = fatImage([{ path: 'EFI/BOOT/BOOTX64.EFI', bytes: noise(3000) }]);
    const disc = await made(treeOf({ ...loaders, ...files, [efiImagePath]: own }));
    expect((await bootImagesOf(disc))[0]?.equals(Buffer.from(own))).toBe(true);
  });

  test('is the same of the same files, whenever they were written', async () => {
    const first = await made(treeOf({ ...loaders, ...files }, 1_700_000_000_000));
    const second = await made(treeOf({ ...loaders, ...files }, 1_600_000_000_000));
    expect(readFileSync(second).equals(readFileSync(first))).toBe(true);
    const third = await made(treeOf({ ...loaders, ...files, 'boot/vmlinuz': noise(50_000, 2) }));
    const guid = (path: string) => bootReport(path).find((row) => row.startsWith('GPT disk GUID'));
    expect(guid(second)).toBe(guid(first));
    expect(guid(third)).not.toBe(guid(first));
  });

  test('has a checksum that is right', async () => {
    const disc = await made(treeOf({ ...loaders, ...files }));
    expect(readFileSync(disc).subarray(33_651, 33_663).toString()).toBe('ISO MD5SUM =');
  });

  test('of files that nothing boots is refused, and leaves nothing', async () => {
    const folder = discFolder();
    const output = join(folder, 'out.iso');
    const refusal = masterFromTree(treeOf(files), { label: 'MADE' }, output);
    await expect(refusal).rejects.toMatchObject({ code: 'DISC_NO_LOADER' });
    const huge = treeOf({ ...files, ...loaders, 'EFI/BOOT/mmx64.efi': Buffer.alloc(33 * 1024 * 1024) });
    const other = masterFromTree(huge, { label: 'MADE' }, output);
    await expect(other).rejects.toMatchObject({ code: 'DISC_LOADERS_TOO_LARGE' });
    expect(readdirSync(folder)).toEqual([]);
  });
});
