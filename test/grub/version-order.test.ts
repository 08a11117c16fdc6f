import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareVersions } from '../../src/grub/version-order.ts';

describe('versions are ordered as rpm orders them', () => {
  it.each([
    ['6.6.9', '6.6.10'],
    ['6.6.10', '6.6.10.1'],
    ['6.6.57.1-6.azl4.x86_64', '6.6.64.1-1.azl4.x86_64'],
    ['6.11.0-rc1', '6.11.0-1'],
    ['1.0~rc1', '1.0'],
    ['1.0~rc1', '1.0~rc2'],
    ['1.0~rc1~git1', '1.0~rc1'],
    ['1.0', '1.0^git1'],
    ['1.0^git1', '1.0.1'],
    ['1.0^git1~pre', '1.0^git1'],
    ['1.0a', '1.0.1'],
    ['1.0', '1.0a'],
    ['2a', '10a'],
    ['99999999999999999999', '100000000000000000000'],
    ['A', 'a'],
    ['', '0'],
    ['~', ''],
  ])('%s is older than %s', (older, newer) => {
    expect(compareVersions(older, newer)).toBe(-1);
    expect(compareVersions(newer, older)).toBe(1);
  });

  it.each([
    ['1.0', '1.0'],
    ['1.0', '1_0'],
    ['1.05', '1.5'],
    ['1.000', '1.0'],
    ['5.fc42', '5-fc42'],
    ['1.0é', '1.0'],
  ])('%s is as new as %s', (a, b) => {
    expect(compareVersions(a, b)).toBe(0);
    expect(compareVersions(b, a)).toBe(0);
  });

  it('is an order: no three versions lead round in a circle', () => {
    const version = fc.string({ unit: fc.constantFrom(...'019abZ.-~^_+'), maxLength: 8 });
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(compareVersions(a, a)).toBe(0);
        expect(compareVersions(a, b) + compareVersions(b, a)).toBe(0);
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) expect(compareVersions(a, c)).not.toBe(1);
        if (compareVersions(a, b) === 0) expect(compareVersions(a, c)).toBe(compareVersions(b, c));
      }),
      { numRuns: 5000, seed: 11 },
    );
  });
});
