import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const top = join(import.meta.dirname, '../..');
const page = readFileSync(join(top, 'docs/reference/azure-image-customizer.md'), 'utf8');

/** The cells of every row below a head that ends in "Test". */
const rows = page.split('\n\n').flatMap((part) => {
  const [head = '', , ...lines] = part.trim().split('\n');
  return head.endsWith('| Test |') ? lines.map((line) => line.split(/(?<!\\)\|/).slice(1, -1)) : [];
});

const named = rows.flatMap(([what = '', , tests = '']) =>
  [...tests.matchAll(/\[([^\]]+)\]\(\.\.\/\.\.\/([^)]+)\): `([^`]+)`/g)].map(
    ([, shown = '', file = '', title = '']) => ({ what: what.trim(), shown, file, title }),
  ),
);

/** A title stands where a test or a group of tests begins, and nowhere else. */
function hasTest(source: string, title: string): boolean {
  const begin = String.raw`(?:\b(?:it|test|describe)(?:\.\w+)*(?:\([^\n]*\))?\(|\bdescribeWith\([^\n]*, |\]\)\(|^ *\)\()\s*`;
  const escaped = title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`${begin}(['"\`])${escaped}\\1,`, 'm').test(source);
}

describe('docs/reference/azure-image-customizer.md', () => {
  it('has three cells in each row, and a test in the last one', () => {
    expect(rows.length).toBeGreaterThan(50);
    const odd = rows.filter(([, , tests = '', ...more]) => more.length > 0 || !/^ \[.*`$/.test(tests.trimEnd()));
    expect(odd).toEqual([]);
    expect(rows.filter(([what = '']) => !named.some((test) => test.what === what.trim()))).toEqual([]);
  });

  it('shows the file that it links to', () => {
    expect(named.filter(({ shown, file }) => shown !== file)).toEqual([]);
  });

  it.each(named)('$file has: $title', ({ file, title }) => {
    expect(existsSync(join(top, file))).toBe(true);
    expect(hasTest(readFileSync(join(top, file), 'utf8'), title)).toBe(true);
  });
});
