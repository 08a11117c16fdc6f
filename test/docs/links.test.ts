import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execaSync } from 'execa';
import { expect, it } from 'vitest';

const top = join(import.meta.dirname, '../..');
const documents = execaSync('git', ['ls-files', '*.md'], { cwd: top }).stdout.split('\n');

/** Targets of `[text](target)` that are files of the project. */
function linksIn(document: string): string[] {
  const text = readFileSync(join(top, document), 'utf8');
  return [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
    .map((match) => match[1] as string)
    .filter((target) => !/^[a-z]+:/.test(target));
}

it.each(documents)('every link of %s leads somewhere', (document) => {
  const dead = linksIn(document).filter((target) => !existsSync(join(top, dirname(document), target)));
  expect(dead).toEqual([]);
});
