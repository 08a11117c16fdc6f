import { expect, it } from 'vitest';
import { fuzz } from './run.ts';

const seconds = 60;

it('a minute of changed messages, floods, failing disks and jumping clocks: nothing throws, loops or grows', async () => {
  const { findings, inputs, answers } = await fuzz({ seed: 4, untilMs: performance.now() + seconds * 1000 });
  // The seed is enough to see it again, and its messages: npm run fuzz -- --seed …
  expect(findings.map(({ seed, kind, what }) => `${kind}, seed ${seed}: ${what}`)).toEqual([]);
  expect(inputs).toBeGreaterThan(1000);
  expect(answers).toBeGreaterThan(100);
}, 180_000);
