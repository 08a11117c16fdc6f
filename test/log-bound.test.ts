import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { BootEvent } from '../src/boot/timeline.ts';
import { bootLog } from '../src/log.ts';
import { SimulatedClock } from './support/simulated-clock.ts';

const missing: BootEvent = { step: 'missing', protocol: 'http', address: '10.0.0.9', path: '/x' };
const full: BootEvent = { step: 'not-answered', mac: '52:54:00:00:00:01', reason: 'others are waiting' };

function keptLog(level = 'debug') {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level, base: null, timestamp: false }, { write: (line) => lines.push(JSON.parse(line)) });
  const clock = new SimulatedClock();
  const { report, close } = bootLog(log, clock, () => undefined);
  const wait = (ms: number) => clock.run(new Promise<void>((resolve) => void clock.after(ms, resolve)));
  return { lines, report, close, wait };
}

describe('a flood of one kind of event', () => {
  it('writes a thousand lines, then ten a second, and every ten seconds how many were left out', async () => {
    const { lines, report, wait } = keptLog();
    for (let count = 0; count < 5000; count += 1) report(full);
    expect(lines).toHaveLength(1000);
    await wait(9000);
    for (let count = 0; count < 500; count += 1) report(full);
    expect(lines).toHaveLength(1090);
    await wait(1100);
    expect(lines.at(-1)).toEqual({
      level: 40,
      step: 'left-out',
      leftOut: 4410,
      msg: '4410 more lines as this one were left out: 52:54:00:00:00:01 got no full answer: others are waiting',
    });
    await wait(60_000);
    expect(lines).toHaveLength(1091);
  });

  it('keeps no other kind from the log', () => {
    const { lines, report } = keptLog();
    for (let count = 0; count < 5000; count += 1) report(full);
    report(missing);
    expect(lines.at(-1)).toMatchObject({ step: 'missing' });
  });

  it('says what it left out also when the server stops', () => {
    const { lines, report, close } = keptLog();
    for (let count = 0; count < 1001; count += 1) report(full);
    close();
    close();
    expect(lines.filter(({ step }) => step === 'left-out')).toMatchObject([{ leftOut: 1 }]);
  });

  it('counts nothing that nobody wanted to read', async () => {
    const { lines, report, wait } = keptLog('info');
    for (let count = 0; count < 50_000; count += 1) report(missing);
    await wait(20_000);
    expect(lines).toEqual([]);
  });
});

it('a thousand machines that boot within a minute have all their lines', () => {
  const { lines, report } = keptLog();
  const got = { sizeBytes: 1, sentBytes: 1, durationMs: 1, outcome: 'complete', path: '/x' } as const;
  for (let nth = 0; nth < 20_000; nth += 1) report({ step: 'served', protocol: 'http', address: '10.0.0.9', ...got });
  expect(lines).toHaveLength(20_000);
});
