import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasCode } from '../../src/errors.ts';
import { quoted, quotedWithVariables } from '../../src/grub/quote.ts';
import { tokenize } from '../../src/grub/tokenize.ts';
import { Word } from '../../src/grub/word.ts';
import { describeWith } from '../support/programs.ts';
import { grubPrograms, runInGrub } from './grub-itself.ts';
import { staticWord } from './scripts.ts';

const words = (text: string) => tokenize(text).filter((token) => token.kind === 'word');

describe('a word', () => {
  it.each([
    [`a"b c"'d e'f\\ g`, 'ab cd ef g'],
    [`"it's \\"so\\" \\a \\\\ \\$5"`, `it's "so" \\a \\ $5`],
    [`'\\"$x'`, '\\"$x'],
    ['one\\\ntwo', 'onetwo'],
    ['a#b', 'a#b'],
    ['\\x41', 'x41'],
    ['$"Boot it"', 'Boot it'],
    ["'a\r\nb'", 'a\nb'],
    ["'a\n# dropped by GRUB\nb'", 'a\nb'],
  ])('%j is read as %j', (raw, value) => {
    expect(words(raw).map((word) => word.value)).toEqual([value]);
  });

  it('tells its variables apart from its text', () => {
    const [word] = words(`root=$dev"/a $\{b}c"'$d'`);
    expect(word?.value).toBeUndefined();
    expect(word?.parts.map((part) => (part.kind === 'variable' ? `$${part.name}` : part.value))).toEqual([
      'root=',
      '$dev',
      '/a ',
      '$b',
      'c',
      '$d',
    ]);
  });

  it('ends at braces and operators that are not quoted', () => {
    expect(words('a{b}c;d&e|f<g>h').map((word) => word.raw)).toEqual([...'abcdefgh']);
  });

  it('is followed by a comment only where a word could start', () => {
    expect(tokenize("a#b #it's\n#c").map((token) => token.kind)).toEqual([
      'word',
      'blank',
      'comment',
      'newline',
      'comment',
    ]);
  });

  it('without an end to its quotes is refused with its line', () => {
    expect(() => tokenize('a\nb\n c "d\n')).toThrow('line 3');
  });
});

describe('a value that is quoted', () => {
  const printable = fc.string({ unit: fc.constantFrom(...'ab/:=\'"\\$ {}&;#*?<>|~é!'), maxLength: 12 });

  it('is read back as it was', () => {
    fc.assert(
      fc.property(printable, (value) => {
        expect(words(`echo ${quoted(value)}`)[1]?.value).toBe(value);
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  it('keeps the variables that it shall keep', () => {
    expect(quotedWithVariables(`http://$net_default_server/a?b=$ &c=$\{d}"`)).toBe(
      `"http://$net_default_server/a?b=\\$ &c=$\{d}\\""`,
    );
  });

  it('can hold no line end', () => {
    let error: unknown;
    try {
      quoted('a\nb');
    } catch (thrown) {
      error = thrown;
    }
    expect(hasCode(error, 'GRUB_ARGUMENT_UNUSABLE')).toBe(true);
  });
});

describeWith({ programs: grubPrograms }, 'GRUB itself', () => {
  it('reads the words as we read them, and what we quote as it was', () => {
    const raws = fc.sample(staticWord, { numRuns: 400, seed: 2 });
    const checks = raws.map((raw, number) => {
      const value = new Word(raw, 0).value ?? '';
      const expected = value
        .split('\n')
        .map((line) => (line === '' ? "''" : `'${line.replaceAll("'", `'"'"'`)}'`))
        .join("'\n'");
      return `if [ ${raw} = ${expected} ]; then true; else echo "wrong: ${number}."; fi`;
    });
    checks.push(`if [ 'a\n# no part of it\nb' = 'a'"\nb" ]; then true; else echo "wrong: ${raws.length}."; fi`);
    raws.push('a line that GRUB drops');
    const printed = runInGrub(`${checks.join('\n')}\nif [ a = b ]; then true; else echo "the check works"; fi\nexit\n`);
    const wrong = [...printed.matchAll(/wrong: (\d+)\./g)].map(([, number]) => raws[Number(number)]);
    expect(wrong).toEqual([]);
    expect(printed).toContain('the check works');
    expect(printed).not.toContain('error');
  });
});
