import { chmod, mkdir, mkdtemp, open, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BootwrightError } from '../../src/errors.ts';
import { openFat } from '../../src/iso/fat.ts';
import { type IsoImage, openIso } from '../../src/iso/volume.ts';
import type { ByteSource } from '../../src/platform/files.ts';
import { openFile } from '../../src/platform/files-node.ts';
import { describeWith } from '../support/programs.ts';
import { memorySource, readAll } from './memory-source.ts';
import { mutate, mutations, usedOffsets } from './mutations.ts';
import { rowsOfFolder, rowsOfImage, sha256Of, sha256OfFile, withoutModes } from './rows.ts';
import { expectSafeTree, outcomeOf } from './tree-rules.ts';

let folder: string;
const sources: ByteSource[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bootwright-iso-'));
});

afterAll(async () => {
  for (const source of sources) await source.close();
  await rm(folder, { recursive: true, force: true });
});

async function openAt(path: string): Promise<IsoImage> {
  const source = await openFile(path);
  sources.push(source);
  return openIso(source);
}

async function put(tree: string, path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  const full = join(tree, path);
  await mkdir(dirname(full), { recursive: true });
  await writeFile(full, content);
  await chmod(full, mode);
}

/** A tree with everything that the formats store in ways of their own. */
async function makeTree(tree: string): Promise<void> {
  await put(tree, 'boot/vmlinuz', Buffer.alloc(70_000, 'kernel'));
  await put(tree, 'boot/setuid', 'x', 0o4755);
  await put(tree, 'boot/secret', 'x', 0o600);
  await put(tree, 'empty', '');
  await put(tree, 'one-block', Buffer.alloc(2048, 1));
  await put(tree, 'größe/文件 with spaces.txt', 'ü');
  await put(tree, `long/${'n'.repeat(200)}`, 'long');
  await put(tree, 'a/b/c/d/e/f/g/h/i/j/k/l/m/deep', 'deep');
  await put(tree, 'a/b/c/d/e/f/g/h2/i/j/also deep', 'deep');
  await mkdir(join(tree, 'nothing'), { mode: 0o711 });
  for (let index = 0; index < 400; index++) {
    await put(tree, `many/file number ${index} ${'x'.repeat(index % 90)}`, `${index}`);
  }
  await symlink('../boot/vmlinuz', join(tree, 'a/link'));
  await symlink('/boot/./../boot/vmlinuz', join(tree, 'absolute'));
  await symlink(`${'y'.repeat(140)}/to/nowhere`, join(tree, 'a/dangling'));
}

/** As `mkisofs`, by either program. */
async function makeImage(program: string, options: readonly string[], tree: string, image: string): Promise<void> {
  const [command = '', ...first] = program.split(' ');
  await execa(command, [...first, '-quiet', ...options, '-V', 'LABEL', '-o', image, tree]);
}

async function extractByBsdtar(image: string, into: string, options: string): Promise<string> {
  await mkdir(into);
  await execa('bsdtar', ['-xpf', image, '-C', into, '--options', options]);
  return into;
}

async function extractByXorriso(image: string, into: string): Promise<string> {
  await execa('xorriso', ['-osirrox', 'on', '-indev', image, '-extract', '/', into]);
  return into;
}

describeWith({ programs: ['xorriso', 'genisoimage', 'bsdtar'], root: true }, 'images of real programs', () => {
  let tree: string;

  beforeAll(async () => {
    tree = join(folder, 'tree');
    await makeTree(tree);
  });

  test.each([
    ['xorriso -as mkisofs', ['-R']],
    ['xorriso -as mkisofs', ['-R', '-J', '-joliet-long']],
    ['genisoimage', ['-R']],
    ['genisoimage', ['-R', '-J', '-joliet-long']],
  ])('by %s %j have the tree that was put in, as bsdtar and xorriso see it', async (program, options) => {
    const image = join(folder, `rock ${program} ${options}.iso`.replaceAll('/', ''));
    await makeImage(program, options, tree, image);
    const opened = await openAt(image);
    expect(opened.naming).toBe('rock-ridge');
    expect(opened.label).toBe('LABEL');
    const rows = await rowsOfImage(opened);
    expect(rows).toEqual(await rowsOfFolder(tree));
    expect(rows).toEqual(await rowsOfFolder(await extractByBsdtar(image, `${image}.bsdtar`, 'iso9660:!joliet')));
    // xorriso also shows the folder, empty now, that genisoimage moved deep directories to.
    const byXorriso = await rowsOfFolder(await extractByXorriso(image, `${image}.xorriso`));
    expect(rows).toEqual(byXorriso.filter(({ path }) => path !== 'rr_moved'));
  });

  // bsdtar 3.6 loses the slash where a symbolic link continues in another field.
  test('have symbolic links of many and of long parts, as xorriso sees them', async () => {
    const links = join(folder, 'links');
    await mkdir(links);
    await symlink(`${'y'.repeat(240)}/to/nowhere`, join(links, 'long part'));
    await symlink(`/${'part/'.repeat(40)}${'z'.repeat(255)}`, join(links, 'many parts'));
    const image = join(folder, 'links.iso');
    await makeImage('xorriso -as mkisofs', ['-R'], links, image);
    const rows = await rowsOfImage(await openAt(image));
    expect(rows).toEqual(await rowsOfFolder(links));
    expect(rows).toEqual(await rowsOfFolder(await extractByXorriso(image, `${image}.xorriso`)));
  });

  test.each([
    ['xorriso -as mkisofs', ['--norock', '-J', '-joliet-long'], 'joliet'],
    ['genisoimage', ['-J', '-joliet-long', '-D'], 'joliet'],
    ['xorriso -as mkisofs', ['--norock', '-iso-level', '1'], 'iso9660'],
    ['genisoimage', ['-iso-level', '1', '-D'], 'iso9660'],
    ['genisoimage', ['-iso-level', '4', '-D', '-relaxed-filenames'], 'iso9660'],
  ])('by %s %j have the names and bytes that bsdtar sees', async (program, options, naming) => {
    const image = join(folder, `${naming} ${program} ${options}.iso`.replaceAll('/', ''));
    await makeImage(program, options, tree, image);
    const opened = await openAt(image);
    expect(opened.naming).toBe(naming);
    const seen = await rowsOfFolder(await extractByBsdtar(image, `${image}.bsdtar`, 'iso9660:!rockridge'));
    expect(withoutModes(await rowsOfImage(opened))).toEqual(withoutModes(seen));
    expect(seen.length).toBeGreaterThan(400);
  });

  test('lack nothing unnoticed: cut off anywhere, they are refused', async () => {
    const image = join(folder, 'cut.iso');
    await makeImage('xorriso -as mkisofs', ['-R'], tree, image);
    const source = await openFile(image);
    const whole = await readAll(source);
    await source.close();
    for (const share of [0.1, 0.5, 0.9, 0.99]) {
      const cut = memorySource(whole.subarray(0, Math.floor(whole.byteLength * share)));
      await expect(openIso(cut)).rejects.toMatchObject({ code: 'ISO_TRUNCATED' });
    }
  });

  test.each([
    ['xorriso -as mkisofs', ['-R', '-J']],
    ['genisoimage', ['-R', '-J']],
    ['genisoimage', ['-J']],
  ])('by %s %j, spoiled anywhere, are read right or refused', async (program, options) => {
    const small = join(folder, 'small');
    await put(small, 'a/b/c/d/e/f/g/h/i/j/deep', 'deep');
    await put(small, `long ${'n'.repeat(180)}`, 'long');
    await rm(join(small, 'link'), { force: true });
    await symlink(`/a/../${'b'.repeat(150)}`, join(small, 'link'));
    const path = join(folder, 'small.iso');
    await makeImage(program, options, small, path);
    const file = await openFile(path);
    const whole = await readAll(file);
    await file.close();
    await rm(path);
    // Descriptors and directories, without the content that follows.
    const used = usedOffsets(whole, 32768, Math.min(whole.byteLength, 70 * 2048));
    await fc.assert(
      fc.asyncProperty(mutations, async (list) => {
        const source = memorySource(mutate(whole, list, used));
        const outcome = await outcomeOf(openIso(source));
        if (!(outcome instanceof BootwrightError)) await expectSafeTree(outcome, source);
      }),
      { seed: 1988, numRuns: 200 },
    );
  });
});

describeWith({ programs: ['xorriso', 'mkfs.vfat', 'mmd', 'mcopy'] }, 'an image that boots by BIOS and UEFI', () => {
  test('has both boot images, and the loader in the FAT of one is found', async () => {
    const tree = join(folder, 'boot-tree');
    const efi = join(tree, 'boot/efiboot.img');
    const loader = Buffer.alloc(300_000, 'loader');
    await put(tree, 'isolinux.bin', Buffer.alloc(5000, 1));
    await put(tree, 'boot/x', 'x');
    await writeFile(join(folder, 'loader'), loader);
    await execa('mkfs.vfat', ['-C', efi, '2880']);
    await execa('mmd', ['-i', efi, '::EFI', '::EFI/BOOT']);
    await execa('mcopy', ['-i', efi, join(folder, 'loader'), '::EFI/BOOT/BOOTX64.EFI']);
    const image = join(folder, 'boot.iso');
    const bios = ['-b', 'isolinux.bin', '-no-emul-boot', '-boot-load-size', '4', '-c', 'boot.cat'];
    const uefi = ['-eltorito-alt-boot', '-e', 'boot/efiboot.img', '-no-emul-boot'];
    await makeImage('xorriso -as mkisofs', ['-R', ...bios, ...uefi], tree, image);
    const source = await openFile(image);
    sources.push(source);
    const opened = await openIso(source);
    expect(opened.bootImages.map(({ platform, bootable, extent }) => [platform, bootable, extent.sizeBytes])).toEqual([
      ['bios', true, 5000],
      ['efi', true, 2880 * 1024],
    ]);
    const entry = opened.find('boot/efiboot.img') ?? expect.fail();
    expect(entry.extents).toEqual([opened.bootImages[1]?.extent]);
    const fat = await openFat(opened.open(entry));
    const found = fat.find('efi/boot/bootx64.efi') ?? expect.fail();
    expect(Buffer.from(await readAll(fat.open(found))).equals(loader)).toBe(true);
    const boot = opened.bootImages[1] ?? expect.fail();
    expect((await openFat(opened.openBootImage(boot))).entries).toEqual(fat.entries);
  });

  test('shows an EFI image that is a partition behind the tree, as hybrid images have it', async () => {
    const tree = join(folder, 'hybrid-tree');
    await put(tree, 'x', 'x');
    const efi = join(folder, 'esp.img');
    // More than the catalog can count.
    await execa('mkfs.vfat', ['-C', efi, '40000']);
    await execa('mmd', ['-i', efi, '::EFI']);
    const image = join(folder, 'hybrid.iso');
    const partition = ['-append_partition', '2', '0xef', efi, '-appended_part_as_gpt'];
    const uefi = ['-e', '--interval:appended_partition_2:all::', '-no-emul-boot'];
    await makeImage('xorriso -as mkisofs', ['-R', ...partition, ...uefi], tree, image);
    const opened = await openAt(image);
    expect(opened.bootImages.map(({ platform }) => platform)).toEqual(['efi']);
    const fat = await openFat(opened.openBootImage(opened.bootImages[0] ?? expect.fail()));
    expect(fat.entries.map(({ path }) => path)).toEqual(['EFI']);
  });
});

describeWith({ programs: ['xorriso'] }, 'a file of 5 GiB', () => {
  test('is read whole from its parts, and its tree without memory of its size', { timeout: 600_000 }, async () => {
    const tree = join(folder, 'big');
    const big = join(tree, 'big.img');
    const sizeBytes = 5 * 1024 ** 3 + 12_345;
    await put(tree, 'big.img', 'start');
    await truncate(big, sizeBytes);
    const handle = await open(big, 'r+');
    for (const position of [2 ** 31, 2 ** 32 - 2053, 2 ** 32 - 3, sizeBytes - 5]) await handle.write('mark!', position);
    await handle.close();
    const image = join(folder, 'big.iso');
    await makeImage('xorriso -as mkisofs', ['-R', '-iso-level', '3'], tree, image);
    const before = process.memoryUsage.rss();
    const opened = await openAt(image);
    expect(process.memoryUsage.rss() - before).toBeLessThan(64 * 1024 ** 2);
    const [entry] = opened.entries;
    expect(entry).toMatchObject({ path: 'big.img', sizeBytes });
    expect(entry?.extents.length).toBeGreaterThan(1);
    const [ours, theirs] = await Promise.all([sha256Of(opened.open(entry ?? expect.fail())), sha256OfFile(big)]);
    expect(ours).toBe(theirs);
    await rm(image);
  });
});
