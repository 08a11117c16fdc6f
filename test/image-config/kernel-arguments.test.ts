import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseImageConfig } from '../../src/image-config/parse.ts';
import { quoteWord, splitWords } from '../../src/image-config/words.ts';
import { complaint } from './complaint.ts';

function configText(value: unknown): string {
  return JSON.stringify({ pxe: { kernelCommandLine: { extraCommandLine: value } } });
}

function words(value: unknown): readonly string[] | undefined {
  return parseImageConfig(configText(value), 'image.yaml').config.pxe?.kernelArguments;
}

function refusal(value: unknown): string {
  return complaint(() => words(value));
}

describe('a list of arguments', () => {
  it.each([
    [
      ['quiet', 'console=ttyS0'],
      ['quiet', 'console=ttyS0'],
    ],
    [['console=tty0 console=ttyS0'], ['console=tty0', 'console=ttyS0']],
    [['  quiet\t'], ['quiet']],
    [['ds=nocloud;s=http://10.0.0.1/'], ['ds=nocloud;s=http://10.0.0.1/']],
    [["'ds=nocloud;s=file://run/x'"], ['ds=nocloud;s=file://run/x']],
    [['dyndbg="file drivers/usb/* +p" quiet'], ['dyndbg=file drivers/usb/* +p', 'quiet']],
    [
      ['a=$b', 'unit=dev-disk\\x2dby.mount'],
      ['a=$b', 'unit=dev-disk\\x2dby.mount'],
    ],
    [
      ['quiet', 'quiet'],
      ['quiet', 'quiet'],
    ],
  ])('%j holds %j', (value, expected) => expect(words(value)).toEqual(expected));

  it.each([
    [['a="b'], 'invalid double-quoted string: missing closing double-quotes'],
    [["it's"], 'invalid single-quoted string: missing closing single-quote'],
    [['quiet', '  '], 'kernel argument cannot be empty at index 1'],
    [["''"], 'kernel argument cannot be empty at index 0'],
    [[null], 'kernel argument cannot be empty at index 0'],
    [['"a\nb"'], 'a kernel argument holds a control character'],
  ])('%j is refused', (value, reason) => expect(refusal(value)).toContain(`invalid kernelCommandLine: ${reason}`));
});

describe('one text with all arguments, as in older files', () => {
  it.each([
    ['rd.info', ['rd.info']],
    ['rd.info console=ttyS0', ['rd.info', 'console=ttyS0']],
    ["'ds=nocloud;s=x' quiet", ['ds=nocloud;s=x', 'quiet']],
    ['a="b c" d=\\"e', ['a=b c', 'd="e']],
    ['"a\\"b\\\\c\\d"', ['a"b\\c\\d']],
    ['a\\ b', ['a b']],
  ])('%j holds %j', (value, expected) => expect(words(value)).toEqual(expected));

  it('may be empty', () => expect(words('')).toBeUndefined());

  it.each([
    ['a=$b', 'the extraCommandLine value contains invalid characters'],
    ['a=`b`', 'the extraCommandLine value contains invalid characters'],
    ['a="b', 'invalid double-quoted string: missing closing double-quotes'],
    ["a='b", 'invalid single-quoted string: missing closing single-quote'],
    ['a\\', "missing escaped character. '\\' must be followed by a character"],
  ])('%j is refused', (value, reason) => expect(refusal(value)).toContain(`invalid kernelCommandLine: ${reason}`));
});

it('whatever a word holds, it is read back from how it is written', () => {
  const someWord = fc.string({ unit: fc.constantFrom('a', '=', '"', "'", ' ', '\\', '$', 'é'), minLength: 1 });
  fc.assert(
    fc.property(fc.array(someWord, { maxLength: 5 }), (list) => {
      expect(splitWords(list.map((word) => quoteWord(word)).join(' '), { escapes: false })).toEqual(list);
    }),
    { seed: 1, numRuns: 500 },
  );
});
