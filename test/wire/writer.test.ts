import { expect, it } from 'vitest';
import { Writer } from '../../src/wire/writer.ts';

it('numbers are written also where the buffer must grow for them', () => {
  const writer = new Writer(16).zeros(15).u16(0x0102).zeros(14).u32(0x03040506).zeros(28).u8(7);
  expect(Array.from(writer.finish()).filter((byte) => byte > 0)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(writer.length).toBe(15 + 2 + 14 + 4 + 28 + 1);
});
