import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseRanges } from '../../src/http/range.ts';

it.each([
  [undefined, undefined],
  ['bytes=0-0', [{ start: 0, end: 0 }]],
  ['bytes=0-', [{ start: 0, end: 99 }]],
  ['bytes=90-1000', [{ start: 90, end: 99 }]],
  ['bytes=99-', [{ start: 99, end: 99 }]],
  ['bytes=-10', [{ start: 90, end: 99 }]],
  ['bytes=-1000', [{ start: 0, end: 99 }]],
  ['Bytes=1-2', [{ start: 1, end: 2 }]],
  ['bytes=100-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=-0,100-,200-300', 'unsatisfiable'],
  ['bytes=99999999999999999999999-', 'unsatisfiable'],
  // What RFC 9110 §14.2 lets a server ignore: the whole file is the answer.
  ['bytes=2-1', undefined],
  ['bytes=-', undefined],
  ['bytes=', undefined],
  ['bytes=,', undefined],
  ['bytes=0-1,x', undefined],
  ['bytes=0-1,5-4', undefined],
  ['lines=1-2', undefined],
  ['bytes=a-b', undefined],
  ['bytes=1 - 2', undefined],
])('%s of 100 bytes', (header, expected) => {
  expect(parseRanges(header, 100)).toEqual(expected);
});

it.each([
  // In the order in which they were asked for.
  ['bytes=50-59,0-9', [50, 59, 0, 9]],
  ['bytes= 0-0 ,, -1 ,', [0, 0, 99, 99]],
  // What lies beyond the end is left out.
  ['bytes=0-9,100-,-0', [0, 9]],
  // What overlaps or touches becomes one, where the first of them stood.
  ['bytes=0-9,5-14', [0, 14]],
  ['bytes=10-19,0-9', [0, 19]],
  ['bytes=80-89,0-9,20-29,8-21', [80, 89, 0, 29]],
  ['bytes=80-89,20-29,0-9,8-21,-1', [80, 89, 0, 29, 99, 99]],
  ['bytes=0-,0-,0-,0-', [0, 99]],
])('%s: several at once', (header, expected) => {
  const ranges = parseRanges(header, 100);
  expect(Array.isArray(ranges) && ranges.flatMap(({ start, end }) => [start, end])).toEqual(expected);
});

it('who asks for very many pieces at once gets the whole file', () => {
  const every = (count: number) => `bytes=${Array.from({ length: count }, (_, index) => `${3 * index}-${3 * index}`)}`;
  expect(parseRanges(every(16), 100)).toHaveLength(16);
  expect(parseRanges(every(17), 100)).toBeUndefined();
  expect(parseRanges(`bytes=0-${'9'.repeat(10_000)}`, 100)).toBeUndefined();
});

it('of an empty file no range can be had', () => {
  expect(parseRanges('bytes=0-', 0)).toBe('unsatisfiable');
  expect(parseRanges('bytes=-1', 0)).toBe('unsatisfiable');
});

it('ranges lie inside the file, neither overlap nor touch, and hold every byte that was asked for', () => {
  const range = fc.oneof(
    fc.tuple(fc.nat({ max: 120 }), fc.nat({ max: 120 })).map(([first, last]) => `${first}-${last}`),
    fc.nat({ max: 120 }).map((first) => `${first}-`),
    fc.nat({ max: 120 }).map((count) => `-${count}`),
    fc.string({ unit: fc.constantFrom(...'0123456789-, '), maxLength: 8 }),
  );
  fc.assert(
    fc.property(fc.array(range, { maxLength: 8 }), fc.nat({ max: 100 }), (texts, sizeBytes) => {
      const ranges = parseRanges(`bytes=${texts.join(',')}`, sizeBytes);
      if (!Array.isArray(ranges)) return;
      const sorted = ranges.toSorted((one, other) => one.start - other.start);
      expect(sorted.every(({ start, end }) => start >= 0 && start <= end && end < sizeBytes)).toBe(true);
      expect(sorted.every(({ start }, index) => start > (sorted[index - 1]?.end ?? -2) + 1)).toBe(true);
      const isSent = (byte: number) => ranges.some(({ start, end }) => start <= byte && byte <= end);
      for (const text of texts.join(',').split(',')) {
        const [, first = '', last = ''] = /^ *(\d*)-(\d*) *$/.exec(text) ?? [];
        if (first !== '' && Number(first) < sizeBytes) expect(isSent(Number(first))).toBe(true);
        if (first === '' && Number(last) > 0) expect(isSent(sizeBytes - 1)).toBe(true);
      }
    }),
    { numRuns: 500, seed: 1 },
  );
});
