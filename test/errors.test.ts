import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BootwrightError, errorAreas, hasCode } from '../src/errors.ts';

const folder = join(import.meta.dirname, '..');
const page = join(folder, 'docs/reference/errors.md');

const exitStatuses = [
  [0, 'It worked.'],
  [1, 'A fault of Bootwright itself; please report it.'],
  [2, 'The command line or the configuration is wrong.'],
  [3, 'The image that was given cannot be used.'],
  [4, 'The output cannot be written.'],
  [5, 'This machine does not allow what was asked: a port, a permission, an interface.'],
  [6, 'A machine would not boot.'],
  [130, 'Somebody stopped it (Ctrl-C or SIGTERM) before it was done. A server that is stopped in order ends with 0.'],
] as const;

interface Row {
  readonly exit: number;
  readonly severity?: 'warning';
  readonly problem: string;
  readonly remedy: string;
}

const areas = Object.entries(errorAreas).map(([area, rows]) => [area, Object.entries<Row>(rows)] as const);
const rows = areas.flatMap(([, rowsOfArea]) => rowsOfArea);

/** `{name}` as a word that stands for something, and nothing that Markdown would take for its own. */
function cell(text: string): string {
  return text
    .replaceAll('|', '\\|')
    .replaceAll('<', '&lt;')
    .replaceAll('*', '\\*')
    .replace(/\{(\w+)\}/g, '*$1*');
}

function render(): string {
  const parts = areas.map(([area, rowsOfArea]) => {
    const lines = rowsOfArea.map(
      ([code, { exit, severity, problem, remedy }]) =>
        `| \`${code}\` | ${severity === 'warning' ? '0 \\*' : exit} | ${cell(problem)} | ${cell(remedy)} |`,
    );
    return `## ${area}\n\n| Code | Exit | What is wrong | What to do |\n|---|---|---|---|\n${lines.join('\n')}\n`;
  });
  const statuses = exitStatuses.map(([status, meaning]) => `| ${status} | ${meaning} |`);
  return [
    '# Errors\n',
    'Every error has a code, which never changes its meaning; what is wrong, with the values that caused it; and what to do.',
    'Commands print all three on standard error; with `--json` they print one object on standard output:',
    '`{"event":"failed","error":{"code","message","remedy","data"}}`. In the log of the server an error has the same fields.\n',
    'Those with 0 \\* are warnings: they end nothing, but with `--strict` the exit status is 3.\n',
    'This page is made of the tables in [src/errors/](../../src/errors): `UPDATE=1 npx vitest run test/errors.test.ts`.\n',
    '## Exit status\n',
    '| Status | Meaning |\n|---|---|',
    ...statuses,
    '',
    ...parts,
  ].join('\n');
}

describe('docs/reference/errors.md', () => {
  it('lists every error as it is, and no other', () => {
    if (process.env['UPDATE'] === '1') writeFileSync(page, render());
    expect(readFileSync(page, 'utf8'), 'UPDATE=1 npx vitest run test/errors.test.ts makes it anew').toBe(render());
  });

  it('explains every exit status', () => {
    const known = new Set<number>(exitStatuses.map(([status]) => status));
    expect(rows.filter(([, { exit }]) => !known.has(exit))).toEqual([]);
  });

  it('has no code that nothing ever says', () => {
    const sources = readdirSync(join(folder, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.startsWith('errors/'))
      .map((path) => readFileSync(join(folder, 'src', path), 'utf8'))
      .join('\n');
    expect(rows.filter(([code]) => !sources.includes(`'${code}'`)).map(([code]) => code)).toEqual([]);
  });

  it('no code is in two areas', () => {
    expect(new Set(rows.map(([code]) => code)).size).toBe(rows.length);
  });
});

describe('the words of an error', () => {
  it.each(rows)('%s: a problem to continue a line with, and a sentence that helps', (_, { problem, remedy }) => {
    expect(problem).toMatch(/^[^A-Z].*[^.]$|^(GRUB|DHCP|TFTP|HTTP|TCP|UDP)\b.*[^.]$/s);
    expect(remedy).toMatch(/^[A-Z{"`].*\.$/s);
  });

  it('the values are filled in, also where they look like names themselves', () => {
    const error = new BootwrightError('RELEASE_NOT_FOUND', { id: '{root}', root: '/srv/$&' });
    expect(error.message).toBe('there is no release "{root}" in /srv/$&');
    expect([error.code, error.exitStatus, error.remedy]).toEqual([
      'RELEASE_NOT_FOUND',
      2,
      'Look at "bootwright releases".',
    ]);
    expect(hasCode(error, 'RELEASE_NOT_FOUND')).toBe(true);
    expect(hasCode(error, 'ROOT_IN_USE')).toBe(false);
    expect(hasCode(new Error('RELEASE_NOT_FOUND'), 'RELEASE_NOT_FOUND')).toBe(false);
  });

  it('what an image calls its files commands no terminal, and is one line', () => {
    const error = new BootwrightError('RELEASE_NOT_FOUND', { id: 'a\n\x1b[2J\u202eb', root: 'é 😀' });
    expect(error.message).toBe('there is no release "a\\u{a}\\u{1b}[2J\\u{202e}b" in é 😀');
    expect(error.data['id']).toBe('a\n\x1b[2J\u202eb');
  });
});
