import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BootwrightError } from '../../src/errors.ts';
import { Reader } from '../../src/wire/reader.ts';
import { Writer } from '../../src/wire/writer.ts';
import { hex } from '../support/hex.ts';

const number = (kind: 'u8' | 'u16' | 'u32', max: number) =>
  fc.record({ kind: fc.constant(kind), value: fc.integer({ min: 0, max }) });
const piece = fc.oneof(
  number('u8', 0xff),
  number('u16', 0xffff),
  number('u32', 0xffff_ffff),
  fc.record({ kind: fc.constant('bytes' as const), value: fc.uint8Array({ maxLength: 40 }) }),
  fc.record({ kind: fc.constant('zeros' as const), value: fc.integer({ min: 0, max: 40 }) }),
);

it('what is written one after the other is read one after the other', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.integer({ min: 0, max: 100 }), (pieces, expectedBytes) => {
      const writer = new Writer(expectedBytes);
      for (const { kind, value } of pieces) {
        if (kind === 'bytes') writer.put(value);
        else writer[kind](value);
      }
      const reader = new Reader(writer.finish());
      expect(reader.remaining).toBe(writer.length);
      for (const { kind, value } of pieces) {
        if (kind === 'bytes') expect(reader.take(value.length)).toEqual(value);
        else if (kind === 'zeros') expect(reader.take(value)).toEqual(new Uint8Array(value));
        else expect(reader[kind]()).toBe(value);
      }
      expect(reader.remaining).toBe(0);
    }),
    { numRuns: 300, seed: 1 },
  );
});

const step = fc.oneof(
  fc.constantFrom('u8' as const, 'u16' as const, 'u32' as const, 'u16LE' as const, 'u32LE' as const, 'u64LE' as const),
  fc.record({
    call: fc.constantFrom('take' as const, 'skip' as const, 'seek' as const),
    count: fc.oneof(
      fc.integer({ min: -5, max: 70 }),
      fc.constantFrom(1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53),
    ),
  }),
);

it('nothing is read past either end: a wrong step is WIRE_TRUNCATED and moves nothing', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.array(step, { maxLength: 20 }), (bytes, steps) => {
      const inside = new Uint8Array([9, 9, ...bytes, 9, 9]).subarray(2, 2 + bytes.length);
      const reader = new Reader(inside);
      for (const next of steps) {
        const before = reader.offset;
        try {
          if (typeof next === 'string') reader[next]();
          else reader[next.call](next.count);
          expect(reader.offset).toBeGreaterThanOrEqual(0);
          expect(reader.offset).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(BootwrightError);
          expect((error as BootwrightError).code).toBe('WIRE_TRUNCATED');
          expect(reader.offset).toBe(before);
        }
      }
      expect(Buffer.concat([reader.seek(0).rest()])).toEqual(Buffer.from(bytes));
    }),
    { numRuns: 300, seed: 1 },
  );
});

it('network order, unless the name says LE', () => {
  const bytes = hex('0102030405060708');
  expect(new Reader(bytes).u16()).toBe(0x0102);
  expect(new Reader(bytes).u32()).toBe(0x0102_0304);
  expect(new Reader(bytes).u16LE()).toBe(0x0201);
  expect(new Reader(bytes).u32LE()).toBe(0x0403_0201);
  expect(new Reader(bytes).u64LE()).toBe(0x0807_0605_0403_0201n);
});

it('says how much was needed, where, and how much there was', () => {
  expect(() => new Reader(hex('010203')).skip(1).u32()).toThrow('4 bytes needed at offset 1, 2 there');
});
