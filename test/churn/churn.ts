import { parseArgs } from 'node:util';
import { inMiB, percentile } from './judge.ts';
import { churn } from './run.ts';

// `sudo npm run churn -- --minutes 10 --seed 7`: abuses a server, and says whether it is as it was before.

const { values } = parseArgs({
  options: { minutes: { type: 'string' }, seed: { type: 'string' }, only: { type: 'string' }, log: { type: 'string' } },
});
const minutes = Number(values.minutes ?? 10);
const seed = Number(values.seed ?? Date.now() % 2 ** 20);

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

say(`seed ${seed}, ${minutes} minutes`);
const { only = '', log } = values;
const result = await churn({ minutes, seed, only, ...(log === undefined ? {} : { keepLog: log }), say });
const { crowd, during, afterwards, before, after, wrong } = result;
say('\nvisits    sent  kind');
for (const [kind, { visits, sent, failed }] of Object.entries(crowd).sort()) {
  say(`${String(visits).padStart(6)} ${String(sent).padStart(7)}  ${kind}`);
  for (const failure of failed) say(`  a visitor failed: ${failure}`);
}
for (const [when, { tookMs }] of [
  ['healthy clients meanwhile', during],
  ['healthy clients afterwards', afterwards],
] as const) {
  say(`\n${when}: how many, median, p99, longest`);
  for (const [name, took] of Object.entries(tookMs)) {
    const shown = [0.5, 0.99, 1].map((share) => `${Math.round(percentile(took, share))} ms`.padStart(9));
    say(`${String(took.length).padStart(6)} ${shown.join('')}  ${name}`);
  }
}
say(`\nmemory once in 5 s, in MiB: ${result.memory.join(' ')}`);
say(
  `memory: ${inMiB(before.memoryBytes)} before, ${inMiB(result.warmBytes)} warm, ${inMiB(result.peakBytes)} at most, `,
);
say(`        ${inMiB(after.memoryBytes)} after ${result.quietSeconds} s of quiet`);
say(`descriptors: ${JSON.stringify(before.descriptors)} before, ${JSON.stringify(after.descriptors)} after`);
say(`threads: ${before.threads} before, ${after.threads} after`);
say(`busy when nobody asks: ${Math.round(result.idleMs)} ms a second; log: ${inMiB(result.logBytes)}`);
say(`lines of the log: ${JSON.stringify(result.logLines)}`);
for (const what of wrong) say(`WRONG: ${what}`);
say(wrong.length === 0 ? 'The server is as it was.' : `${wrong.length} things are wrong.`);
if (wrong.length > 0) process.exitCode = 1;
