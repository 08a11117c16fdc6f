import { readdir, readFile } from 'node:fs/promises';
import { get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { numberedBytes } from '../support/boot-file-in-memory.ts';
import { bootwright, makeFolders, type Serving, serve } from '../support/bootwright.ts';
import { freePort } from '../support/free-port.ts';
import { writeRelease } from '../support/small-release.ts';

const address = '127.0.0.1';
const iso = numberedBytes(50_000_000);

let folders: Awaited<ReturnType<typeof makeFolders>>;
let serving: Serving;
let port: number;
/** Also those of a test that failed: they must not stand in the way of the next. */
const readers = new Set<Socket>();

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

afterEach(() => {
  for (const reader of readers) reader.destroy();
  readers.clear();
});

/** The fewest of some moments: now and then the server opens the folder of images for one of them. */
async function openFiles(): Promise<number> {
  const counts: number[] = [];
  for (let look = 0; look < 5; look += 1) {
    if (look > 0) await sleep(20);
    counts.push((await readdir(`/proc/${serving.pid}/fd`)).length);
  }
  return Math.min(...counts);
}

async function peakMiB(): Promise<number> {
  const status = await readFile(`/proc/${serving.pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

/** True where every byte that came is the one of its place. */
function isFetchedWhole(from = address): Promise<boolean> {
  return new Promise((resolve, reject) => {
    get({ host: address, localAddress: from, port, path: '/live.iso', agent: false }, (response) => {
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
  readers.add(socket);
  socket.on('error', () => {}).pause();
  socket.write('GET /live.iso HTTP/1.1\r\nHost: x\r\n\r\n');
  return socket;
}

it('readers that stand still or vanish cost little memory, and their files are closed', async () => {
  const before = await openFiles();
  const stuck = await Promise.all(Array.from({ length: 50 }, stuckReader));
  // Their connections, and the file that they share.
  await expect.poll(openFiles, { timeout: 5000 }).toBe(before + 51);
  await sleep(300);
  expect(await peakMiB()).toBeLessThan(450);
  // Half of them say goodbye, the others are switched off.
  for (const [index, reader] of stuck.entries()) {
    if (index % 2 === 0) reader.destroy();
    else reader.resetAndDestroy();
  }
  await expect.poll(openFiles, { timeout: 5000 }).toBe(before);
  const aborted = serving.lines.filter((line) => line.step === 'served' && line.outcome === 'aborted');
  expect(aborted).toHaveLength(50);
});

it('a machine that asks for very much at once leaves room for others, and for small files', async () => {
  const before = await openFiles();
  const stuck = await Promise.all(Array.from({ length: 20 }, stuckReader));
  await sleep(300);
  const startedMs = performance.now();
  // Another address of the same loopback is another machine.
  expect(await isFetchedWhole('127.0.0.2')).toBe(true);
  expect(performance.now() - startedMs).toBeLessThan(4000);
  const head = await fetch(`http://${address}:${port}/live.iso`, { headers: { Range: 'bytes=-1000' } });
  expect((await head.bytes()).length).toBe(1000);
  for (const reader of stuck) reader.destroy();
  // The connection that asked for the end of the file stays open for more.
  await expect.poll(openFiles, { timeout: 5000 }).toBeLessThanOrEqual(before + 1);
});

it('machines that have no place yet are sent a little all the time', async () => {
  const before = await openFiles();
  const full = await Promise.all(Array.from({ length: 8 }, stuckReader));
  await sleep(300);
  const waiting = connect(port, address);
  readers.add(waiting);
  const heard: { readonly atMs: number; readonly bytes: number }[] = [];
  waiting.on('data', (data) => heard.push({ atMs: performance.now(), bytes: data.length }));
  waiting.write('GET /live.iso HTTP/1.1\r\nHost: x\r\n\r\n');
  await expect.poll(() => heard.length, { timeout: 8000 }).toBeGreaterThanOrEqual(3);
  expect(heard.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(20_000);
  // UEFI gives up after five seconds.
  for (const [index, { atMs }] of heard.entries()) expect(atMs - (heard[index - 1]?.atMs ?? atMs)).toBeLessThan(3500);
  // Those who stand still give their places up.
  await expect.poll(() => heard.reduce((sum, { bytes }) => sum + bytes, 0), { timeout: 12_000 }).toBeGreaterThan(1e7);
  for (const reader of [...full, waiting]) reader.destroy();
  await expect.poll(openFiles, { timeout: 5000 }).toBe(before);
}, 30_000);

it('a thousand readers that stand still cost little memory, and others get their bytes meanwhile', async () => {
  const before = await openFiles();
  const stuck = await Promise.all(Array.from({ length: 1000 }, stuckReader));
  await expect.poll(openFiles, { timeout: 20_000 }).toBe(before + 1001);
  expect(await isFetchedWhole('127.0.0.3')).toBe(true);
  expect(await peakMiB()).toBeLessThan(450);
  for (const reader of stuck) reader.destroy();
  await expect.poll(openFiles, { timeout: 20_000 }).toBe(before);
}, 60_000);

it('fifty readers at once get the whole file, and the server does not hold it fifty times', async () => {
  const before = await openFiles();
  const fetched = await Promise.all(Array.from({ length: 50 }, () => isFetchedWhole()));
  expect(fetched).toEqual(fetched.map(() => true));
  expect(await peakMiB()).toBeLessThan(450);
  await expect.poll(openFiles, { timeout: 5000 }).toBe(before);
});
