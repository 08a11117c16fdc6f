import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BootwrightError } from '../../src/errors.ts';
import { inspectInitrd } from '../../src/iso/initrd.ts';
import { cpioArchive } from './cpio-archive.ts';
import { memorySource } from './memory-source.ts';
import { mutate, mutations } from './mutations.ts';
import { outcomeOf } from './tree-rules.ts';

const microcode = cpioArchive([{ path: 'kernel/x86/microcode/GenuineIntel.bin', content: 'm'.repeat(5000) }], '070702');
const dracut = cpioArchive([
  { path: '.', mode: 0o040755 },
  { path: 'usr/lib/dracut/dracut-059-4', content: 'dracut-059-4\n' },
  { path: 'usr/lib/dracut/modules.txt', content: 'base\ndmsquash-live\nlivenet\n' },
  { path: 'usr/sbin/init', content: 'i'.repeat(9999) },
]);
const debianLive = cpioArchive([{ path: 'scripts/live' }, { path: 'usr/bin/busybox', content: 'b'.repeat(3000) }]);

function inspect(...parts: readonly Uint8Array[]) {
  return inspectInitrd(memorySource(Buffer.concat(parts)));
}

describe('what an initrd holds', () => {
  test("dracut's modules and version, behind uncompressed microcode, and reading stops there", async () => {
    const found = await inspect(microcode, zstdCompressSync(dracut));
    expect(found).toEqual({
      archives: [
        { compression: 'none', offsetBytes: 0 },
        { compression: 'zstd', offsetBytes: microcode.byteLength },
      ],
      dracutModules: ['base', 'dmsquash-live', 'livenet'],
      dracutVersion: '059-4',
      parts: new Set(['dmsquash-live', 'livenet']),
      isWhole: false,
    });
  });

  test('what other live systems boot by, from their files', async () => {
    const found = await inspect(gzipSync(debianLive));
    expect(found).toMatchObject({ dracutModules: undefined, parts: new Set(['live-boot']), isWhole: true });
  });

  test.each([
    ['sbin/livenetroot', 'livenet'],
    ['./usr/sbin/dmsquash-live-root', 'dmsquash-live'],
    ['usr/sbin/dmsquash-live-root.sh', 'dmsquash-live'],
    ['scripts/casper', 'casper'],
    ['hooks/archiso_pxe_http', 'archiso-http'],
  ])('%s tells that %s is there without a list', async (path, part) => {
    expect([...(await inspect(cpioArchive([{ path }]))).parts]).toEqual([part]);
  });

  test('nothing of the contents of files counts', async () => {
    const archive = cpioArchive([{ path: 'a', content: Buffer.from(dracut).toString('latin1') }]);
    expect(await inspect(archive)).toMatchObject({ dracutModules: undefined, isWhole: true });
  });

  test('an archive that was appended to a compressed one, with zeros between', async () => {
    const appended = cpioArchive([{ path: 'scripts/casper' }]);
    for (const compressed of [gzipSync(debianLive), zstdCompressSync(debianLive)]) {
      const found = await inspect(compressed, Buffer.alloc(700), appended, gzipSync(microcode));
      expect(found.archives.map(({ compression }) => compression).slice(1)).toEqual(['none', 'gzip']);
      expect(found.parts).toEqual(new Set(['live-boot', 'casper']));
    }
  });

  test('several archives compressed as one, and one archive compressed in several members', async () => {
    const both = Buffer.concat([microcode, debianLive]);
    const cut = Math.floor(both.byteLength / 2) + 77;
    for (const compress of [gzipSync, zstdCompressSync]) {
      const found = await inspect(compress(both.subarray(0, cut)), compress(both.subarray(cut)));
      expect(found.archives).toHaveLength(2);
      expect(found.parts).toEqual(new Set(['live-boot']));
    }
  });

  test('a boot configuration at the end is left alone', async () => {
    expect(await inspect(debianLive, Buffer.from('a=b\n#BOOTCONFIG\n'))).toMatchObject({ isWhole: true });
  });
});

describe('what is no initrd is told so', () => {
  test.each([
    ['nothing', Buffer.alloc(0), 'it is empty'],
    ['zeros', Buffer.alloc(1_000_000), 'it is empty'],
    ['text', Buffer.from('#!/bin/sh\n'), 'neither'],
    ['compressed text', gzipSync('#!/bin/sh\n'), 'gzip unpacks to'],
  ])('%s', async (_, bytes, found) => {
    await expect(inspect(bytes)).rejects.toMatchObject({ code: 'INITRD_NOT_CPIO' });
    await expect(inspect(bytes)).rejects.toThrow(found);
  });

  test('a compression that is not read is named', async () => {
    const opening = inspect(microcode, Buffer.from('BZh91AY&SY'));
    await expect(opening).rejects.toMatchObject({
      code: 'INITRD_COMPRESSION_UNKNOWN',
      data: { compression: 'bzip2' },
    });
  });

  test.each([
    ['plain', debianLive.subarray(0, 2000)],
    ['gzip', gzipSync(debianLive).subarray(0, -20)],
    ['zstd', zstdCompressSync(debianLive).subarray(0, -20)],
    ['gzip of a cut archive', gzipSync(debianLive.subarray(0, 2000))],
  ])('one that is cut off: %s', async (_, bytes) => {
    await expect(inspect(bytes)).rejects.toMatchObject({ code: 'INITRD_DAMAGED' });
  });
});

describe('an initrd that would use up the memory', () => {
  test('by what it unpacks to is refused', async () => {
    const bomb = gzipSync(cpioArchive([{ path: 'zeros', content: '\0'.repeat(3_000_000) }]));
    const opening = inspectInitrd(memorySource(bomb), { unpackedBytes: 1_000_000 });
    await expect(opening).rejects.toMatchObject({ code: 'INITRD_TOO_LARGE', data: { limit: 1_000_000 } });
  });

  test('by its archives is refused', async () => {
    const opening = inspect(gzipSync(Buffer.concat(Array.from({ length: 10_001 }, () => cpioArchive([])))));
    await expect(opening).rejects.toMatchObject({ code: 'INITRD_TOO_LARGE', data: { what: 'archives' } });
  });

  test('by the length of a name is refused', async () => {
    const opening = inspect(cpioArchive([{ path: 'x'.repeat(5000) }]));
    await expect(opening).rejects.toMatchObject({ code: 'INITRD_DAMAGED' });
  });
});

test('files are skipped, not read, where nothing is compressed', async () => {
  const source = memorySource(cpioArchive([{ path: 'big', content: '\x01'.repeat(20_000_000) }]));
  expect(await inspectInitrd(source)).toMatchObject({ isWhole: true });
  expect(source.reads.bytes).toBeLessThan(500_000);
});

test.each([
  ['plain', Buffer.concat([microcode, debianLive])],
  ['gzip', Buffer.concat([microcode, gzipSync(debianLive)])],
  ['zstd', Buffer.concat([microcode, zstdCompressSync(debianLive)])],
])('an initrd with anything spoiled is read or refused: %s', async (_, whole) => {
  const interesting = Array.from({ length: whole.byteLength }, (_, offset) => offset).filter(
    (offset) => offset < 300 || offset > whole.byteLength - 2000,
  );
  await fc.assert(
    fc.asyncProperty(mutations, async (list) => {
      const outcome = await outcomeOf(inspectInitrd(memorySource(mutate(whole, list, interesting))));
      if (!(outcome instanceof BootwrightError)) expect(outcome.archives.length).toBeGreaterThan(0);
    }),
    { seed: 70701, numRuns: 300 },
  );
});
