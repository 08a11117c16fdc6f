import { expect, it } from 'vitest';
import { formatBytes, formatDuration } from '../src/format.ts';

it.each([
  [0, '0 bytes'],
  [1, '1 byte'],
  [1023, '1023 bytes'],
  [1024, '1.0 KiB'],
  [1024 ** 2 - 1, '1.0 MiB'],
  [258 * 1024 ** 2, '258.0 MiB'],
  [5.5 * 1024 ** 3, '5.5 GiB'],
  [3 * 1024 ** 5, '3072.0 TiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

it.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [999.7, '1.0 s'],
  [1500, '1.5 s'],
  [59_949, '59.9 s'],
  [59_990, '1 min 0 s'],
  [78_000, '1 min 18 s'],
  [119_800, '2 min 0 s'],
])('%d ms are %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
