import { constants } from 'node:fs';
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CaptureFile } from '../../src/capture/capture-file.ts';
import { readCapture } from '../../src/capture/read.ts';
import { openFile } from '../../src/platform/files-node.ts';

const header = { application: 'test', interface: 'eth0' };
const packet = { timeNs: 1n, bytes: new Uint8Array(60), sizeBytes: 60 };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bootwright-capture-file-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('what came in just before the end is in the file, which nobody else may read', async () => {
  const path = join(folder, 'boot.pcapng');
  const file = new CaptureFile(path, header, (error) => expect.unreachable(String(error)));
  file.add(packet);
  file.close(2n, 1, 0);
  expect(((await stat(path)).mode & 0o777).toString(8)).toBe('600');
  await using source = { ...(await openFile(path)), [Symbol.asyncDispose]: () => source.close() };
  expect(await Array.fromAsync(readCapture(source, path))).toMatchObject([{ timeNs: 1n, sizeBytes: 60 }]);
});

/** A disk that takes the beginning and nothing more: a pipe whose reader goes. */
async function fillsUp() {
  const path = join(folder, 'pipe');
  await execa('mkfifo', [path]);
  const reader = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const failures: unknown[] = [];
  const file = new CaptureFile(path, header, (error) => failures.push(error));
  await reader.close();
  return { file, failures };
}

it('a file that takes no more is told at once, and once', async () => {
  const { file, failures } = await fillsUp();
  for (let round = 0; round < 3; round += 1) {
    file.add(packet);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(failures).toMatchObject([{ code: 'CAPTURE_UNWRITABLE', data: { reason: 'EPIPE' } }]);
});

it('a file that does not take what came in last is not said to be whole', async () => {
  const { file } = await fillsUp();
  file.add(packet);
  expect(() => file.close(2n, 1, 0)).toThrow(expect.objectContaining({ code: 'CAPTURE_UNWRITABLE' }));
});
