import { describe, expect, it } from 'vitest';
import { parseImageConfig } from '../../src/image-config/parse.ts';
import { complaint } from './complaint.ts';

function files(additionalFiles: unknown, section: 'iso' | 'pxe' = 'pxe') {
  return parseImageConfig(JSON.stringify({ [section]: { additionalFiles } }), 'image.yaml').config[section]
    ?.additionalFiles;
}

function refusal(additionalFiles: unknown): string {
  return complaint(() => files(additionalFiles));
}

describe('a list of files', () => {
  it('has sources, contents and permissions', () => {
    const list = [
      { destination: '/a.txt', source: 'files/a.txt' },
      { destination: 'b/c', content: 'é\n', permissions: '664' },
      { destination: '/empty', content: '' },
      { destination: '/d', source: '/abs/d', permissions: 644 },
    ];
    const expected = [
      { destination: 'a.txt', source: 'files/a.txt' },
      { destination: 'b/c', content: 'é\n', permissions: 0o664 },
      { destination: 'empty', content: '' },
      { destination: 'd', source: '/abs/d', permissions: 0o644 },
    ];
    expect(files(list)).toEqual(expected);
    expect(files(list, 'iso')).toEqual(expected);
  });

  it('has the later one where two have the same destination', () => {
    const list = [
      { destination: '/a', content: '1' },
      { destination: '/b', content: '2' },
      { destination: './a', content: '3' },
    ];
    expect(files(list)).toEqual([
      { destination: 'b', content: '2' },
      { destination: 'a', content: '3' },
    ]);
  });

  it.each([
    [{ source: 'a' }, 'destination path must not be empty'],
    [{ destination: '', source: 'a' }, 'destination path must not be empty'],
    [{ destination: '/a' }, "must specify either 'source' or 'content'"],
    [{ destination: '/a', content: null }, "must specify either 'source' or 'content'"],
    [{ destination: '/a', source: '' }, "must specify either 'source' or 'content'"],
    [{ destination: '/a', source: 'a', content: '' }, "cannot specify both 'source' and 'content'"],
  ])('%j is refused', (file, reason) => {
    const text = `IMAGE_YAML_BAD_FILE: image.yaml, line 1, column 28: invalid additionalFiles: invalid value at index 0: ${reason}`;
    expect(refusal([file])).toContain(text);
  });
});

describe('the form of older files: sources with their destinations', () => {
  it('has one destination, with permissions or not, or several', () => {
    const map = {
      'a.txt': '/a.txt',
      'b.sh': { path: '/b.sh', permissions: '755' },
      c: ['/c1', { path: '/c2' }],
    };
    expect(files(map)).toEqual([
      { destination: 'a.txt', source: 'a.txt' },
      { destination: 'b.sh', source: 'b.sh', permissions: 0o755 },
      { destination: 'c1', source: 'c' },
      { destination: 'c2', source: 'c' },
    ]);
  });

  it.each([
    [{ '': '/a' }, 'invalid source path: cannot be empty'],
    [{ a: [] }, 'invalid file configs for (a): list is empty'],
    [{ a: null }, 'invalid file configs for (a): list is empty'],
    [{ a: '' }, 'invalid file configs for (a): invalid fileConfig at index 0: invalid path value: empty string'],
    [{ a: [{ permissions: '644' }] }, 'invalid fileConfig at index 0: invalid path value: empty string'],
    [{ a: { path: '/a', mode: '644' } }, 'there is no setting "pxe.additionalFiles.mode"'],
  ])('%j is refused', (map, reason) => expect(refusal(map)).toContain(reason));
});

describe('permissions', () => {
  it.each([
    ['0', 0],
    ['644', 0o644],
    ['0644', 0o644],
    ['777', 0o777],
  ])('%s is octal', (permissions, expected) => {
    expect(files([{ destination: 'a', content: '', permissions }])).toMatchObject([{ permissions: expected }]);
  });

  it.each([
    ['1777', '0o1777 contains non-permission bits'],
    ['7000', '0o7000 contains non-permission bits'],
    ['648', 'failed to parse filePermissions: "648" is not octal'],
    ['', 'failed to parse filePermissions: "" is not octal'],
    ['0o644', 'failed to parse filePermissions: "0o644" is not octal'],
    ['-1', 'failed to parse filePermissions: "-1" is not octal'],
    ['rw-r--r--', 'failed to parse filePermissions: "rw-r--r--" is not octal'],
    ['7'.repeat(30), 'failed to parse filePermissions: "777777777777777777777777777777" is too large'],
  ])('%s is refused', (permissions, reason) => {
    expect(refusal([{ destination: 'a', content: '', permissions }])).toContain(`invalid permissions value: ${reason}`);
  });
});

describe('destinations', () => {
  it.each([
    ['/a', 'a'],
    ['//a/./b//c', 'a/b/c'],
    ['./a', 'a'],
    ['a b/é', 'a b/é'],
    ['..a/...', '..a/...'],
  ])('%s is %s in the output', (destination, expected) => {
    expect(files([{ destination, content: '' }])).toEqual([{ destination: expected, content: '' }]);
  });

  it.each([
    ['/', 'it names a folder, not a file'],
    ['a/', 'it names a folder, not a file'],
    ['a/.', 'it names a folder, not a file'],
    ['../a', 'it leads out of the output by ".."'],
    ['/a/../../b', 'it leads out of the output by ".."'],
    ['a/..', 'it leads out of the output by ".."'],
    ['a\0b', 'it holds a control character'],
    ['a\nb', 'it holds a control character'],
    ['é'.repeat(128), 'a name in it is longer than 255 bytes'],
    ['a/'.repeat(600).concat('b'), 'it is longer than 1024 bytes'],
  ])('%j is refused', (destination, reason) => {
    expect(refusal([{ destination, content: '' }])).toMatch(/^IMAGE_YAML_BAD_DESTINATION: .*nothing can be placed at/);
    expect(refusal([{ destination, content: '' }])).toContain(reason);
  });

  it('one is not a file and the folder of another', () => {
    const list = [
      { destination: 'x/a/b', content: '' },
      { destination: 'x/a', content: '' },
    ];
    expect(refusal(list)).toContain('nothing can be placed at "x/a/b": x/a is a file as well');
    expect(refusal(list.reverse())).toContain('nothing can be placed at "x/a/b": x/a is a file as well');
  });
});

it('a source with a NUL is refused', () => {
  expect(refusal([{ destination: 'a', source: 'b\0c' }])).toContain('a source path holds a NUL');
});
