import type { PoolRange } from '../dhcp/pool.ts';

/** `10.0.0.100-10.0.0.199, 10.0.1.0 - 10.0.1.9`; none of nothing. Addresses of either kind. */
export function readRanges(text: string | undefined): readonly PoolRange[] {
  if (text === undefined) return [];
  return text.split(',').map((range) => {
    const [first = '', last = ''] = range.split('-').map((part) => part.trim());
    return { first, last };
  });
}
