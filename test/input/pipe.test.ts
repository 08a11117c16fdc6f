import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { InputStream } from '../../src/input/spool.ts';
import { tinyLiveOs } from '../support/tiny-liveos.ts';
import { codeOf, isoBytes, newFolder, withImage } from './opened.ts';

const iso = tinyLiveOs();

function pieces(bytes: Uint8Array, sizeBytes = 10_000): InputStream {
  const count = Math.ceil(bytes.byteLength / sizeBytes);
  return Readable.from(Array.from({ length: count }, (_, at) => bytes.subarray(at * sizeBytes, (at + 1) * sizeBytes)));
}

test('an image comes through a pipe, packed or not', async () => {
  expect(Buffer.compare(await isoBytes('-', { stdin: pieces(iso) }), iso)).toBe(0);
  expect(Buffer.compare(await isoBytes('-', { stdin: pieces(gzipSync(iso)) }), iso)).toBe(0);
});

test('it is called image, or as one wishes', async () => {
  expect(await withImage('-', ({ name }) => name, { stdin: pieces(iso) })).toBe('image');
  expect(await withImage('-', ({ name }) => name, { stdin: pieces(iso), name: 'azl-3.0' })).toBe('azl-3.0');
});

test('its state does not change, since nobody can change it', async () => {
  await withImage('-', async ({ stateOf }) => expect(await stateOf()).toBe(await stateOf()), { stdin: pieces(iso) });
});

test('a real pipe works, too', async () => {
  const path = join(newFolder(), 'image.iso');
  writeFileSync(path, iso);
  const child = spawn('cat', [path], { stdio: ['ignore', 'pipe', 'ignore'] });
  expect(Buffer.compare(await isoBytes('-', { stdin: child.stdout }), iso)).toBe(0);
});

test('a terminal is asked for nothing', async () => {
  const terminal: InputStream = Object.assign(new PassThrough(), { isTTY: true });
  await expect(withImage('-', () => {}, { stdin: terminal })).rejects.toMatchObject({
    code: 'INPUT_TERMINAL',
    exitStatus: 2,
  });
});

test('a pipe with nothing in it is no image', async () => {
  expect(await codeOf('-', { stdin: pieces(new Uint8Array(0)) })).toBe('ISO_NOT_ISO9660');
});

test('a pipe that breaks is told by its reason', async () => {
  const broken = new Readable({ read: () => {} });
  broken.push(iso);
  setTimeout(() => broken.destroy(new Error('read EIO')), 50);
  await expect(withImage('-', () => {}, { stdin: broken })).rejects.toMatchObject({
    code: 'FILE_UNREADABLE',
    data: { path: 'standard input', reason: 'Error: read EIO' },
  });
});

test('waiting for a pipe can be ended', async () => {
  const silent = new PassThrough();
  const abort = new AbortController();
  const opening = withImage('-', () => {}, { stdin: silent, signal: abort.signal });
  setTimeout(() => abort.abort(new Error('enough')), 50);
  await expect(opening).rejects.toThrow('enough');
  expect(silent.destroyed).toBe(true);
});

test('a pipe without end is bounded, and closed', async () => {
  const endless = Readable.from(
    (function* () {
      for (;;) yield Buffer.alloc(10_000);
    })(),
  );
  expect(await codeOf('-', { stdin: endless, limits: { unpackedBytes: 1_000_000 } })).toBe('INPUT_TOO_LARGE');
  expect(endless.destroyed).toBe(true);
});
