import { describe, expect, it } from 'vitest';
import { RareRivals } from '../../src/boot/rare-rivals.ts';

const hour = 3_600_000;

describe('another server', () => {
  it('is reported once an hour, on each interface', () => {
    const rivals = new RareRivals();
    expect(rivals.isNews('eth0', '10.0.0.2', 0)).toBe(true);
    expect(rivals.isNews('eth0', '10.0.0.2', hour - 1)).toBe(false);
    expect(rivals.isNews('eth1', '10.0.0.2', hour - 1)).toBe(true);
    expect(rivals.isNews('eth0', '10.0.0.2', hour)).toBe(true);
  });

  it('is reported also after the clock was set back by a year', () => {
    const rivals = new RareRivals();
    rivals.isNews('eth0', '10.0.0.2', 365 * 24 * hour);
    expect(rivals.isNews('eth0', '10.0.0.2', 0)).toBe(true);
  });

  it('that a flood invents is reported 256 times an hour at most, and hides nobody afterwards', () => {
    const rivals = new RareRivals();
    const flood = (nowMs: number) =>
      Array.from({ length: 5000 }, (_, server) => rivals.isNews('eth0', `server ${server}`, nowMs)).filter(Boolean);
    expect(flood(0)).toHaveLength(256);
    expect(flood(hour / 2)).toHaveLength(0);
    expect(rivals.isNews('eth0', '10.0.0.2', hour)).toBe(true);
  });
});
