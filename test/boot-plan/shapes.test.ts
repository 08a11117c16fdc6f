import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Shape } from '../../src/boot/firmware.ts';
import { ShapeBook } from '../../src/boot/shapes.ts';

const shapes: readonly Shape[] = ['direct', 'plain', 'binl', 'menu'];
const second = 1000;
const minute = 60 * second;

/** A machine that asks; the clock goes on by itself. */
function machine(book: ShapeBook, mac = '52:54:00:00:00:01') {
  let nowMs = 0;
  const asker = (transaction: number) => ({ mac, firmware: 'bios', transaction }) as const;
  return {
    discover(afterMs = 4 * second, transaction = 1) {
      nowMs += afterMs;
      return book.shapeFor(asker(transaction), shapes, nowMs, true);
    },
    request: (transaction = 1) => book.shapeFor(asker(transaction), shapes, nowMs, false).shape,
    transfer(afterMs = second) {
      nowMs += afterMs;
      return book.transferred(mac, nowMs);
    },
  };
}

describe('a machine that fetches nothing', () => {
  it('gets the next shape with its third DISCOVER, in a circle, and the log can say so', () => {
    const { discover } = machine(new ShapeBook([]));
    const given = Array.from({ length: 9 }, () => discover());
    expect(given.map(({ shape }) => shape).join(' ')).toBe('direct direct plain plain binl binl menu menu direct');
    expect(given[2]?.changed).toEqual({ from: 'direct', discovers: 2 });
    expect(given.filter(({ changed }) => changed !== undefined)).toHaveLength(4);
  });

  it('gets the next shape also where the clock was set back, and its xid is always the same', () => {
    const { discover } = machine(new ShapeBook([]));
    discover();
    const given = [discover(-365 * 24 * 60 * minute), discover(), discover(), discover()];
    expect(given.map(({ shape }) => shape)).toEqual(['direct', 'direct', 'plain', 'plain']);
  });

  it('gets for its REQUEST what its DISCOVER got', () => {
    const { discover, request } = machine(new ShapeBook([]));
    for (let round = 0; round < 9; round += 1) expect(discover().shape).toBe(request());
  });

  it('is not hurried on by copies of one message', () => {
    const { discover } = machine(new ShapeBook([]));
    const given = Array.from({ length: 9 }, () => discover(100));
    expect(new Set(given.map(({ shape }) => shape))).toEqual(new Set(['direct']));
  });

  it('is hurried on by boots that follow each other at once, with another xid each', () => {
    const { discover } = machine(new ShapeBook([]));
    expect([1, 2, 3].map((xid) => discover(100, xid).shape)).toEqual(['direct', 'direct', 'plain']);
  });

  it('is not taken for one that failed, where it last asked the day before', () => {
    const { discover } = machine(new ShapeBook([]));
    const given = Array.from({ length: 9 }, (_, day) => discover(24 * 60 * minute, day));
    expect(new Set(given.map(({ shape }) => shape))).toEqual(new Set(['direct']));
  });

  it('keeps the only shape that there is', () => {
    const book = new ShapeBook([]);
    const asker = { mac: 'a', firmware: 'http-x64', transaction: 1 } as const;
    for (let at = 0; at < 9; at += 1) {
      expect(book.shapeFor(asker, ['direct'], at * minute, true)).toEqual({ shape: 'direct' });
    }
  });
});

describe('a machine that fetches something', () => {
  it('starts from there with the same shape, boot after boot', () => {
    const { discover, transfer } = machine(new ShapeBook([]));
    for (let boot = 0; boot < 9; boot += 1) {
      expect(discover(10 * minute, boot).shape).toBe('direct');
      transfer();
    }
  });

  it('is news where it is not the shape that everybody gets first, once', () => {
    const { discover, transfer } = machine(new ShapeBook([]));
    discover();
    expect(transfer()).toBeUndefined();
    for (let at = 0; at < 5; at += 1) discover();
    expect(transfer()).toMatchObject({ shape: 'plain', worked: true });
    expect(transfer()).toBeUndefined();
  });

  it('is remembered across a restart, and given up later: with its fifth DISCOVER', () => {
    const before = new ShapeBook([]);
    const { discover, transfer } = machine(before);
    for (let at = 0; at < 3; at += 1) discover();
    transfer();
    const known = before.takeUnsaved();
    expect(known).toMatchObject([{ shape: 'plain', worked: true }]);
    const after = machine(new ShapeBook(known));
    const given = Array.from({ length: 5 }, () => after.discover());
    expect(given.map(({ shape }) => shape).join(' ')).toBe('plain plain plain plain binl');
    expect(given[4]?.changed).toEqual({ from: 'plain', discovers: 4 });
  });

  it('is forgotten on disk, once it works no longer', () => {
    const book = new ShapeBook([{ mac: 'a', firmware: 'bios', shape: 'binl', worked: true }]);
    const { discover } = machine(book, 'a');
    for (let at = 0; at < 5; at += 1) discover();
    expect(book.takeUnsaved()).toEqual([{ mac: 'a', firmware: 'bios', shape: 'binl', worked: false }]);
  });

  it('proves nothing where a live system fetches, hours later', () => {
    const { discover, transfer } = machine(new ShapeBook([]));
    for (let at = 0; at < 3; at += 1) discover();
    expect(transfer(3 * 60 * minute)).toBeUndefined();
    expect(machine(new ShapeBook([])).transfer()).toBeUndefined();
  });

  it('has proved the shape of whichever of its firmware asked last', () => {
    const book = new ShapeBook([]);
    const ask = (firmware: 'bios' | 'ipxe-bios', transaction: number) =>
      book.shapeFor({ mac: 'a', firmware, transaction }, shapes, transaction * minute, true);
    for (let at = 1; at < 4; at += 1) ask('bios', at);
    book.transferred('a', 3 * minute);
    ask('ipxe-bios', 4);
    book.transferred('a', 4 * minute);
    expect(book.takeUnsaved()).toEqual([
      { mac: 'a', firmware: 'bios', shape: 'plain', worked: true },
      { mac: 'a', firmware: 'ipxe-bios', shape: 'direct', worked: true },
    ]);
  });
});

it('a shape that is not to be tried any more is not given', () => {
  const book = new ShapeBook([{ mac: 'a', firmware: 'bios', shape: 'plain', worked: true }]);
  const given = book.shapeFor({ mac: 'a', firmware: 'bios', transaction: 1 }, ['direct', 'binl'], 0, true);
  expect(given).toEqual({ shape: 'direct' });
  expect(book.takeUnsaved()).toMatchObject([{ shape: 'plain', worked: false }]);
});

it('what could not be saved is saved the next time, but for what changed meanwhile', () => {
  const book = new ShapeBook([]);
  const some = machine(book, 'a');
  const other = machine(book, 'b');
  for (const each of [some, other]) {
    each.discover();
    each.transfer();
  }
  const failed = book.takeUnsaved();
  for (let at = 0; at < 5; at += 1) some.discover();
  expect(book.takeUnsaved()).toMatchObject([{ mac: 'a', worked: false }]);
  book.restoreUnsaved(failed);
  expect(book.takeUnsaved()).toMatchObject([{ mac: 'b', worked: true }]);
});

it('a flood of invented machines costs a bounded amount, and takes what is known away from the oldest', () => {
  const book = new ShapeBook([{ mac: 'old', firmware: 'bios', shape: 'menu', worked: true }], { mostMachines: 100 });
  for (let at = 0; at < 1000; at += 1) {
    book.shapeFor({ mac: `m${at}`, firmware: 'bios', transaction: at }, shapes, at, true);
  }
  expect(book.takeUnsaved()).toEqual([{ mac: 'old', firmware: 'bios', shape: 'menu', worked: false }]);
  expect(book.transferred('m899', 1000)).toBeUndefined();
});

it('whatever a machine does, it gets one of the shapes, and says of a change what was before', () => {
  const steps = fc.array(
    fc.record({
      mac: fc.constantFrom('a', 'b'),
      firmware: fc.constantFrom('bios', 'ipxe-bios'),
      transaction: fc.integer({ min: 1, max: 3 }),
      shapes: fc.uniqueArray(fc.constantFrom(...shapes), { minLength: 1 }),
      passedMs: fc.integer({ min: 0, max: 5000 }),
      what: fc.constantFrom('discover', 'request', 'transfer', 'save', 'fail'),
    }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(steps, (all) => {
      const book = new ShapeBook([], { mostMachines: 1 });
      let nowMs = 0;
      for (const { mac, firmware, transaction, shapes: some, passedMs, what } of all) {
        nowMs += passedMs;
        if (what === 'transfer') book.transferred(mac, nowMs);
        else if (what === 'save') book.takeUnsaved();
        else if (what === 'fail') book.restoreUnsaved(book.takeUnsaved());
        else {
          const asker = { mac, firmware, transaction } as const;
          const given = book.shapeFor(asker, some, nowMs, what === 'discover');
          expect(some).toContain(given.shape);
          expect(given.changed?.from).not.toBe(given.shape);
          expect(book.shapeFor(asker, some, nowMs, false)).toEqual({ shape: given.shape });
        }
      }
    }),
    { numRuns: 300, seed: 1 },
  );
});
