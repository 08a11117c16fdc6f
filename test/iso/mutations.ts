import fc from 'fast-check';

/** One way to spoil an image. Places are fractions, so that they fit every image. */
export type Mutation =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'number'; readonly at: number; readonly value: number }
  | { readonly kind: 'zero'; readonly at: number }
  | { readonly kind: 'copy'; readonly at: number; readonly from: number }
  | { readonly kind: 'cut'; readonly at: number };

// Not fc.double, nearly all of whose values are close to 0.
const at = fc.integer({ min: 0, max: 999_999 }).map((value) => value / 1_000_000);
const value = fc.oneof(
  fc.integer({ min: 0, max: 64 }),
  fc.constantFrom(0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 2048, 0x10000),
  fc.integer({ min: 0, max: 0xffffffff }),
);

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('flip' as const), at, bit: fc.integer({ min: 0, max: 7 }) }) },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('number' as const), at, value }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('zero' as const), at }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('copy' as const), at, from: at }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const), at }) },
);

export const mutations = fc.array(mutation, { minLength: 1, maxLength: 3 });

const blockBytes = 2048;

/**
 * Spoils a copy of `bytes`. Places count within `offsets`, the parts that are worth it, where they are given: most of
 * an image is content, where nothing can go wrong.
 */
export function mutate(bytes: Uint8Array, list: readonly Mutation[], offsets?: readonly number[]): Uint8Array {
  let result = Uint8Array.from(bytes);
  const place = (fraction: number) => {
    if (offsets === undefined) return Math.floor(fraction * bytes.byteLength);
    return offsets[Math.floor(fraction * offsets.length)] ?? 0;
  };
  for (const each of list) {
    const start = place(each.at);
    const view = new DataView(result.buffer, 0, result.byteLength);
    if (each.kind === 'flip' && start < result.byteLength) view.setUint8(start, view.getUint8(start) ^ (1 << each.bit));
    if (each.kind === 'number' && start + 4 <= result.byteLength) view.setUint32(start, each.value, true);
    if (each.kind === 'zero') result.fill(0, start - (start % blockBytes), start - (start % blockBytes) + blockBytes);
    if (each.kind === 'copy') {
      const from = place(each.from);
      result.copyWithin(
        start - (start % blockBytes),
        from - (from % blockBytes),
        from - (from % blockBytes) + blockBytes,
      );
    }
    if (each.kind === 'cut') result = result.slice(0, start);
  }
  return result;
}

/** Where bytes that are not zero are: what an image is made of, leaving out its gaps. */
export function usedOffsets(bytes: Uint8Array, from = 0, to = bytes.byteLength): number[] {
  const offsets: number[] = [];
  for (let offset = from; offset < to; offset++) if (bytes[offset] !== 0) offsets.push(offset);
  return offsets;
}
