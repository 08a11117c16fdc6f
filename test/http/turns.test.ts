import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { sliceFor, Turns } from '../../src/http/turns.ts';

const mib = 1024 * 1024;

it('a turn of the event loop writes some MiB, however many want to, and all in their order', async () => {
  const turns = new Turns();
  const written: number[] = [];
  let mostInOneTurn = 0;
  const all = Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      await turns.take(mib);
      written.push(index);
    }),
  );
  let isDone = false;
  void all.then(() => {
    isDone = true;
  });
  for (let before = 0; !isDone; before = written.length) {
    await nextTurn();
    mostInOneTurn = Math.max(mostInOneTurn, written.length - before);
  }
  expect(written).toEqual(written.toSorted((one, other) => one - other));
  expect(written).toHaveLength(40);
  expect(mostInOneTurn).toBeLessThanOrEqual(4);
});

it('one that could write for ever lets others have their turn', async () => {
  const turns = new Turns();
  let count = 0;
  let isStopped = false;
  const writer = (async () => {
    while (!isStopped) {
      await turns.take(mib);
      count += 1;
    }
  })();
  // Never, if the writer went on from promise to promise.
  for (let turn = 0; turn < 10; turn += 1) await nextTurn();
  isStopped = true;
  await writer;
  expect(count).toBeGreaterThan(5);
  expect(count).toBeLessThan(60);
});

it('who comes later does not come before those who wait', async () => {
  const turns = new Turns();
  const order: string[] = [];
  const take = (name: string, bytes: number) => turns.take(bytes).then(() => order.push(name));
  const waiting = [take('first', 2 * mib), take('second', 2 * mib), take('small', 1)];
  await nextTurn();
  waiting.push(take('late', 1));
  await Promise.all(waiting);
  expect(order).toEqual(['first', 'second', 'small', 'late']);
});

it('whole blocks for few writers, less for many: what they have begun together stays bounded', () => {
  expect([0, 1, 32, 64, 128, 10_000].map((writers) => sliceFor(writers) / 1024)).toEqual([
    1024, 1024, 1024, 512, 256, 256,
  ]);
});
