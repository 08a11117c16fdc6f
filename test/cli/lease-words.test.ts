import { expect, it, vi } from 'vitest';
import { leaseRows } from '../../src/cli/lease-words.ts';
import { printTable } from '../../src/cli/print.ts';
import type { LeaseEntry } from '../../src/control/entries.ts';

const lease: LeaseEntry = {
  address: '10.0.0.7',
  machine: '52:54:00:00:00:07',
  hostName: 'seven',
  state: 'bound',
  untilMs: 3_600_000,
  network: 'office',
  isReserved: false,
};

function printed(leases: readonly LeaseEntry[], columns: number): string[] {
  const lines: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((line: string) => lines.push(line));
  printTable(leaseRows(leases, 0, columns));
  log.mockRestore();
  return lines;
}

it('a list that is longer than a call has room for is printed whole', () => {
  expect(printed(new Array(200_000).fill(lease), 80)).toHaveLength(200_001);
});

it('long names are cut where the terminal is narrow, and the rest stays readable', () => {
  const longest: LeaseEntry = {
    ...lease,
    address: '2001:db8:85a3:8d3:1319:8a2e:370:7348',
    machine: `duid:${'0123456789abcdef'.repeat(8)}`,
    hostName: 'a-name-that-somebody-thought-about.example.org',
    untilMs: 86_399_000,
  };
  const lines = printed([lease, longest], 80);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(88);
  expect(lines[1]).toMatch(/^10\.0\.0\.7 +52:54:00:00:00:07 +seven +bound +in 1 h$/);
  expect(lines[2]).toMatch(/^2001:db8:85a3:8d3:1319:8a2e:370:7348 {2}duid:0123456789a… {2}a-name-…/);
  expect(printed([longest], Number.POSITIVE_INFINITY)[1]).toContain('thought-about.example.org');
});
