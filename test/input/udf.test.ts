import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BootwrightError } from '../../src/errors.ts';
import { readAll } from '../iso/memory-source.ts';
import { mutate, mutations, usedOffsets } from '../iso/mutations.ts';
import { outcomeOf } from '../iso/tree-rules.ts';
import { describeWith } from '../support/programs.ts';
import { codeOf, newFolder, withImage } from './opened.ts';

const sectorBytes = 2048;

/** An image with UDF alone: that of genisoimage, whose descriptors of ISO9660 are taken away. */
function udfOnly(files: Readonly<Record<string, string>>): string {
  const folder = newFolder();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, 'root', path, '..'), { recursive: true });
    writeFileSync(join(folder, 'root', path), content);
  }
  const path = join(folder, 'liveos.iso');
  execFileSync('genisoimage', ['-quiet', '-udf', '-o', path, join(folder, 'root')], { stdio: 'ignore' });
  const bytes = readFileSync(path);
  const start = bytes.indexOf('BEA01') - 1;
  const sequence = Buffer.from(bytes.subarray(start, start + 3 * sectorBytes));
  bytes.fill(0, 16 * sectorBytes, start + 3 * sectorBytes);
  bytes.set(sequence, 16 * sectorBytes);
  writeFileSync(path, bytes);
  return path;
}

const files = {
  'boot/grub2/grub.cfg': 'set timeout=0\n',
  'boot/vmlinuz': 'a kernel'.repeat(10_000),
  'Long Name With Spaces and ü.txt': 'text',
};

describeWith({ programs: ['genisoimage', '7zz'] }, 'an image with UDF alone', () => {
  test('is a tree, with the image beside it', async () => {
    const path = udfOnly(files);
    await withImage(path, async ({ kind, name, tree, iso, isoFile }) => {
      expect([kind, name, iso, isoFile?.path]).toEqual(['tree', 'liveos', undefined, path]);
      for (const [each, content] of Object.entries(files)) {
        const entry = tree.find(each);
        if (entry === undefined) throw new Error(`${each} is not there`);
        expect(entry).toMatchObject({ kind: 'file', mode: 0o444, path: each });
        expect(Buffer.from(await readAll(tree.open(entry))).toString()).toBe(content);
      }
      expect(tree.entries.map((entry) => entry.path)).toEqual([
        'Long Name With Spaces and ü.txt',
        'boot',
        'boot/grub2',
        'boot/grub2/grub.cfg',
        'boot/vmlinuz',
      ]);
    });
  });

  test('may be packed', async () => {
    const path = udfOnly(files);
    writeFileSync(path, gzipSync(readFileSync(path)));
    expect(await withImage(path, ({ kind, isoFile }) => [kind, isoFile?.source.sizeBytes !== 0])).toEqual([
      'tree',
      true,
    ]);
  });

  test('is refused where it is cut off, or larger than allowed', async () => {
    const path = udfOnly(files);
    expect(await codeOf(path, { limits: { unpackedBytes: 1000 } })).toBe('INPUT_TOO_LARGE');
    writeFileSync(path, readFileSync(path).subarray(0, 600_000));
    expect(await codeOf(path)).toBe('PACKED_DAMAGED');
  });

  test('with anything spoiled is read or refused', async () => {
    const path = udfOnly(files);
    const bytes = readFileSync(path);
    const used = usedOffsets(bytes).filter((at) => bytes[at] !== 0x65);
    await fc.assert(
      fc.asyncProperty(mutations, async (list) => {
        writeFileSync(path, mutate(bytes, list, used));
        const outcome = await outcomeOf(withImage(path, ({ tree }) => tree.entries.length));
        if (!(outcome instanceof BootwrightError)) expect(outcome).toBeLessThan(100);
      }),
      { seed: 13, numRuns: 25 },
    );
  });
});
