import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { grubImages } from '../../src/loaders/grub-images.ts';
import { type Loaders, makeLoaders } from '../../src/loaders/loaders.ts';
import { describeWith } from '../support/programs.ts';

const asker = { protocol: 'http', address: '10.0.0.9', local: '10.0.0.1' } as const;
/** PE/COFF "Machine". */
const machines: Readonly<Record<string, number>> = {
  'grubx64.efi': 0x8664,
  'grubia32.efi': 0x014c,
  'grubaa64.efi': 0xaa64,
};
const installed = grubImages.filter(({ platform }) => {
  try {
    return readdirSync(`/usr/lib/grub/${platform}`).includes('kernel.img');
  } catch {
    return false;
  }
});

describeWith({ programs: ['grub-mkimage'] }, 'what grub-mkimage makes here', () => {
  let loaders: Loaders;
  let tookMs: number;
  beforeAll(async () => {
    const startedMs = performance.now();
    loaders = await makeLoaders({ httpPort: 80, folder: join(tmpdir(), 'bootwright-no-loaders') });
    tookMs = performance.now() - startedMs;
  });

  it('is ready soon', () => expect(tookMs).toBeLessThan(10_000));

  it.each(installed.map(({ file, text }) => [file, text] as const))('%s is a loader for %s', async (file) => {
    expect(loaders.why(`loaders/${file}`)).toBe('it is there');
    const loader = await loaders.open(`loaders/${file}`, asker);
    const source = await loader?.open();
    const bytes = Buffer.alloc(source?.sizeBytes ?? 0);
    await source?.read(bytes, 0);
    // What a PXE ROM has room for, and nothing that UEFI would mind.
    expect(bytes.length).toBeLessThan(file === 'grub-bios.0' ? 480 * 1024 : 4 * 1024 * 1024);
    const machine = machines[file];
    if (machine === undefined) return;
    expect(bytes.toString('latin1', 0, 2)).toBe('MZ');
    expect(bytes.readUInt16LE(bytes.readUInt32LE(0x3c) + 4)).toBe(machine);
    expect(bytes.includes('(http,10.0.0.1)')).toBe(true);
  });
});
