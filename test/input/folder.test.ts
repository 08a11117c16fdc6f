import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folderTree } from '../../src/input/folder-tree.ts';
import { readAll } from '../iso/memory-source.ts';
import { codeOf, newFolder, withImage } from './opened.ts';

function extracted(): string {
  const folder = join(newFolder(), 'extracted');
  mkdirSync(join(folder, 'boot/grub2'), { recursive: true });
  writeFileSync(join(folder, 'boot/vmlinuz'), 'a kernel', { mode: 0o640 });
  writeFileSync(join(folder, 'boot/grub2/grub.cfg'), 'set timeout=0\n');
  writeFileSync(join(folder, 'boot.cat'), 'a catalog');
  symlinkSync('vmlinuz', join(folder, 'boot/kernel'));
  symlinkSync('/etc/passwd', join(folder, 'outside'));
  return folder;
}

describe('an extracted ISO', () => {
  test('is a tree, sorted, each folder before what is in it', async () => {
    await withImage(extracted(), ({ kind, name, tree, iso, isoFile, manifest }) => {
      expect({ kind, name, iso, isoFile, manifest }).toEqual({ kind: 'tree', name: 'extracted' });
      const rows = tree.entries.map(({ path, kind: what, target }) => [path, what, target].filter(Boolean).join(' '));
      expect(rows).toEqual([
        'boot directory',
        'boot/grub2 directory',
        'boot/grub2/grub.cfg file',
        'boot/kernel symlink vmlinuz',
        'boot/vmlinuz file',
        'boot.cat file',
        'outside symlink /etc/passwd',
      ]);
      expect(tree.find('boot/kernel')).toMatchObject({ path: 'boot/vmlinuz', sizeBytes: 8, mode: 0o640 });
    });
  });

  test('gives the bytes of its files, from any place', async () => {
    const tree = await folderTree(extracted());
    const entry = tree.find('BOOT/VMLINUZ');
    if (entry === undefined) throw new Error('not there');
    const source = tree.open(entry);
    expect(Buffer.from(await readAll(source)).toString()).toBe('a kernel');
    const some = Buffer.alloc(100);
    expect(some.toString('latin1', 0, await source.read(some, 2))).toBe('kernel');
    expect(await source.read(some, 8)).toBe(0);
  });

  test('never leads out of it', async () => {
    const folder = extracted();
    symlinkSync('/etc', join(folder, 'etc'));
    symlinkSync('../../..', join(folder, 'boot/up'));
    const tree = await folderTree(folder);
    for (const path of ['outside', 'etc/passwd', 'boot/up/etc/passwd', '../extracted/boot.cat/..']) {
      expect(tree.find(path)).toBeUndefined();
    }
  });

  test('is given under any path that leads to it', async () => {
    const folder = extracted();
    const link = join(newFolder(), 'latest');
    symlinkSync(folder, link);
    await withImage(`${link}/`, ({ kind, name, tree }) => {
      expect([kind, name, tree.entries.length]).toEqual(['tree', 'latest', 7]);
    });
  });

  test('has no pipes, sockets and devices', async () => {
    const folder = extracted();
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    expect((await folderTree(folder)).find('pipe')).toBeUndefined();
  });

  test('may have names that are not UTF-8', async () => {
    const folder = extracted();
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x66, 0xfc])]), 'latin');
    const tree = await folderTree(folder);
    const entry = tree.find('fü');
    if (entry === undefined) throw new Error('not there');
    expect(Buffer.from(await readAll(tree.open(entry))).toString()).toBe('latin');
    writeFileSync(join(folder, 'fü'), 'the same in UTF-8');
    await expect(folderTree(folder)).rejects.toMatchObject({ code: 'IMAGE_NAME_TWICE' });
  });
});

describe('a folder that changes', () => {
  test.each([
    ['a file is written', (folder: string) => writeFileSync(join(folder, 'boot/vmlinuz'), 'another')],
    ['a file is added', (folder: string) => writeFileSync(join(folder, 'boot/new'), '')],
    ['a file is taken away', (folder: string) => rmSync(join(folder, 'boot.cat'))],
    ['a file has another name', (folder: string) => renameSync(join(folder, 'boot.cat'), join(folder, 'boot.dog'))],
    [
      'a link leads elsewhere',
      (folder: string) => {
        rmSync(join(folder, 'outside'));
        symlinkSync('boot', join(folder, 'outside'));
      },
    ],
    ['it is gone', (folder: string) => rmSync(folder, { recursive: true })],
  ])('says so: %s', async (_, change) => {
    const folder = extracted();
    await withImage(folder, async ({ stateOf }) => {
      const before = await stateOf();
      expect(await stateOf()).toBe(before);
      change(folder);
      expect(await stateOf()).not.toBe(before);
    });
  });

  test.each([
    ['another file', (path: string) => writeFileSync(path, 'another')],
    ['a link', (path: string) => symlinkSync('/etc/passwd', path)],
    ['nothing', () => {}],
  ])('gives no bytes of a file in whose place is %s', async (_, put) => {
    const folder = extracted();
    const tree = await folderTree(folder);
    const entry = tree.find('boot.cat');
    if (entry === undefined) throw new Error('not there');
    rmSync(join(folder, 'boot.cat'));
    put(join(folder, 'boot.cat'));
    await expect(readAll(tree.open(entry))).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
  });

  test('gives no bytes of a file that lies below a link by now', async () => {
    const folder = extracted();
    const tree = await folderTree(folder);
    const entry = tree.find('boot/vmlinuz');
    if (entry === undefined) throw new Error('not there');
    const elsewhere = newFolder();
    writeFileSync(join(elsewhere, 'vmlinuz'), 'a secret');
    rmSync(join(folder, 'boot'), { recursive: true });
    symlinkSync(elsewhere, join(folder, 'boot'));
    await expect(readAll(tree.open(entry))).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
  });
});

test('what is no image in any way', async () => {
  const folder = newFolder();
  expect(await codeOf(folder)).toBe('INPUT_FOLDER_EMPTY');
  expect(await codeOf(join(folder, 'missing'))).toBe('FILE_NOT_FOUND');
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  expect(await codeOf(join(folder, 'pipe'))).toBe('FILE_UNREADABLE');
  expect(await codeOf('/dev/zero')).toBe('FILE_UNREADABLE');
  symlinkSync('loop', join(folder, 'loop'));
  expect(await codeOf(join(folder, 'loop'))).toBe('FILE_UNREADABLE');
});
