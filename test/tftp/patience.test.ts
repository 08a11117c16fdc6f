import { describe, expect, it } from 'vitest';
import { newPatience, observe, observeRepeated, waitMs } from '../../src/tftp/patience.ts';

describe('an answer to what was sent more than once', () => {
  const used = observe(observe(newPatience(1), 20), 20);

  it('is one to the first try where it came faster than any other: the path takes longer than was thought', () => {
    expect(observeRepeated(used, 90, 3)).toEqual(observe(used, 90));
  });

  it('is one to the last try else: nothing was learned from the loss of the first', () => {
    expect(observeRepeated(used, 90, 20)).toEqual(observe(used, 20));
  });
});

describe('the wait for an answer', () => {
  it('grows with a path that is far slower than it seemed, until hardly anything goes out twice in vain', () => {
    const pathMs = 750;
    let patience = observe(newPatience(64), 1);
    for (let windows = 0; windows < 40; windows += 1) {
      let sentMs = 0;
      let retries = 0;
      for (; sentMs + waitMs(patience, retries) < pathMs; retries += 1) sentMs += waitMs(patience, retries);
      patience = retries === 0 ? observe(patience, pathMs) : observeRepeated(patience, pathMs, pathMs - sentMs);
    }
    expect(waitMs(patience, 0)).toBeGreaterThan(pathMs / 2);
  });

  it('is never longer than 8 seconds, nor than the client asked', () => {
    expect(waitMs(newPatience(1), 20)).toBe(8000);
    expect(waitMs(newPatience(1, 30_000), 20)).toBe(8000);
    expect(waitMs(newPatience(1, 2000), 20)).toBe(2000);
  });
});
