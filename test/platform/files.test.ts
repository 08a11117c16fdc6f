import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hasCode } from '../../src/errors.ts';
import { replaceFile } from '../../src/platform/durable.ts';
import { openFile } from '../../src/platform/files-node.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bootwright-files-'));
});
afterAll(() => rm(folder, { recursive: true }));

it('a file is read at any place; at its end less is read than asked for', async () => {
  await writeFile(join(folder, 'ten'), '0123456789');
  const source = await openFile(join(folder, 'ten'));
  const bytes = Buffer.alloc(4);
  expect(source.sizeBytes).toBe(10);
  expect([await source.read(bytes, 3), bytes.toString()]).toEqual([4, '3456']);
  expect([await source.read(bytes, 8), bytes.toString('latin1', 0, 2)]).toEqual([2, '89']);
  expect(await source.read(bytes, 10)).toBe(0);
  await truncate(join(folder, 'ten'), 5);
  expect(await source.read(bytes, 3)).toBe(2);
  await source.close();
});

it('what is not there, or is no file, is named and not waited for', async () => {
  await mkdir(join(folder, 'inner'));
  await execa('mkfifo', [join(folder, 'pipe')]);
  const codeOf = async (name: string) => {
    const error = await openFile(join(folder, name)).catch((reason: unknown) => reason);
    return ['FILE_NOT_FOUND', 'FILE_UNREADABLE'].find((code) => hasCode(error, code as 'FILE_NOT_FOUND'));
  };
  expect(await codeOf('none')).toBe('FILE_NOT_FOUND');
  expect(await codeOf('ten/none')).toBe('FILE_NOT_FOUND');
  expect(await codeOf('inner')).toBe('FILE_UNREADABLE');
  expect(await codeOf('pipe')).toBe('FILE_UNREADABLE');
});

it('a file is replaced as a whole, and nothing is left beside it', async () => {
  const own = await mkdtemp(join(folder, 'replace-'));
  await replaceFile(join(own, 'state'), 'one');
  await replaceFile(join(own, 'state'), 'two');
  expect(await readFile(join(own, 'state'), 'utf8')).toBe('two');
  await mkdir(join(own, 'folder'));
  await expect(replaceFile(join(own, 'folder'), 'x')).rejects.toThrow();
  expect((await readdir(own)).sort()).toEqual(['folder', 'state']);
});
