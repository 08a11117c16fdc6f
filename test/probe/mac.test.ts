import fc from 'fast-check';
import { expect, it } from 'vitest';
import { probeMac } from '../../src/probe/mac.ts';
import { formatMac } from '../../src/wire/addresses.ts';

it('a probe takes a local address of its own, always the same one for an interface', () => {
  expect(probeMac('00:00:00:00:00:00')).toBe('42:00:00:00:00:00');
  expect(probeMac('52:54:00:12:34:56')).toBe('12:54:00:12:34:56');
  const mac = fc.uint8Array({ minLength: 6, maxLength: 6 }).map(formatMac);
  fc.assert(
    fc.property(mac, (own) => {
      const first = Number.parseInt(probeMac(own).slice(0, 2), 16);
      expect(probeMac(own)).not.toBe(own);
      expect(first & 0b11).toBe(0b10);
    }),
    { seed: 1, numRuns: 300 },
  );
});
