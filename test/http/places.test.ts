import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Places, slowBelow } from '../../src/http/places.ts';

interface Body {
  readonly machine: string;
  readonly name: string;
}

function body(machine: string, name = machine): Body {
  return { machine, name };
}

const names = (bodies: readonly Body[]) => bodies.map(({ name }) => name);

describe('who is sent at full speed', () => {
  it('the earliest, and the next one when one of them has ended', () => {
    const places = new Places<Body>({ maxTransfers: 2, maxPerMachine: 8 });
    const all = ['a', 'b', 'c', 'd'].map((machine) => body(machine));
    expect(all.map((one) => names(places.enter(one)))).toEqual([['a'], ['b'], [], []]);
    expect(names(places.leave(all[1] as Body))).toEqual(['c']);
    expect(all.map((one) => places.standing(one))).toEqual(['full', undefined, 'full', 'waiting']);
  });

  it('one machine has no more places than it may, and those behind it do not wait for it', () => {
    const places = new Places<Body>({ maxTransfers: 3, maxPerMachine: 1 });
    expect(names(places.enter(body('a', 'a1')))).toEqual(['a1']);
    expect(names(places.enter(body('a', 'a2')))).toEqual([]);
    expect(names(places.enter(body('b', 'b1')))).toEqual(['b1']);
  });

  it('machines take turns: many requests of one do not keep the others waiting', () => {
    const places = new Places<Body>({ maxTransfers: 1, maxPerMachine: 1 });
    const first = body('z');
    places.enter(first);
    for (const name of ['a1', 'a2', 'a3']) places.enter(body('a', name));
    for (const name of ['b1', 'b2']) places.enter(body('b', name));
    const order: string[] = [];
    for (let next: Body | undefined = first; next !== undefined; ) {
      [next] = places.leave(next);
      if (next !== undefined) order.push(next.name);
    }
    expect(order).toEqual(['a1', 'b1', 'a2', 'b2', 'a3']);
  });

  it('a machine that has begun goes on with its next files before those that have not', () => {
    const places = new Places<Body>({ maxTransfers: 1, maxPerMachine: 8 });
    const [kernel, other] = [body('a', 'kernel of a'), body('b', 'kernel of b')];
    places.enter(kernel);
    places.enter(other);
    const initrd = body('a', 'initrd of a');
    places.enter(initrd);
    expect(names(places.leave(kernel))).toEqual(['initrd of a']);
    // Between two files it asks for nothing, and somebody else has the place.
    expect(names(places.leave(initrd))).toEqual(['kernel of b']);
    for (const one of ['c', 'd']) places.enter(body(one));
    places.enter(body('a', 'image of a'));
    expect(names(places.leave(other))).toEqual(['image of a']);
  });

  it('a machine that asks on and on waits like the others after eight files', () => {
    const places = new Places<Body>({ maxTransfers: 1, maxPerMachine: 8 });
    const order: string[] = [];
    let [next] = places.enter(body('on', 'on 1'));
    for (let file = 2; next !== undefined && order.length < 10; file += 1) {
      order.push(next.name);
      places.enter(body('on', `on ${file}`));
      if (file === 2) places.enter(body('other'));
      [next] = places.leave(next);
    }
    expect(order).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((file) => `on ${file}`).concat('other', 'on 9'));
  });

  it('a machine that is forgotten begins anew, behind those that wait', () => {
    const places = new Places<Body>({ maxTransfers: 1, maxPerMachine: 8 });
    const [gone, other] = [body('gone'), body('other')];
    places.enter(gone);
    places.enter(other);
    places.leave(gone);
    places.forget('gone');
    for (const machine of ['third', 'gone']) places.enter(body(machine));
    expect(names(places.leave(other))).toEqual(['third']);
  });

  it('one that is slow makes room, and comes back in its turn when it is quick', () => {
    const places = new Places<Body>({ maxTransfers: 1, maxPerMachine: 8 });
    const [slow, other] = [body('slow'), body('other')];
    places.enter(slow);
    places.enter(other);
    expect(names(places.stepAside(slow))).toEqual(['other']);
    expect(places.standing(slow)).toBe('beside');
    expect(names(places.enter(slow))).toEqual([]);
    expect(places.standing(slow)).toBe('waiting');
    expect(names(places.leave(other))).toEqual(['slow']);
  });
});

describe('whatever comes and goes', () => {
  const step = fc.record({
    does: fc.constantFrom('enter', 'enter', 'leave', 'stepAside', 'again'),
    which: fc.nat(),
    machine: fc.constantFrom('a', 'b', 'c', 'd'),
  });

  it('never are more at full speed than may be, none waits who need not, and nothing stays of those who left', () => {
    const limits = { maxTransfers: fc.integer({ min: 1, max: 4 }), maxPerMachine: fc.integer({ min: 1, max: 4 }) };
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.record(limits), (steps, options) => {
        const places = new Places<Body>(options);
        const here: Body[] = [];
        const check = () => {
          const full = here.filter((one) => places.standing(one) === 'full');
          expect(full.length).toBeLessThanOrEqual(options.maxTransfers);
          expect(full.length).toBe(places.full);
          for (const machine of 'abcd') {
            const own = full.filter((one) => one.machine === machine).length;
            expect(own).toBeLessThanOrEqual(options.maxPerMachine);
            const waits = here.some((one) => one.machine === machine && places.standing(one) === 'waiting');
            if (waits) expect(own === options.maxPerMachine || full.length === options.maxTransfers).toBe(true);
          }
          expect(places.isAnyoneWaiting).toBe(here.some((one) => places.standing(one) === 'waiting'));
        };
        for (const { does, which, machine } of steps) {
          const one = here[which % Math.max(1, here.length)];
          if (does === 'enter') {
            const fresh = body(machine, String(which));
            here.push(fresh);
            places.enter(fresh);
          } else if (does === 'leave' && one !== undefined) {
            here.splice(here.indexOf(one), 1);
            places.leave(one);
          } else if (does === 'stepAside' && one !== undefined && places.standing(one) === 'full')
            places.stepAside(one);
          else if (does === 'again' && one !== undefined && places.standing(one) === 'beside') places.enter(one);
          check();
        }
        // Nobody starves: whoever waits has a place before all others have left.
        const waiting = new Set(here.filter((one) => places.standing(one) === 'waiting'));
        for (let left = here.length; left > 0; left -= 1) {
          const index = here.findIndex((one) => places.standing(one) !== 'waiting');
          expect(index).not.toBe(-1);
          for (const begun of places.leave(here.splice(index, 1)[0] as Body)) waiting.delete(begun);
        }
        expect(waiting.size).toBe(0);
        expect([places.full, places.isAnyoneWaiting]).toEqual([0, false]);
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});

it('who is slow is measured by the others, and on a slow network nobody is', () => {
  const mib = 1024 * 1024;
  expect(slowBelow([80 * mib, 80 * mib, 80 * mib, 0], 5000)).toBe(7.5 * mib);
  expect(slowBelow([100_000, 110_000, 120_000], 5000)).toBeLessThan(100_000);
  // All of them stuck: there is a least that everybody takes.
  expect(slowBelow([0, 0], 5000)).toBe(80 * 1024);
  expect(slowBelow([], 1000)).toBe(16 * 1024);
});
