import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BootwrightError } from '../../src/errors.ts';
import { decompressLz4Block } from '../../src/iso/lz4-block.ts';
import { hex } from '../support/hex.ts';

function decompress(block: Uint8Array, size = 64): string {
  const output = new Uint8Array(size);
  return Buffer.from(output.subarray(0, decompressLz4Block(block, output, 0, 0))).toString();
}

test.each([
  ['literals alone', '30 616263', 'abc'],
  ['a match that repeats itself', '14 61 0100  10 62', 'aaaaaaaaab'],
  ['a match further back', '42 61626364 0400  10 7a', 'abcdabcdabz'],
  ['a long run of literals', 'f0 05 6162636465666768696a6b6c6d6e6f7071727374', 'abcdefghijklmnopqrst'],
  ['a long match', '1f 61 0100 03  10 62', `${'a'.repeat(23)}b`],
])('an LZ4 block is decompressed: %s', (_, block, text) => {
  expect(decompress(hex(block))).toBe(text);
});

test.each([
  ['literals beyond its end', '50 616263'],
  ['a match before the start', '14 61 0200  10 62'],
  ['a distance of nothing', '14 61 0000  10 62'],
  ['a length that never ends', 'f0 ffffff'],
  ['more than there is room for', '1f 61 0100 ff00  10 62'],
  ['half a distance', '14 61 01'],
])('an LZ4 block that does not keep to its bounds is refused: %s', (_, block) => {
  expect(() => decompress(hex(block))).toThrow(expect.objectContaining({ code: 'INITRD_DAMAGED' }));
});

test('any bytes as an LZ4 block end in text or a refusal', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (block) => {
      try {
        decompress(block, 4096);
      } catch (error) {
        expect(error).toBeInstanceOf(BootwrightError);
      }
    }),
    { seed: 4, numRuns: 2000 },
  );
});
