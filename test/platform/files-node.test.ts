import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openFile } from '../../src/platform/files-node.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bootwright-files-'));
  await writeFile(join(folder, 'file'), 'some bytes');
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('a file is read at any place, and short only at its end', async () => {
  const source = await openFile(join(folder, 'file'));
  expect(source.sizeBytes).toBe(10);
  const bytes = new Uint8Array(5);
  expect(await source.read(bytes, 5)).toBe(5);
  expect(Buffer.from(bytes).toString()).toBe('bytes');
  expect(await source.read(bytes, 8)).toBe(2);
  expect(await source.read(bytes, 100)).toBe(0);
  await source.close();
});

test.each([
  ['that is not there', 'nothing', 'FILE_NOT_FOUND'],
  ['below a file', 'file/below', 'FILE_NOT_FOUND'],
  ['that is a directory', '.', 'FILE_UNREADABLE'],
  ['of another kind', '/dev/null', 'FILE_UNREADABLE'],
])('a path %s is told so', async (_, path, code) => {
  const full = resolve(folder, path);
  await expect(openFile(full)).rejects.toMatchObject({ code, data: { path: full } });
});

test('reading a closed file is told so', async () => {
  const path = join(folder, 'file');
  const source = await openFile(path);
  await source.close();
  await expect(source.read(new Uint8Array(1), 0)).rejects.toMatchObject({ code: 'FILE_UNREADABLE', data: { path } });
});
