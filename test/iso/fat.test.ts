import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BootwrightError } from '../../src/errors.ts';
import { openFat } from '../../src/iso/fat.ts';
import { describeWith } from '../support/programs.ts';
import { memorySource, readAll } from './memory-source.ts';
import { mutate, mutations, usedOffsets } from './mutations.ts';
import { expectSafeTree, outcomeOf } from './tree-rules.ts';

test.each([
  ['nothing', Buffer.alloc(0)],
  ['zeros', Buffer.alloc(1_474_560)],
  ['a first sector with only its end right', Buffer.from([...Buffer.alloc(510), 0x55, 0xaa, ...Buffer.alloc(5000)])],
])('what is no FAT is told so: %s', async (_, bytes) => {
  await expect(openFat(memorySource(bytes))).rejects.toMatchObject({ code: 'FAT_NOT_FAT' });
});

const names = {
  loader: 'EFI/BOOT/BOOTX64.EFI',
  long: 'EFI/BOOT/a name that is longer than thirteen letters, größer 文.cfg',
  lower: 'readme.txt',
  empty: 'empty',
};
const loader = Buffer.alloc(100_001, 'loader');

describeWith({ programs: ['mkfs.vfat', 'mmd', 'mcopy', 'mdel'] }, 'FAT file systems of real programs', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bootwright-fat-'));
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  async function makeFat(bits: number, sectorsPerCluster: number, kibibytes: number): Promise<Uint8Array> {
    const image = join(folder, `${bits}.img`);
    const format = ['-F', `${bits}`, '-s', `${sectorsPerCluster}`, '-n', 'EFIBOOT', '-C', image, `${kibibytes}`];
    await execa('mkfs.vfat', format);
    await writeFile(join(folder, 'loader'), loader);
    await writeFile(join(folder, 'nothing'), '');
    const copy = (from: string, to: string) => execa('mcopy', ['-i', image, join(folder, from), `::${to}`]);
    await execa('mmd', ['-i', image, '::EFI', '::EFI/BOOT']);
    // The hole that a deleted file leaves splits the next one.
    await copy('loader', 'first');
    await copy('nothing', names.empty);
    await copy('loader', names.lower);
    await execa('mdel', ['-i', image, '::first']);
    await writeFile(join(folder, 'large'), Buffer.concat([loader, loader, loader]));
    await copy('large', 'large.bin');
    await copy('loader', names.loader);
    await copy('loader', names.long);
    const bytes = await readFile(image);
    await rm(image);
    return bytes;
  }

  test.each([
    [12, 1, 1440],
    [12, 4, 2880],
    [16, 1, 16_384],
    [32, 1, 40_000],
  ])('FAT%i with %i sectors a cluster: names, sizes and bytes', async (bits, sectorsPerCluster, kibibytes) => {
    const source = memorySource(await makeFat(bits, sectorsPerCluster, kibibytes));
    const fat = await openFat(source);
    expect(fat.label).toBe('EFIBOOT');
    expect(fat.entries.map(({ path, kind, sizeBytes }) => [path, kind, sizeBytes])).toEqual([
      ['EFI', 'directory', 0],
      ['EFI/BOOT', 'directory', 0],
      [names.loader, 'file', loader.byteLength],
      [names.long, 'file', loader.byteLength],
      [names.empty, 'file', 0],
      ['large.bin', 'file', 3 * loader.byteLength],
      [names.lower, 'file', loader.byteLength],
    ]);
    const large = fat.find('LARGE.BIN') ?? expect.fail();
    const content = await readAll(fat.open(large));
    expect(Buffer.from(content).equals(Buffer.concat([loader, loader, loader]))).toBe(true);
    expect(Date.now() - (fat.find(names.loader)?.modifiedMs ?? 0)).toBeLessThan(26 * 3600_000);
    await expectSafeTree(fat, source);
  });

  test('a directory that is in itself is refused', async () => {
    const bytes = Buffer.from(await makeFat(12, 1, 1440));
    // EFI has the first cluster: its entry in the root, in sector 19, and BOOT's in EFI's first sector, 33.
    const boot = bytes.indexOf('BOOT       ', 33 * 512);
    bytes.writeUInt16LE(2, boot + 26);
    await expect(openFat(memorySource(bytes))).rejects.toMatchObject({ code: 'FAT_DAMAGED' });
  });

  test.each([
    [12, 1, 1440],
    [16, 1, 16_384],
    [32, 1, 40_000],
  ])('FAT%i, spoiled anywhere, is read right or refused', async (bits, sectorsPerCluster, kibibytes) => {
    const whole = await makeFat(bits, sectorsPerCluster, kibibytes);
    // The first sector, the table and the directories: the letters of the loader are content.
    const used = usedOffsets(whole).filter(
      (offset) => offset < 512 || !'loader'.includes(String.fromCharCode(whole[offset] ?? 0)),
    );
    await fc.assert(
      fc.asyncProperty(mutations, async (list) => {
        const source = memorySource(mutate(whole, list, used));
        const outcome = await outcomeOf(openFat(source));
        if (!(outcome instanceof BootwrightError)) await expectSafeTree(outcome, source);
      }),
      { seed: 12, numRuns: bits === 32 ? 50 : 200 },
    );
  });
});
