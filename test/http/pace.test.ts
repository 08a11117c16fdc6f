import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Pace } from '../../src/http/pace.ts';

it('bytes are spread evenly, in the order in which they were asked for', () => {
  const pace = new Pace(1000);
  expect([100, 100, 100, 100].map((bytes) => pace.reserve(bytes, 50_000))).toEqual([0, 0, 100, 200]);
  expect(pace.reserve(100, 51_000)).toBe(0);
});

it('what could not wait is made up for, but nobody waits for more than a second of it', () => {
  const pace = new Pace(1000);
  pace.charge(300, 0);
  expect(pace.reserve(1, 0)).toBe(200);
  pace.charge(1_000_000, 0);
  expect(pace.reserve(1, 0)).toBe(1000);
});

it('over any time, no more is sent than the limit says, and a burst', () => {
  const request = fc.record({ pauseMs: fc.nat({ max: 300 }), bytes: fc.integer({ min: 1, max: 20_000 }) });
  fc.assert(
    fc.property(fc.array(request, { maxLength: 60 }), fc.integer({ min: 1000, max: 1_000_000 }), (requests, rate) => {
      const pace = new Pace(rate);
      let nowMs = 0;
      const sent = requests.map(({ pauseMs, bytes }) => {
        nowMs += pauseMs;
        return { atMs: nowMs + pace.reserve(bytes, nowMs), bytes };
      });
      for (const [first, { atMs: fromMs }] of sent.entries()) {
        let total = 0;
        for (const { atMs, bytes } of sent.slice(first)) {
          expect(atMs).toBeGreaterThanOrEqual(fromMs - 1e-6);
          // What is sent last is on its way from then on.
          expect(total).toBeLessThanOrEqual((rate * (atMs - fromMs + 100)) / 1000 + 1e-6 * rate);
          total += bytes;
        }
      }
    }),
    { numRuns: 200, seed: 1 },
  );
});
