import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BootwrightError } from '../../src/errors.ts';
import { mutate, mutations } from '../iso/mutations.ts';
import { outcomeOf } from '../iso/tree-rules.ts';
import { describeWith } from '../support/programs.ts';
import { tinyLiveOs } from '../support/tiny-liveos.ts';
import { codeOf, isoBytes, newFolder, pack, withImage } from './opened.ts';

const iso = tinyLiveOs();

function file(bytes: Uint8Array, name = 'image'): string {
  const path = join(newFolder(), name);
  writeFileSync(path, bytes);
  return path;
}

const packers = {
  gzip: ['gzip', '-nc'],
  zstd: ['zstd', '-qc', '--check'],
  xz: ['xz', '-c'],
  bzip2: ['bzip2', '-c'],
  lz4: ['lz4', '-qc', '--content-size'],
} as const;

describe('a plain ISO', () => {
  test('is read as it is, without a copy', async () => {
    await withImage(file(iso, 'azl-3.0.iso'), (image) => {
      expect(image).toMatchObject({ kind: 'iso', name: 'azl-3.0' });
      expect(image.isoFile?.path).toMatch(/azl-3\.0\.iso$/);
      expect(image.tree.find('boot/vmlinuz')?.kind).toBe('file');
    });
  });

  test('is told when it changed', async () => {
    const path = file(iso);
    await withImage(path, async (image) => {
      const before = await image.stateOf();
      expect(await image.stateOf()).toBe(before);
      writeFileSync(path, iso.subarray(0, 100));
      expect(await image.stateOf()).not.toBe(before);
    });
  });

  test.each([
    ['liveos.iso.xz', 'liveos'],
    ['liveos.ISO.gz', 'liveos'],
    ['azl-3.0.7z', 'azl-3.0'],
    ['.iso', 'image'],
    ['x.tar.zst', 'x'],
  ])('%s is called %s', async (name, expected) => {
    expect(await withImage(file(iso, name), (image) => image.name)).toBe(expected);
  });
});

for (const [name, command] of Object.entries(packers)) {
  describeWith({ programs: [command[0]] }, `an ISO packed by ${name}`, () => {
    const packed = pack(command, iso);

    test('comes out as it was, whatever its file is called', async () => {
      expect(Buffer.compare(await isoBytes(file(packed, 'image.zip')), iso)).toBe(0);
    });

    test('in several members, too', async () => {
      const half = Math.floor(iso.byteLength / 2);
      const members = [iso.subarray(0, half), iso.subarray(half)].map((part) => pack(command, part));
      expect(Buffer.compare(await isoBytes(file(Buffer.concat(members))), iso)).toBe(0);
    });

    test('is refused where something follows it', async () => {
      expect(await codeOf(file(Buffer.concat([packed, Buffer.from('garbage, more of it')])))).toBe('PACKED_DAMAGED');
      expect(await codeOf(file(Buffer.concat([packed, iso])))).toBe('PACKED_DAMAGED');
    });

    test('is refused where it is cut off', async () => {
      for (const share of [0.1, 0.5, 0.99]) {
        const cut = packed.subarray(0, Math.floor(packed.byteLength * share));
        expect(await codeOf(file(cut))).toBe('PACKED_DAMAGED');
      }
    });

    test('tells how much of it was read', async () => {
      let seen = 0;
      const totals = new Set<number | undefined>();
      const onBytes = (count: number, total?: number) => {
        seen += count;
        totals.add(total);
      };
      await withImage(file(packed), () => {}, { onBytes });
      expect([seen, [...totals]]).toEqual([packed.byteLength, [packed.byteLength]]);
    });

    test('with anything spoiled is read right or refused', async () => {
      await fc.assert(
        fc.asyncProperty(mutations, async (list) => {
          const outcome = await outcomeOf(isoBytes(file(mutate(packed, list))));
          if (!(outcome instanceof BootwrightError)) expect(Buffer.compare(outcome, iso)).toBe(0);
        }),
        { seed: 7, numRuns: 40 },
      );
    });

    test('whatever is behind its volume comes out as it was', async () => {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 300_000, size: 'max' }), fc.boolean(), async (bytes, isRandom) => {
          const image = Buffer.concat([iso, bytes, isRandom ? randomBytes(200_000) : Buffer.alloc(200_000)]);
          expect(Buffer.compare(await isoBytes(file(pack(command, image))), image)).toBe(0);
        }),
        { seed: 8, numRuns: 5 },
      );
    });
  });
}

describe('packings in packings', () => {
  const layers = (count: number): Buffer => (count === 0 ? Buffer.from(iso) : gzipSync(layers(count - 1)));

  test('up to three are taken off', async () => {
    expect(Buffer.compare(await isoBytes(file(layers(3))), iso)).toBe(0);
    expect(await codeOf(file(layers(4)))).toBe('PACKED_TOO_OFTEN');
  });

  test('what is in them is looked at before all of it is written', async () => {
    const limits = { unpackedBytes: 1000 };
    expect(await codeOf(file(gzipSync(Buffer.alloc(50_000_000))), { limits })).toBe('ISO_NOT_ISO9660');
  });
});

test('a file of thousands of members with nothing in them is refused soon', async () => {
  const empty = Buffer.from('28b52ffd2400010000', 'hex');
  const bytes = Buffer.concat([...Array(5000).fill(empty)]);
  const outcome = await outcomeOf(withImage(file(bytes), () => 'opened'));
  expect(outcome).toMatchObject({ code: 'PACKED_DAMAGED' });
});

test.each([
  ['RAR', '526172211a0700'],
  ['lzip', '4c5a495001'],
  ['lzma', '5d00008000'],
])('%s is named, and that it is not unpacked', async (packing, hex) => {
  const opening = withImage(file(Buffer.concat([Buffer.from(hex, 'hex'), Buffer.alloc(1000)])), () => {});
  await expect(opening).rejects.toMatchObject({ code: 'PACKED_UNSUPPORTED', data: { packing } });
});

test.each([
  ['nothing', Buffer.alloc(0), 'ISO_NOT_ISO9660'],
  ['two bytes', Buffer.from('1f8b', 'hex'), 'PACKED_DAMAGED'],
  ['a web page', Buffer.from('<!DOCTYPE html>'.padEnd(40_000)), 'ISO_NOT_ISO9660'],
])('%s', async (_, bytes, code) => {
  expect(await codeOf(file(bytes))).toBe(code);
});
