import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fatImage } from '../../src/disc/fat-image.ts';
import { openFat } from '../../src/iso/fat.ts';
import { bytesSource } from '../../src/platform/files.ts';
import { describeWith } from '../support/programs.ts';
import { discFolder, noise } from './discs.ts';

const fatFiles = [
  { path: 'EFI/BOOT/BOOTX64.EFI', bytes: noise(700_001) },
  { path: 'efi/boot/grubx64.efi', bytes: noise(512) },
  { path: 'EFI/azurelinux/grub.cfg', bytes: Buffer.from('x') },
  { path: 'EFI/azurelinux/a name of more than 26 characters.txt', bytes: Buffer.from('long') },
  { path: 'EFI/azurelinux/exactly13.txt', bytes: new Uint8Array(0) },
  ...Array.from({ length: 40 }, (_, index) => ({ path: `many/entry number ${index}`, bytes: Buffer.from(`${index}`) })),
];

test('a FAT image holds its files, as we read it, and has no label that would be found in place of the disc', async () => {
  const fat = await openFat(bytesSource(fatImage(fatFiles)));
  expect(fat.label).toBe('');
  for (const { path, bytes } of fatFiles) {
    const entry = fat.find(path);
    if (entry === undefined) throw new Error(`${path} is missing`);
    const read = Buffer.alloc(entry.sizeBytes);
    await fat.open(entry).read(read, 0);
    expect(read.equals(bytes)).toBe(true);
  }
  expect(fat.entries.filter(({ kind }) => kind === 'file')).toHaveLength(fatFiles.length);
});

describeWith({ programs: ['fsck.fat', 'mcopy'] }, 'a FAT image', () => {
  for (const [title, sizeBytes] of [
    ['small', 100],
    ['of 30 MiB', 30 * 1024 * 1024],
  ] as const) {
    test(`is sound and readable to others (${title})`, () => {
      const folder = discFolder();
      const image = join(folder, 'efi.img');
      writeFileSync(image, fatImage([...fatFiles, { path: 'large', bytes: noise(sizeBytes) }]));
      const checked = spawnSync('fsck.fat', ['-n', '-v', image], { encoding: 'utf8' });
      expect(checked.status, checked.stdout).toBe(0);
      expect(checked.stdout).toContain('16 bit entries');
      // Its own name for the image: mtools would take what stands behind quotes and colons for something else.
      const options = { cwd: folder, maxBuffer: 64 * 1024 * 1024 };
      const read = (name: string) => execFileSync('mcopy', ['-n', '-i', 'efi.img', `::${name}`, '-'], options);
      for (const { path: name, bytes } of fatFiles) expect(read(name).equals(bytes)).toBe(true);
      expect(read('large').equals(noise(sizeBytes))).toBe(true);
    });
  }
});
