import { expect, it } from 'vitest';
import { whenQuiet } from '../../src/serve/quiet.ts';
import { SimulatedClock } from '../support/simulated-clock.ts';

async function timesOf(disturbancesMs: readonly number[], untilMs: number): Promise<number[]> {
  const clock = new SimulatedClock();
  const runs: number[] = [];
  const quiet = whenQuiet(clock, 100, () => runs.push(clock.elapsedMs()));
  for (const atMs of disturbancesMs) clock.after(atMs, quiet.disturb);
  await clock.run(new Promise<void>((resolve) => clock.after(untilMs, resolve)));
  quiet.close();
  return runs;
}

it.each([
  { what: 'nothing ever happens', disturbancesMs: [], runs: [] },
  { what: 'something happened once', disturbancesMs: [50], runs: [150] },
  { what: 'something goes on and on', disturbancesMs: [0, 60, 120, 180, 240], runs: [340] },
  { what: 'it is quiet in between', disturbancesMs: [0, 10, 500], runs: [110, 600] },
])('runs once in each quiet: $what', async ({ disturbancesMs, runs }) => {
  expect(await timesOf(disturbancesMs, 5000)).toEqual(runs);
});

it('runs no more once it is closed', async () => {
  expect(await timesOf([990], 1000)).toEqual([]);
});
