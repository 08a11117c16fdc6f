import { join } from 'node:path';
import { execa } from 'execa';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { BootwrightError } from '../src/errors.ts';
import { bootLog, imageReportTo } from '../src/log.ts';
import { SimulatedClock } from './support/simulated-clock.ts';

/** A log of which every line is kept. */
function keptLog() {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'debug', base: null, timestamp: false }, { write: (line) => lines.push(JSON.parse(line)) });
  return { log, lines };
}

describe('a step of a boot', () => {
  it('names the machine where its address is known, and keeps every detail for programs', () => {
    const { log, lines } = keptLog();
    const { report } = bootLog(log, new SimulatedClock(), (address) =>
      address === '10.0.0.9' ? '52:54:00:00:00:01' : undefined,
    );
    report({ step: 'missing', protocol: 'http', address: '10.0.0.9', path: '/x' });
    report({ step: 'missing', protocol: 'http', address: '10.0.0.8', path: '/x' });
    expect(lines).toEqual([
      {
        level: 20,
        step: 'missing',
        protocol: 'http',
        address: '10.0.0.9',
        path: '/x',
        msg: '52:54:00:00:00:01 asked for x, which is not here (HTTP)',
      },
      expect.objectContaining({ msg: '10.0.0.8 asked for x, which is not here (HTTP)' }),
    ]);
  });
});

describe('an error', () => {
  it('has its code, its values and what to do', () => {
    const { log, lines } = keptLog();
    imageReportTo(log)({
      step: 'unusable',
      image: 'a.iso',
      error: new BootwrightError('ISO_NOT_ISO9660', { found: 'a letter' }),
    });
    expect(lines).toEqual([
      {
        level: 50,
        code: 'ISO_NOT_ISO9660',
        data: { found: 'a letter' },
        remedy: expect.stringMatching(/^[A-Z].*\.$/),
        msg: expect.stringMatching(/^a\.iso cannot be used: this is not an ISO9660 image: a letter\. [A-Z].*\.$/),
      },
    ]);
  });

  it('that nobody foresaw has its stack', () => {
    const { log, lines } = keptLog();
    imageReportTo(log)({ step: 'unusable', image: 'a.iso', error: new Error('oops') });
    expect(lines).toMatchObject([
      { level: 50, msg: 'a.iso cannot be used: oops', err: { stack: expect.stringContaining('log.test.ts') } },
    ]);
  });
});

it('an ISO: its beginning, each tenth, and how it ended', () => {
  const { log, lines } = keptLog();
  const report = imageReportTo(log);
  report({ step: 'building', image: 'a.iso', sizeBytes: 1024 });
  for (let doneBytes = 0; doneBytes <= 1000; doneBytes += 10) {
    report({ step: 'progress', image: 'a.iso', phase: 'copy', path: 'a.iso', doneBytes, totalBytes: 1000 });
  }
  report({ step: 'published', image: 'a.iso', releaseId: 'a-0', activated: false, durationMs: 1500 });
  report({ step: 'unusable', image: 'b.iso', error: new Error('it is empty') });
  const texts = lines.map(({ msg }) => msg);
  expect(texts).toHaveLength(1 + 11 + 2);
  expect([texts[0], texts[6], ...texts.slice(-2)]).toEqual([
    'building a.iso (1.0 KiB)',
    'building a.iso: 50 %',
    'published a-0 from a.iso in 1.5 s; not active yet: "bootwright activate a-0" makes it so',
    'b.iso cannot be used: it is empty',
  ]);
});

it.each([
  ['pretty', /^\[\d\d:\d\d:\d\d\] INFO: hello\n\[\d\d:\d\d:\d\d\] WARN: bye$/],
  ['json', /^\{"level":30,"time":"[^"]+Z","a":1,"msg":"hello"\}\n\{"level":40,.*"msg":"bye"\}$/],
  ['auto', /^\{"level":30,/],
])('%s: every line is out when the process ends', async (format, expected) => {
  const module = join(import.meta.dirname, '../src/log.ts');
  const script = `const { createLog } = await import(${JSON.stringify(module)});
    const log = createLog({ format: '${format}', level: 'info' });
    log.info({ a: 1 }, 'hello'); log.debug('unheard'); log.warn('bye'); process.exit(0);`;
  const { stdout } = await execa(process.execPath, ['--input-type=module', '-e', script]);
  expect(stdout).toMatch(expected);
});
