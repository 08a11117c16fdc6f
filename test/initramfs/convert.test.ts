import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ConvertOptions } from '../../src/initramfs/conversion.ts';
import { convert } from '../../src/initramfs/convert.ts';
import { kindOf } from '../../src/initramfs/kind.ts';
import type { TreeChanges } from '../../src/release/overlay-tree.ts';
import { cpioArchive } from '../iso/cpio-archive.ts';
import { describeWith } from '../support/programs.ts';
import { imageFolder } from './image-folder.ts';
import { listing, packFolder, smallSystem, writeFiles } from './small-system.ts';

const squashfsTools = ['prlimit', 'sqfs2tar', 'tar2sqfs', 'mksquashfs', 'unsquashfs', 'cpio', 'python3'];

let folder: string;
let image: string;
let system: string;
let rounds = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bootwright-initramfs-'));
  [image, system] = [join(folder, 'image'), join(folder, 'system')];
  await writeFiles(image, { 'boot/vmlinuz-6.6.9': 'a kernel', 'boot/initramfs-6.6.9.img': 'an initramfs' });
  await writeFile(join(image, 'boot/initramfs-6.6.9.img'), gzipSync(cpioArchive([])));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Converts the image in its folder as a build would, and says what changed. */
async function apply(to: 'bootstrap' | 'full-os', options: Partial<ConvertOptions> = {}): Promise<TreeChanges> {
  const scratch = join(folder, `scratch-${rounds++}`);
  await mkdir(scratch);
  const changes = await convert(await imageFolder(image), to, { scratch, ...options });
  for (const path of changes.remove) await rm(join(image, path));
  for (const file of changes.put) {
    const source = file.open();
    const bytes = Buffer.alloc(file.sizeBytes);
    expect(await source.read(bytes, 0)).toBe(file.sizeBytes);
    await source.close();
    await mkdir(dirname(join(image, file.path)), { recursive: true });
    await writeFile(join(image, file.path), bytes);
  }
  return changes;
}

async function unpackInitrd(unpack: (bytes: Buffer) => Buffer = gunzipSync): Promise<string> {
  const into = join(folder, `unpacked-${rounds++}`);
  await mkdir(into);
  const input = unpack(await readFile(join(image, 'boot/initrd.img')));
  await execa('cpio', ['--quiet', '-idm', '--no-absolute-filenames'], { cwd: into, input });
  return into;
}

async function unpackSquashfs(): Promise<string> {
  const into = join(folder, `unpacked-${rounds++}`);
  await execa('unsquashfs', ['-quiet', '-no-progress', '-d', into, join(image, 'liveos/rootfs.img')]);
  return into;
}

/** What a live system goes without. */
const gone = ['etc/fstab', 'boot', 'boot/config-6.6.9', 'boot/vmlinuz-6.6.9'];

describeWith({ programs: squashfsTools, root: true }, 'an image with the system in a squashfs', () => {
  test('becomes one whose initramfs is the same system, as cpio unpacks it', async () => {
    await smallSystem(system);
    await packFolder(system, join(image, 'liveos/rootfs.img'));
    expect(kindOf(await imageFolder(image))).toBe('bootstrap');
    const changes = await apply('full-os');
    expect(changes.put.map(({ path }) => path)).toEqual(['boot/initrd.img']);
    expect(changes.remove).toEqual(['liveos/rootfs.img', 'boot/initramfs-6.6.9.img']);
    expect(kindOf(await imageFolder(image))).toBe('full-os');

    const unpacked = await unpackInitrd(zstdDecompressSync);
    // /boot went, and with it one name of the kernel.
    await rm(join(system, 'boot'), { recursive: true });
    expect(await listing(unpacked, ['init'])).toEqual(await listing(system, gone));
    const { stdout } = await execa('stat', ['-c', '%a', unpacked]);
    expect(stdout).toBe('755');
    expect(await execa('readlink', [join(unpacked, 'init')])).toMatchObject({ stdout: '/lib/systemd/systemd' });
  });

  test('comes to the same bytes each time', async () => {
    await smallSystem(system);
    await packFolder(system, join(image, 'liveos/rootfs.img'));
    const before = await imageFolder(image);
    const all = [];
    for (const name of ['one', 'other']) {
      const scratch = join(folder, name);
      await mkdir(scratch);
      await convert(before, 'full-os', { scratch });
      all.push(await readFile(join(scratch, 'initrd.img')));
    }
    expect(all[0]?.equals(all[1] as Buffer)).toBe(true);
  });

  test('is packed by gzip where nothing says that its kernels know zstd', async () => {
    await smallSystem(system, { 'boot/config-6.6.9': '# CONFIG_RD_ZSTD is not set\n' });
    await packFolder(system, join(image, 'liveos/rootfs.img'));
    await apply('full-os');
    expect((await readFile(join(image, 'boot/initrd.img'))).subarray(0, 2).toString('hex')).toBe('1f8b');
  });

  test('is packed by zstd where the initramfs of each kernel is', async () => {
    await smallSystem(system, { 'boot/config-6.6.9': '' });
    await packFolder(system, join(image, 'liveos/rootfs.img'));
    await writeFile(join(image, 'boot/initramfs-6.6.9.img'), zstdCompressSync(cpioArchive([])));
    await apply('full-os');
    expect((await readFile(join(image, 'boot/initrd.img'))).subarray(0, 4).toString('hex')).toBe('28b52ffd');
  });

  test("has kdump's files in its own /boot, or beside it, as asked", async () => {
    await smallSystem(system);
    await packFolder(system, join(image, 'liveos/rootfs.img'));
    await writeFiles(image, { 'boot/initramfs-6.6.9kdump.img': 'saves the dump' });
    const kept = await apply('bootstrap', { kdumpBootFiles: 'keep' });
    expect(kept.remove).toEqual(['boot/initramfs-6.6.9kdump.img']);
    const inside = await listing(await unpackSquashfs());
    expect(inside.filter((line) => line.startsWith('boot'))).toEqual([
      'boot/initramfs-6.6.9kdump.img|f|600|0|0|1|0',
      'boot/vmlinuz-6.6.9|f|755|0|0|1|0',
      'boot|d|700|0|0',
    ]);
    // Unless told, they stay where they are; attributes and labels stay too.
    await apply('bootstrap');
    expect(await listing(await unpackSquashfs())).toEqual(inside);
    const sudo = join(await unpackSquashfs(), 'usr/bin/sudo');
    const read = 'import os, sys; print(os.getxattr(sys.argv[1], "user.kind").hex())';
    expect(await execa('python3', ['-c', read, sudo])).toMatchObject({ stdout: 'ff00fe' });

    const back = await apply('bootstrap', { kdumpBootFiles: 'none' });
    expect(back.put.map(({ path }) => path)).toContain('boot/initramfs-6.6.9kdump.img');
    expect(await readFile(join(image, 'boot/initramfs-6.6.9kdump.img'), 'utf8')).toBe('saves the dump');
    expect((await listing(await unpackSquashfs())).filter((line) => line.startsWith('boot'))).toEqual([]);
  });

  test('is refused with SELinux, whose labels an initramfs does not keep', async () => {
    const config = { 'etc/selinux/config': '# the mode\nSELINUX=enforcing\nSELINUXTYPE=targeted\n' };
    await smallSystem(system, config);
    await packFolder(system, join(image, 'liveos/rootfs.img'));
    const refused = apply('full-os', { kernelArguments: ['security=selinux', 'selinux=1'] });
    await expect(refused).rejects.toMatchObject({
      code: 'INITRAMFS_SELINUX',
      message: expect.stringContaining('selinux is not supported for full OS initramfs image'),
    });
    await apply('full-os', { kernelArguments: ['selinux=0'] });
  });

  test('is refused where there is nothing that would start it', async () => {
    await writeFiles(system, { 'etc/hostname': 'x' });
    await packFolder(system, join(image, 'liveos/rootfs.img'));
    await expect(apply('full-os')).rejects.toMatchObject({ code: 'INITRAMFS_NO_INIT' });
  });

  test('of another kind is named: a disk image inside, erofs, ext4, or damage', async () => {
    await writeFiles(system, { 'LiveOS/rootfs.img': 'an ext4' });
    await packFolder(system, join(image, 'liveos/rootfs.img'));
    await expect(apply('full-os')).rejects.toMatchObject({ code: 'INITRAMFS_ROOT_UNSUPPORTED' });
    const squashfs = await readFile(join(image, 'liveos/rootfs.img'));

    const erofs = Buffer.alloc(4096);
    erofs.writeUInt32LE(0xe0f5e1e2, 1024);
    await writeFile(join(image, 'liveos/rootfs.img'), erofs);
    await expect(apply('full-os')).rejects.toMatchObject({ data: { found: 'an erofs' } });

    await writeFile(join(image, 'liveos/rootfs.img'), squashfs.fill(0x55, 100));
    await expect(apply('full-os')).rejects.toMatchObject({ code: 'INITRAMFS_ROOT_DAMAGED' });
  });

  test('with a unified kernel image is refused', async () => {
    await writeFiles(image, { 'EFI/Linux/azl.efi': 'kernel and initramfs' });
    await expect(apply('full-os')).rejects.toMatchObject({
      code: 'INITRAMFS_UKI',
      message: expect.stringContaining('converting UKI images to LiveOS ISO is not supported'),
    });
  });

  test('with a file of 4 GiB cannot become an initramfs', async () => {
    await writeFiles(system, { 'usr/lib/systemd/systemd': '', 'var/zeros': '' });
    await execa('truncate', ['-s', '4G', join(system, 'var/zeros')]);
    await packFolder(system, join(image, 'liveos/rootfs.img'));
    await expect(apply('full-os')).rejects.toMatchObject({
      code: 'INITRAMFS_FILE_TOO_LARGE',
      data: { path: 'var/zeros' },
    });
  }, 120_000);

  test('stops when it is told to', async () => {
    await smallSystem(system);
    await packFolder(system, join(image, 'liveos/rootfs.img'));
    await expect(apply('full-os', { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });
});

describeWith({ programs: [...squashfsTools, 'bwrap'], root: true }, 'an image with the system in its initramfs', () => {
  async function fullOsImage(files: Readonly<Record<string, string>> = {}): Promise<void> {
    await smallSystem(system, files);
    const pack = 'cd "$1" && find . | LC_ALL=C sort | cpio --quiet -o -H newc';
    const { stdout } = await execa('sh', ['-c', pack, 'sh', system], { encoding: 'buffer', maxBuffer: 2 ** 30 });
    await writeFile(join(image, 'boot/initrd.img'), gzipSync(stdout));
    await rm(join(image, 'boot/initramfs-6.6.9.img'), { force: true });
  }

  test('is packed anew as the same system, hard links and devices too', async () => {
    await fullOsImage();
    await apply('full-os');
    await rm(join(system, 'boot'), { recursive: true });
    const unpacked = await unpackInitrd(zstdDecompressSync);
    expect(await listing(unpacked, ['init'])).toEqual(await listing(system, gone));
  });

  test('needs dracut in it, with what boots live systems, and the modules of its kernels', async () => {
    await fullOsImage();
    await expect(apply('bootstrap')).rejects.toMatchObject({ code: 'DRACUT_MISSING', data: { package: 'dracut' } });
    await rm(system, { recursive: true });
    await fullOsImage({ 'usr/bin/dracut': '#!/bin/sh\nexit 1\n' });
    await expect(apply('bootstrap')).rejects.toMatchObject({
      code: 'DRACUT_MISSING',
      data: { package: 'dracut-live' },
    });
    await rm(system, { recursive: true });
    await fullOsImage({ ...dracutFiles, 'usr/lib/modules/6.6.8/modules.dep': '' });
    await expect(apply('bootstrap')).rejects.toMatchObject({
      code: 'KERNEL_MODULES_MISSING',
      data: { kernel: '6.6.9', known: '6.6.8' },
    });
  });

  test.each([
    ['absolute', '/etc/passwd'],
    ['leading out', 'etc/../../passwd'],
    ['too long', 'x'.repeat(256)],
  ])('with a name that is %s is refused', async (_, path) => {
    await rm(join(image, 'boot/initramfs-6.6.9.img'), { force: true });
    await writeFile(join(image, 'boot/initrd.img'), gzipSync(cpioArchive([{ path }])));
    await expect(apply('bootstrap')).rejects.toMatchObject({ code: 'INITRAMFS_NAME_UNSAFE' });
  });
});

const dracutFiles = {
  'usr/bin/dracut': '#!/bin/sh\nexit 1\n',
  'usr/lib/dracut/modules.d/90dmsquash-live/module-setup.sh': '',
  'usr/lib/dracut/modules.d/90livenet/module-setup.sh': '',
} as const;
