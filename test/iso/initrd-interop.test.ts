import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inspectInitrd } from '../../src/iso/initrd.ts';
import { openFile } from '../../src/platform/files-node.ts';
import { describeWith } from '../support/programs.ts';
import { memorySource } from './memory-source.ts';
import { mutate, mutations } from './mutations.ts';
import { outcomeOf } from './tree-rules.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bootwright-initrd-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function pack(tree: string, format: string): Promise<Buffer> {
  const script = `cd "$1" && find . | LC_ALL=C sort | cpio --quiet -o -H ${format}`;
  const { stdout } = await execa('sh', ['-c', script, 'sh', tree], { encoding: 'buffer', maxBuffer: 2 ** 30 });
  return Buffer.from(stdout);
}

async function compress(command: string, input: Uint8Array): Promise<Buffer> {
  const [program = '', ...options] = command.split(' ');
  const { stdout } = await execa(program, [...options, '-c'], { input, encoding: 'buffer', maxBuffer: 2 ** 30 });
  return Buffer.from(stdout);
}

/** How initrds are compressed by dracut, mkinitramfs and mkinitcpio, and what else these programs may write. */
const commands = [
  ['gzip', 'gzip -9'],
  ['gzip', 'gzip --name'],
  ['zstd', 'zstd -q -15'],
  ['zstd', 'zstd -q -T2 --ultra -22'],
  ['zstd', 'zstd -q -1 --no-check'],
  ['xz', 'xz --check=crc32 --lzma2=dict=1MiB'],
  ['xz', 'xz -9 --check=crc32 -T2 --block-size=200000'],
  ['xz', 'xz --check=crc64'],
  ['xz', 'xz --check=none'],
  ['lz4', 'lz4 -q -l -9'],
  ['lz4', 'lz4 -q'],
  ['lz4', 'lz4 -q -BD -B4 -BX'],
] as const;

describeWith({ programs: ['cpio', 'gzip', 'zstd', 'xz', 'lz4', 'bzip2'] }, 'initrds of real programs', () => {
  let microcode: Buffer;
  let main: Buffer;
  let appended: Buffer;

  beforeAll(async () => {
    const file = async (path: string, content: string | Uint8Array) => {
      const full = join(folder, path);
      await mkdir(join(full, '..'), { recursive: true });
      await writeFile(full, content);
    };
    await file('early/kernel/x86/microcode/x.bin', Buffer.alloc(100_000, 'm'));
    await file('main/usr/bin/node', (await readFile(process.execPath)).subarray(0, 2_000_000));
    await file('main/usr/sbin/livenetroot', '#!/bin/sh\n');
    await file('appended/scripts/casper', '#!/bin/sh\n');
    microcode = await pack(join(folder, 'early'), 'crc');
    main = await pack(join(folder, 'main'), 'newc');
    appended = await pack(join(folder, 'appended'), 'newc');
  });

  test.each(commands)('%s, made by %s, with archives before and behind', async (compression, command) => {
    const path = join(folder, 'initrd');
    const compressed = await compress(command, main);
    await writeFile(path, Buffer.concat([microcode, compressed, compressed, Buffer.alloc(4), appended]));
    const source = await openFile(path);
    const found = await inspectInitrd(source).finally(() => source.close());
    expect(found.archives.map((archive) => archive.compression)).toEqual(['none', compression, compression, 'none']);
    expect(found.parts).toEqual(new Set(['livenet', 'casper']));
    expect(found.isWhole).toBe(true);
  });

  test.each([
    ['bzip2', 'bzip2'],
    ['lzma', 'xz --format=lzma'],
    ['xz with filters other than LZMA2', 'xz --x86 --lzma2'],
    ['xz with sums other than CRC32', 'xz --check=sha256'],
  ])('%s is named as a compression that is not read', async (compression, command) => {
    const opening = inspectInitrd(memorySource(await compress(command, appended)));
    await expect(opening).rejects.toMatchObject({ code: 'INITRD_COMPRESSION_UNKNOWN', data: { compression } });
  });

  test('xz that is left in the middle, by an early stop or damage, does not block the next one', async () => {
    const list = join(folder, 'main/usr/lib/dracut/modules.txt');
    await mkdir(join(list, '..'), { recursive: true });
    await writeFile(list, 'livenet\n');
    const packed = await pack(join(folder, 'main'), 'newc');
    await rm(join(folder, 'main/usr/lib'), { recursive: true });
    const whole = await compress('xz --check=crc32', packed);
    for (let round = 0; round < 3; round++) {
      expect((await inspectInitrd(memorySource(whole))).isWhole).toBe(false);
      const damaged = Buffer.from(whole);
      damaged.fill(0x55, 100, 200);
      await expect(inspectInitrd(memorySource(damaged))).rejects.toMatchObject({ code: 'INITRD_DAMAGED' });
      const both = await Promise.all([inspectInitrd(memorySource(whole)), inspectInitrd(memorySource(whole))]);
      expect(both.map(({ parts }) => [...parts])).toEqual([['livenet'], ['livenet']]);
    }
  });

  test.each(commands)('%s, made by %s and spoiled anywhere, is read or refused', async (_, command) => {
    const whole = await compress(command, appended);
    await fc.assert(
      fc.asyncProperty(mutations, async (list) => {
        await outcomeOf(inspectInitrd(memorySource(mutate(whole, list))));
      }),
      { seed: 59, numRuns: 100 },
    );
  });
});
