/** A part of a file, in bytes; `end` is the last byte, as in HTTP. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Who asks for more pieces than this at once means no good: no boot loader and no download tool does. */
const mostRanges = 16;

/**
 * What a `Range` header asks of a file of `sizeBytes`: one range or several that neither overlap nor touch, in the order
 * in which they were asked for; `'unsatisfiable'`; or `undefined` for the whole file.
 *
 * RFC 9110 §14.2 lets a server ignore what is no list of ranges, or is too many of them; §15.3.7.2 lets it put together
 * what overlaps, so that an answer is never longer than the file, and leave out what lies beyond its end.
 */
export function parseRanges(header: string | undefined, sizeBytes: number): ByteRange[] | 'unsatisfiable' | undefined {
  const list = /^bytes=(.*)$/i.exec(header ?? '')?.[1];
  if (list === undefined || list.length > mostRanges * 40) return undefined;
  // Empty elements of a list count for nothing (RFC 9110 §5.6.1.2).
  const asked = list.split(',').flatMap((element) => element.trim() || []);
  if (asked.length === 0 || asked.length > mostRanges) return undefined;
  const ranges = asked.map((text) => parseRange(text, sizeBytes));
  if (ranges.includes(undefined)) return undefined;
  const there = ranges.filter((range) => typeof range === 'object');
  return there.length === 0 ? 'unsatisfiable' : joined(there);
}

/** `undefined`: it is no range. */
function parseRange(text: string, sizeBytes: number): ByteRange | 'unsatisfiable' | undefined {
  const [, first = '', last = ''] = /^(\d*)-(\d*)$/.exec(text) ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const count = Math.min(Number(last), sizeBytes);
    return count === 0 ? 'unsatisfiable' : { start: sizeBytes - count, end: sizeBytes - 1 };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= sizeBytes) return 'unsatisfiable';
  return { start, end: last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1) };
}

/** Ranges that overlap or touch become one, at the place of the first of them. */
function joined(ranges: readonly ByteRange[]): ByteRange[] {
  const apart: ByteRange[] = [];
  for (const range of ranges) {
    const touching = apart.filter(({ start, end }) => start <= range.end + 1 && range.start <= end + 1);
    const place = apart.findIndex((other) => touching.includes(other));
    const all = [...touching, range];
    const whole = { start: Math.min(...all.map(({ start }) => start)), end: Math.max(...all.map(({ end }) => end)) };
    const others = apart.filter((other) => !touching.includes(other));
    if (place === -1) apart.push(whole);
    else apart.splice(0, apart.length, ...others.slice(0, place), whole, ...others.slice(place));
  }
  return apart;
}
