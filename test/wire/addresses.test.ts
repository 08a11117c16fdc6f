import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatIpv4, formatMac, parseIpv4, parseMac } from '../../src/wire/addresses.ts';

const runs = { numRuns: 300, seed: 1 };

it('every IPv4 address is the same after writing and reading it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (value) => {
      expect(parseIpv4(formatIpv4(value))).toBe(value);
    }),
    runs,
  );
  expect(formatIpv4(0xffff_fffe)).toBe('255.255.255.254');
  expect(parseIpv4('10.0.0.1')).toBe(0x0a00_0001);
});

it('every MAC address is the same after writing and reading it, with colons or dashes, in either case', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), (bytes) => {
      const text = formatMac(bytes);
      expect(text).toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
      expect(parseMac(text)).toEqual(bytes);
      expect(parseMac(text.toUpperCase().replaceAll(':', '-'))).toEqual(bytes);
    }),
    runs,
  );
});

it.each(['', '10.0.0', '10.0.0.0.1', '10.0.0.256', '10.0.0.-1', ' 10.0.0.1', '10.0.0.1\n', '0x0a.0.0.1', '١٠.0.0.1'])(
  '%j is no IPv4 address',
  (text) => {
    expect(parseIpv4(text)).toBeUndefined();
  },
);

it.each(['', '52:54:00:12:34', '52:54:00:12:34:56:78', '525400123456', '52:54:00:12:34:5g', '52:54:00:12:34:56\n'])(
  '%j is no MAC address',
  (text) => {
    expect(parseMac(text)).toBeUndefined();
  },
);
