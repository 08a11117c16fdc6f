import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BootwrightError } from '../../src/errors.ts';
import { openIso } from '../../src/iso/volume.ts';
import { memorySource } from './memory-source.ts';
import { mutate, mutations, usedOffsets } from './mutations.ts';
import { announcement, attributes, both32, field, name, type TinyFile, tinyIso } from './tiny-iso.ts';
import { expectSafeTree, outcomeOf } from './tree-rules.ts';

const content = Buffer.from('content');
const file: TinyFile = { identifier: 'FILE.;1', content };

function code(bytes: Uint8Array): Promise<string> {
  return openIso(memorySource(bytes)).then(
    () => 'none',
    (error: unknown) => (error instanceof BootwrightError ? error.code : String(error)),
  );
}

describe('what is no ISO is told so', () => {
  test.each([
    ['an empty file', Buffer.alloc(0), 'it is empty'],
    ['a short file', Buffer.alloc(100), 'no volume descriptor'],
    ['zeros', Buffer.alloc(100_000), 'no volume descriptor'],
    ['a gzip file', Buffer.concat([Buffer.from('1f8b08', 'hex'), Buffer.alloc(100_000)]), 'gzip'],
    ['UDF', Buffer.concat([Buffer.alloc(32_769), Buffer.from('BEA01'), Buffer.alloc(5000)]), 'UDF alone'],
    ['a web page', Buffer.from('<!DOCTYPE html>'.padEnd(40_000)), 'web page'],
  ])('%s', async (_, bytes, found) => {
    const opening = openIso(memorySource(bytes));
    await expect(opening).rejects.toMatchObject({ code: 'ISO_NOT_ISO9660' });
    await expect(opening).rejects.toThrow(found);
  });
});

describe('a truncated image is told from a whole one', () => {
  const whole = tinyIso({ children: [file] });

  test('by the size of its volume, with both numbers', async () => {
    const opening = openIso(memorySource(whole.subarray(0, whole.byteLength - 2048)));
    const data = { neededBytes: whole.byteLength, sizeBytes: whole.byteLength - 2048 };
    await expect(opening).rejects.toMatchObject({ code: 'ISO_TRUNCATED', data });
  });

  test('by a file that reaches beyond its end', async () => {
    const bytes = tinyIso({ children: [{ ...file, sizeBytes: 5000 }] });
    const data = { neededBytes: 21 * 2048 + 5000, sizeBytes: bytes.byteLength };
    await expect(openIso(memorySource(bytes))).rejects.toMatchObject({ code: 'ISO_TRUNCATED', data });
  });

  test('while padding after it, as hybrid images have, is fine', async () => {
    expect(await code(Buffer.concat([whole, Buffer.alloc(1_000_000)]))).toBe('none');
  });
});

describe('names that would lead outside are refused', () => {
  test.each(['..', '.', '', '/etc/passwd', 'a/../../b', 'nul\0l'])('%j', async (value) => {
    const bytes = tinyIso({
      children: [{ identifier: 'X.;1', systemUse: name(value), content }],
      rootSystemUse: announcement(),
    });
    expect(await code(bytes)).toBe('ISO_NAME_UNSAFE');
  });

  test('also in plain ISO9660', async () => {
    expect(await code(tinyIso({ children: [{ identifier: '../X;1', content }] }))).toBe('ISO_NAME_UNSAFE');
    expect(await code(tinyIso({ children: [{ identifier: '..;1', content }] }))).not.toBe('none');
  });
});

describe('structures that never end are refused', () => {
  test('a directory that is in itself', async () => {
    const loop: TinyFile = { identifier: 'LOOP', children: [], block: 20 };
    expect(await code(tinyIso({ children: [loop] }))).toBe('ISO_DAMAGED');
  });

  test('a directory of 4 GiB', async () => {
    const bytes = tinyIso({ children: [{ identifier: 'BIG', children: [], sizeBytes: 0xffffffff }] });
    expect(await code(bytes)).toBe('ISO_TRUNCATED');
  });

  test('system use fields that continue in themselves', async () => {
    const again = field('CE', both32(100), both32(0), both32(28));
    const bytes = tinyIso({
      children: [{ identifier: 'X.;1', systemUse: again, content }],
      rootSystemUse: announcement(),
      blocks: { 100: again },
    });
    expect(await code(bytes)).toBe('ISO_DAMAGED');
  });

  test('directories a thousand levels deep', async () => {
    let deepest: TinyFile = file;
    for (let level = 0; level < 1000; level++) deepest = { identifier: 'D', children: [deepest] };
    expect(await code(tinyIso({ children: [deepest] }))).toBe('ISO_TREE_TOO_LARGE');
  });
});

test('reading a tree reads directories and nothing of the files', async () => {
  const source = memorySource(tinyIso({ children: [{ identifier: 'A.;1', content: Buffer.alloc(5_000_000) }] }));
  await openIso(source);
  expect(source.reads.bytes).toBeLessThan(20_000);
});

test('an image with anything spoiled is read right or refused, never more', async () => {
  const long = name('n'.repeat(200));
  const ucs2 = Buffer.from('some name', 'utf16le').swap16();
  const whole = tinyIso({
    rootSystemUse: announcement(),
    children: [
      { identifier: 'A.;1', content, flags: 0x80, systemUse: name('joined') },
      { identifier: 'A.;1', content },
      { identifier: 'EFI', systemUse: name('EFI'), children: [file, { identifier: 'D', children: [file] }] },
      // Its directory is in block 28: the root is in 20, then come two parts of a file, EFI with 24 to 26, and 27.
      { identifier: 'RR_MOVED', children: [{ identifier: 'DEEP', systemUse: field('RE'), children: [file] }] },
      { identifier: 'M.;1', systemUse: Buffer.concat([name('moved'), field('CL', both32(28))]) },
      { identifier: 'L.;1', systemUse: Buffer.concat([attributes(0o120777), name('l'), field('SL', [0, 0, 1, 65])]) },
      { identifier: 'C.;1', systemUse: field('CE', both32(100), both32(0), both32(long.byteLength)), content },
    ],
    joliet: [
      { identifier: ucs2, content },
      { identifier: ucs2.subarray(0, 8), children: [{ identifier: ucs2, content }] },
    ],
    bootCatalog: Buffer.from([1, 0, ...Buffer.alloc(28), 0x55, 0xaa, 0x88, 0, 0, 0, 0, 0, 4, 0, 21]),
    blocks: { 100: long },
  });
  expect(await code(whole)).toBe('none');
  const used = usedOffsets(whole);
  const outcomes = { read: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(mutations, async (list) => {
      const source = memorySource(mutate(whole, list, used));
      const outcome = await outcomeOf(openIso(source));
      outcomes[outcome instanceof BootwrightError ? 'refused' : 'read'] += 1;
      if (!(outcome instanceof BootwrightError)) await expectSafeTree(outcome, source);
    }),
    { seed: 9660, numRuns: 1000 },
  );
  // Both must have happened often, or the test would say nothing.
  expect(Math.min(outcomes.read, outcomes.refused)).toBeGreaterThan(100);
});
