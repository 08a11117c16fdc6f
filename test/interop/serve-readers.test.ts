import { readdir, readFile } from 'node:fs/promises';
import { get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { numberedBytes } from '../support/boot-file-in-memory.ts';
import { bootwright, makeFolders, type Serving, serve } from '../support/bootwright.ts';
import { freePort } from '../support/free-port.ts';
import { writeRelease } from '../support/small-release.ts';

const address = '127.0.0.1';
const iso = numberedBytes(50_000_000);

let folders: Awaited<ReturnType<typeof makeFolders>>;
let serving: Serving;
let port: number;

beforeAll(async () => {
  folders = await makeFolders();
  const { id } = await writeRelease(folders.root, 'live', { files: { 'live.iso': iso } });
  await bootwright(['activate', id, '--root', folders.root]);
  port = await freePort();
  serving = await serve(folders.folder, [
    '--address',
    address,
    '--http-port',
    `${port}`,
    '--tftp-port',
    `${await freePort()}`,
  ]);
});
afterAll(async () => {
  serving?.kill('SIGKILL');
  await serving?.ended;
  await folders?.remove();
});

async function openFiles(): Promise<number> {
  return (await readdir(`/proc/${serving.pid}/fd`)).length;
}

async function peakMiB(): Promise<number> {
  const status = await readFile(`/proc/${serving.pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

/** True where every byte that came is the one of its place. */
function isFetchedWhole(): Promise<boolean> {
  return new Promise((resolve, reject) => {
    get({ host: address, port, path: '/live.iso', agent: false }, (response) => {
      let position = 0;
      let isSame = true;
      response.on('data', (chunk: Buffer) => {
        isSame &&= chunk.equals(iso.subarray(position, position + chunk.length));
        position += chunk.length;
      });
      response.on('end', () => resolve(isSame && position === iso.length)).on('error', reject);
    }).on('error', reject);
  });
}

/** Asks for the ISO and never takes what comes. */
async function stuckReader(): Promise<Socket> {
  const socket = connect(port, address);
  socket.on('error', () => {}).pause();
  socket.write('GET /live.iso HTTP/1.1\r\nHost: x\r\n\r\n');
  return socket;
}

it('readers that stand still or vanish cost little memory, and their files are closed', async () => {
  const before = await openFiles();
  const readers = await Promise.all(Array.from({ length: 50 }, stuckReader));
  await expect.poll(openFiles, { timeout: 5000 }).toBe(before + 100);
  await sleep(300);
  expect(await peakMiB()).toBeLessThan(450);
  // Half of them say goodbye, the others are switched off.
  for (const [index, reader] of readers.entries()) {
    if (index % 2 === 0) reader.destroy();
    else reader.resetAndDestroy();
  }
  await expect.poll(openFiles, { timeout: 5000 }).toBe(before);
  const aborted = serving.lines.filter((line) => line.step === 'served' && line.outcome === 'aborted');
  expect(aborted).toHaveLength(50);
});

it('fifty readers at once get the whole file, and the server does not hold it fifty times', async () => {
  const before = await openFiles();
  const fetched = await Promise.all(Array.from({ length: 50 }, isFetchedWhole));
  expect(fetched).toEqual(fetched.map(() => true));
  expect(await peakMiB()).toBeLessThan(450);
  await expect.poll(openFiles, { timeout: 5000 }).toBe(before);
});
