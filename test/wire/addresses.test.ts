import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatIpv4, formatIpv6, formatMac, parseIpv4, parseIpv6, parseMac } from '../../src/wire/addresses.ts';

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

it('every IPv6 address is the same after writing and reading it, and its text is canonical', () => {
  const group = fc.oneof(
    fc.constant([0, 0]),
    fc.uint8Array({ minLength: 2, maxLength: 2 }).map((bytes) => [...bytes]),
  );
  fc.assert(
    fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
      const bytes = Uint8Array.from(groups.flat());
      const text = formatIpv6(bytes);
      expect(parseIpv6(text)).toEqual(bytes);
      expect(parseIpv6(text.toUpperCase())).toEqual(bytes);
      // What a URL makes of it is the canonical text, too.
      expect(new URL(`http://[${text}]/`).hostname).toBe(`[${text}]`);
    }),
    runs,
  );
});

it.each([
  ['::', '::'],
  ['::1', '::1'],
  ['fd00:0:0:0::100', 'fd00::100'],
  ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ['::ffff:10.0.0.1', '::ffff:a00:1'],
  ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
])('%s is written %s', (text, canonical) => {
  expect(formatIpv6(parseIpv6(text) ?? new Uint8Array(16))).toBe(canonical);
});

it.each([
  ...['', ':', ':::', '1', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7:8::', '1::2::3', ':1:2:3:4:5:6:7'],
  ...['fd00::12345', 'fd00::g', 'fe80::1%eth0', ' ::1', '::1\n', '::10.0.0.256', '10.0.0.1', '::1.2.3', '::1.2.3.4.5'],
])('%j is no IPv6 address', (text) => {
  expect(parseIpv6(text)).toBeUndefined();
});
