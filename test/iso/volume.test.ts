import { describe, expect, test } from 'vitest';
import { openIso } from '../../src/iso/volume.ts';
import { memorySource, readAll } from './memory-source.ts';
import { announcement, attributes, both32, field, name, type TinyFile, tinyIso } from './tiny-iso.ts';

const hello = Buffer.from('hello\n');

function open(image: Parameters<typeof tinyIso>[0]) {
  return openIso(memorySource(tinyIso(image)));
}

function openRockRidge(children: readonly TinyFile[], blocks: Readonly<Record<number, Uint8Array>> = {}) {
  return open({ children, rootSystemUse: announcement(), blocks });
}

/** A file of Rock Ridge with more fields behind its name. */
function rock(fileName: string, ...fields: readonly Uint8Array[]): TinyFile {
  return { identifier: 'X.;1', systemUse: Buffer.concat([name(fileName), ...fields]), content: hello };
}

function ucs2(value: string): Uint8Array {
  return Buffer.from(value, 'utf16le').swap16();
}

describe('a plain ISO9660 image', () => {
  test('shows names without versions, in the case they are written in, sorted, with default modes', async () => {
    const children = [
      { identifier: 'README.;1', content: hello },
      { identifier: 'BOOT', children: [{ identifier: 'VMLINUZ.GZ;1', content: hello }] },
    ];
    const image = await open({ children, label: 'CDROM' });
    expect(image.label).toBe('CDROM');
    expect(image.naming).toBe('iso9660');
    expect(image.entries.map(({ path, kind, mode, sizeBytes }) => [path, kind, mode, sizeBytes])).toEqual([
      ['BOOT', 'directory', 0o555, 0],
      ['BOOT/VMLINUZ.GZ', 'file', 0o444, 6],
      ['README', 'file', 0o444, 6],
    ]);
  });

  test('reads the time of a file in its zone', async () => {
    const image = await open({ children: [{ identifier: 'A.;1', content: hello }] });
    expect(new Date(image.entries[0]?.modifiedMs ?? 0).toISOString()).toBe('2026-11-20T11:34:56.000Z');
  });

  test('shows the newest of two versions of a file', async () => {
    const children = [
      { identifier: 'A.;2', content: hello },
      { identifier: 'A.;1', content: Buffer.from('older') },
    ];
    const image = await open({ children });
    expect(image.entries.map(({ path, sizeBytes }) => [path, sizeBytes])).toEqual([['A', 6]]);
  });

  test('joins the extents of a file in several parts', async () => {
    const first = Buffer.alloc(4096, 'a');
    const children = [
      { identifier: 'BIG.;1', content: first, flags: 0x80 },
      { identifier: 'BIG.;1', content: hello },
    ];
    const image = await open({ children });
    const [entry] = image.entries;
    expect(entry?.sizeBytes).toBe(4102);
    expect(entry?.extents).toHaveLength(2);
    const source = image.open(entry ?? expect.fail());
    expect(Buffer.from(await readAll(source))).toEqual(Buffer.concat([first, hello]));
    const across = new Uint8Array(4);
    expect(await source.read(across, 4094)).toBe(4);
    expect(Buffer.from(across).toString()).toBe('aahe');
    expect(await source.read(across, 4100)).toBe(2);
    expect(await source.read(across, 4102)).toBe(0);
  });

  test('says when the last part of a file is missing', async () => {
    const children = [{ identifier: 'BIG.;1', content: hello, flags: 0x80 }];
    await expect(open({ children })).rejects.toMatchObject({ code: 'ISO_DAMAGED' });
  });
});

describe('a Joliet image', () => {
  test('shows its long and foreign names where there is no Rock Ridge', async () => {
    const long = `${'n'.repeat(99)}.txt`;
    const joliet = [long, 'größe 文.txt'].map((value) => ({ identifier: ucs2(value), content: hello }));
    const image = await open({ children: [{ identifier: 'A.;1', content: hello }], joliet });
    expect(image.naming).toBe('joliet');
    expect(image.entries.map(({ path }) => path)).toEqual(['größe 文.txt', long]);
  });

  test('gives way to Rock Ridge', async () => {
    const image = await open({
      children: [rock('real name')],
      rootSystemUse: announcement(),
      joliet: [{ identifier: ucs2('joliet name'), content: hello }],
    });
    expect(image.naming).toBe('rock-ridge');
    expect(image.entries.map(({ path }) => path)).toEqual(['real name']);
  });
});

describe('a Rock Ridge image', () => {
  test('shows names, modes and times', async () => {
    const stamp = [126, 1, 2, 3, 4, 5, 0];
    const image = await openRockRidge([rock('größe.txt', attributes(0o104750), field('TF', [0x02], stamp))]);
    expect(image.entries[0]).toMatchObject({ path: 'größe.txt', kind: 'file', mode: 0o4750 });
    expect(new Date(image.entries[0]?.modifiedMs ?? 0).toISOString()).toBe('2026-01-02T03:04:05.000Z');
  });

  test('joins a name that continues in another field and in another block', async () => {
    const systemUse = Buffer.concat([
      field('NM', [1], Buffer.from('one-')),
      field('CE', both32(100), both32(8), both32(12)),
    ]);
    const blocks = {
      100: Buffer.concat([Buffer.alloc(8, 0xff), field('NM', [0], Buffer.from('name')), Buffer.alloc(3)]),
    };
    const image = await openRockRidge([{ identifier: 'X.;1', systemUse, content: hello }], blocks);
    expect(image.entries.map(({ path }) => path)).toEqual(['one-name']);
  });

  test.each([
    ['../boot/file', [0, [4, 0], [0, 4, ...Buffer.from('boot')], [0, 4, ...Buffer.from('file')]]],
    ['/boot', [0, [8, 0], [0, 4, ...Buffer.from('boot')]]],
    ['./boot', [0, [2, 0], [0, 4, ...Buffer.from('boot')]]],
    ['together', [0, [1, 2, ...Buffer.from('to')], [0, 6, ...Buffer.from('gether')]]],
    ['/', [0, [8, 0]]],
  ])('shows where a symbolic link points: %s', async (target, data) => {
    const link = rock('link', attributes(0o120777), field('SL', data.flat()));
    const image = await openRockRidge([link]);
    expect(image.entries[0]).toMatchObject({ path: 'link', kind: 'symlink', sizeBytes: 0, target });
  });

  test('puts a directory that was moved for its depth back, and hides where it was', async () => {
    const moved: TinyFile = {
      identifier: 'DEEP',
      systemUse: Buffer.concat([name('deep'), field('RE')]),
      children: [rock('inner')],
    };
    // Blocks: 20 the root, 21 what stands for the moved directory, 22 rr_moved, 23 the moved directory.
    const children = [
      { identifier: 'D.;1', systemUse: Buffer.concat([name('deep'), field('CL', both32(23))]) },
      { identifier: 'RR_MOVED', systemUse: name('rr_moved'), children: [moved] },
    ];
    const image = await openRockRidge(children);
    expect(image.entries.map(({ path, kind }) => [path, kind])).toEqual([
      ['deep', 'directory'],
      ['deep/inner', 'file'],
    ]);
  });

  test('leaves devices out', async () => {
    const image = await openRockRidge([rock('null', attributes(0o020666)), rock('file', attributes(0o100644))]);
    expect(image.entries.map(({ path }) => path)).toEqual(['file']);
  });

  test('says that it does not read files compressed by zisofs', async () => {
    const opening = openRockRidge([rock('file', field('ZF', [0x70, 0x7a, 4, 15], both32(6)))]);
    await expect(opening).rejects.toMatchObject({ code: 'ISO_UNSUPPORTED' });
  });
});

describe('a file of an image is found', () => {
  const link = (target: string) => {
    const parts = target.split('/').map((part) => (part === '..' ? [4, 0] : [0, part.length, ...Buffer.from(part)]));
    return field('SL', [0], parts.flat());
  };
  const tree: readonly TinyFile[] = [
    { identifier: 'EFI', systemUse: name('EFI'), children: [rock('BOOTX64.EFI')] },
    { identifier: 'EFI2', systemUse: name('efi'), children: [rock('grub.cfg')] },
    rock('loader', attributes(0o120777), link('../../EFI/BOOTX64.EFI')),
    rock('loop', attributes(0o120777), link('loop')),
    rock('absolute', attributes(0o120777), field('SL', [0, 8, 0, 0, 3, ...Buffer.from('efi')])),
  ];

  test.each([
    ['EFI/BOOTX64.EFI', 'EFI/BOOTX64.EFI'],
    ['/EFI//./BOOTX64.EFI', 'EFI/BOOTX64.EFI'],
    ['efi/bootx64.efi', 'EFI/BOOTX64.EFI'],
    ['EFI/GRUB.CFG', 'efi/grub.cfg'],
    ['loader', 'EFI/BOOTX64.EFI'],
    ['absolute/grub.cfg', 'efi/grub.cfg'],
    ['../../EFI', 'EFI'],
    ['loop', undefined],
    ['EFI/nothing', undefined],
    ['EFI/BOOTX64.EFI/below', undefined],
    [`${'x/'.repeat(5000)}`, undefined],
  ])('%s', async (path, found) => {
    const image = await openRockRidge(tree);
    expect(image.find(path)?.path).toBe(found);
  });

  test('and only files are opened', async () => {
    const image = await openRockRidge(tree);
    const directory = image.find('EFI') ?? expect.fail();
    expect(() => image.open(directory)).toThrow(expect.objectContaining({ code: 'IMAGE_NOT_A_FILE' }));
  });
});

describe('boot images', () => {
  function bootEntry(mark: number, sectors: number, block: number): Uint8Array {
    const bytes = Buffer.alloc(32);
    bytes[0] = mark;
    bytes.writeUInt16LE(sectors, 6);
    bytes.writeUInt32LE(block, 8);
    return bytes;
  }
  const validation = (platform: number) => Buffer.from([1, platform, ...Buffer.alloc(28), 0x55, 0xaa]);

  test('are listed with their platforms and whole sizes', async () => {
    const bios = Buffer.alloc(2048 * 4, 1);
    const efi = Buffer.alloc(2048 * 6, 2);
    const children = [
      { identifier: 'BIOS.IMG;1', content: bios },
      { identifier: 'EFI.IMG;1', content: efi },
    ];
    const header = Buffer.from([0x91, 0xef, 1, 0, ...Buffer.alloc(28)]);
    // The tree starts at block 20: its root, then the two files.
    const bootCatalog = Buffer.concat([validation(0), bootEntry(0x88, 4, 21), header, bootEntry(0x88, 1, 25)]);
    const image = await open({ children, bootCatalog });
    expect(image.bootImages).toEqual([
      { platform: 'bios', bootable: true, extent: { offsetBytes: 21 * 2048, sizeBytes: bios.length } },
      { platform: 'efi', bootable: true, extent: { offsetBytes: 25 * 2048, sizeBytes: efi.length } },
    ]);
  });

  test('an EFI image that no file names reaches to the end of the volume', async () => {
    const bootCatalog = Buffer.concat([validation(0xef), bootEntry(0x88, 0, 100)]);
    const image = await open({ children: [], bootCatalog, blocks: { 103: hello } });
    expect(image.bootImages[0]?.extent).toEqual({ offsetBytes: 100 * 2048, sizeBytes: 4 * 2048 });
  });
});
