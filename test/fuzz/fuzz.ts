import { parseArgs } from 'node:util';
import { type FuzzResult, fuzz } from './run.ts';

// `npm run fuzz -- --minutes 20 --seed 7`: prints a line a minute, and what was found with its seed.

const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } });
const minutes = Number(values.minutes ?? 5);
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const startMs = performance.now();
let saidMs = startMs;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function tell({ episodes, inputs, answers, slowestMs, findings }: FuzzResult): void {
  const seconds = (performance.now() - startMs) / 1000;
  const speed = Math.round(inputs / seconds);
  const rss = Math.round(process.memoryUsage.rss() / 2 ** 20);
  say(
    `${Math.round(seconds)} s: ${episodes} episodes, ${inputs} messages (${speed}/s), ${answers} answers, ` +
      `slowest batch ${slowestMs.toFixed(1)} ms, ${rss} MiB, ${findings.length} findings`,
  );
}

for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error) => {
    say(`${event}: ${(error as Error).stack}`);
    process.exitCode = 1;
  });
}

say(`seed ${seed}, ${minutes} minutes`);
let shown = 0;
const result = await fuzz({
  seed,
  untilMs: startMs + minutes * 60_000,
  onEpisode(soFar) {
    for (const { seed: at, kind, what, last } of soFar.findings.slice(shown)) {
      say(`FOUND in ${kind}, again by --seed ${at}: ${what}\n  ${last.join('\n  ')}`);
    }
    shown = soFar.findings.length;
    if (performance.now() - saidMs < 60_000) return;
    saidMs = performance.now();
    tell(soFar);
  },
});
tell(result);
if (result.findings.length > 0) process.exitCode = 1;
