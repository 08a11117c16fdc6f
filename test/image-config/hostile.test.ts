import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseImageConfig } from '../../src/image-config/parse.ts';
import { parseReferenceSavedConfig } from '../../src/image-config/reference-saved.ts';
import { parseSavedConfig } from '../../src/image-config/saved.ts';
import { complaint } from './complaint.ts';

function refusal(text: string | Uint8Array): string {
  return complaint(() => parseImageConfig(text, 'image.yaml'));
}

const million = 1_000_000;

/** Lists of lists of lists, each ten times the one before. */
function bomb(inner: string, around: (aliases: string) => string): string {
  const names = [...'abcdefghijklmno'];
  const lines = names.map((name, index) => {
    const aliases = Array.from({ length: 10 }, () => `*${names[index - 1]}`).join(', ');
    return `  ${name}: &${name} ${index === 0 ? inner : around(aliases)}`;
  });
  return ['os:', ...lines].join('\n');
}

describe('what would cost too much', () => {
  it.each([
    ['open brackets', '['.repeat(4 * million)],
    ['brackets that close', '['.repeat(49_000) + ']'.repeat(49_000)],
    ['braces', '{a: '.repeat(million)],
    ['dashes on one line', '- '.repeat(49_000)],
    ['question marks', '? '.repeat(49_000)],
    ['steps to the right', Array.from({ length: 2000 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join('')],
    ['keys', Array.from({ length: 300_000 }, (_, index) => `k${index}: 1\n`).join('')],
    ['anchors', '&a '.repeat(million)],
    ['tags', '!a '.repeat(million)],
    ['a list that grows by aliases', bomb('[x]', (aliases) => `[${aliases}]`)],
    ['a section that grows by merges', bomb('{ x: 1 }', (aliases) => `{ <<: [${aliases}] }`)],
    ['one long content, many times', `os: &c "${'x'.repeat(million)}"\nscripts: [*c, *c, *c, *c, *c]`],
  ])('%s', (_, text) => {
    expect(refusal(text)).toMatch(/^IMAGE_YAML_TOO_COMPLEX: image\.yaml, line \d+, column \d+: /);
  });

  it('more than 4 MiB', () => {
    const text = `# ${'x'.repeat(4 * 1024 * 1024)}`;
    expect(refusal(text)).toContain('4194306 bytes, where 4194304 are read');
    expect(refusal(new TextEncoder().encode(text))).toContain('IMAGE_YAML_TOO_LARGE: image.yaml is too large');
  });
});

describe('what YAML allows and no configuration needs', () => {
  it.each([
    ['a key that is there twice', 'pxe: {}\niso: {}\npxe: {}', 'line 3, column 1: the key "pxe" is there twice'],
    ['a key of ours twice', 'os:\n  a: 1\n  a: 2', 'line 3, column 3: the key "a" is there twice'],
    ['a list as a key', '? [a]\n: x', 'line 1, column 3: a key must be a word'],
    ['an alias as a key', 'os: &a x\n*a : y', 'line 2, column 1: a key must be a word'],
    ['tags of somebody', 'pxe: !mine {}', 'the tag "!mine" means nothing here'],
    ['binary contents', 'pxe: { additionalFiles: [{ destination: a, content: !!binary aGk= }] }', 'the tag "!!binary"'],
    ['an alias of nothing', 'pxe: *p', 'line 1, column 6: "*p" repeats an anchor that is not there'],
    ['an alias inside of itself', 'os: &a [*a]', 'line 1, column 9: "*a" is inside of what it repeats'],
    ['a merge of text', 'pxe: { <<: x }', 'line 1, column 12: "<<" takes sections only'],
    ['two documents', 'pxe: {}\n---\niso: {}', 'line 2, column 1: a second document begins here'],
    ['a control character', 'pxe: {}\n\u0007', 'line 2, column 1: a control character'],
    ['half of a character', 'os: "\\ud800"', 'line 1, column 5: half of a character'],
    ['an open bracket', 'pxe: {', 'line 1, column 7: '],
    ['a tab', 'pxe:\n\tinitramfsType: x', 'line 2, column 1: Tabs are not allowed as indentation'],
  ])('%s', (_, text, problem) => {
    expect(refusal(text)).toMatch(/^IMAGE_YAML_NOT_YAML: image\.yaml, /);
    expect(refusal(text)).toContain(problem);
  });

  it('bytes that are no UTF-8, with their place', () => {
    expect(refusal(Uint8Array.of(0x23, 0x0a, 0x23, 0xc3, 0xa9, 0xff))).toContain(
      'IMAGE_YAML_NOT_UTF8: image.yaml, line 2, column 3: this is no UTF-8 text',
    );
    expect(refusal(new Uint8Array([0xff, 0xfe, 0x61, 0x00]))).toContain('line 1, column 1');
  });
});

const fragments = [
  ...['pxe', 'iso', 'os', 'output', 'image', 'format', 'additionalFiles', 'destination', 'source', 'content'],
  ...['permissions', 'kernelCommandLine', 'extraCommandLine', 'initramfsType', 'bootstrapFileUrl', 'liveRoot'],
  ...[': ', ':', '\n', '\n  ', '\n    ', '- ', '[', ']', '{', '}', ', ', '"', "'", '&a ', '*a', '<<: ', '!!str ', '? '],
  ...[
    '#',
    '|',
    '>',
    '%YAML 1.1',
    '---',
    '~',
    'null',
    '0o7',
    '644',
    'http://a/b.iso',
    '__proto__',
    '\\',
    '\u{85}',
    '\u{feff}',
  ],
];

const nearlyYaml = fc.array(fc.constantFrom(...fragments), { maxLength: 40 }).map((parts) => parts.join(''));

it('whatever the text is, nobody meets an error without a code', () => {
  for (const parse of [parseImageConfig, parseSavedConfig, parseReferenceSavedConfig]) {
    fc.assert(
      fc.property(fc.oneof(nearlyYaml, fc.string({ unit: 'binary' }), fc.uint8Array({ maxLength: 60 })), (text) => {
        complaint(() => parse(text, 'image.yaml'));
      }),
      { seed: 5, numRuns: 1500 },
    );
  }
});
