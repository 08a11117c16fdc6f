import { readdirSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, describe, expect, it } from 'vitest';
import type { BootFile } from '../../src/boot/files.ts';
import type { BootEvent } from '../../src/boot/timeline.ts';
import { BootwrightError, hasCode } from '../../src/errors.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { Endpoint } from '../../src/platform/udp.ts';
import { nodeUdp } from '../../src/platform/udp-node.ts';
import { fetchByTftp } from '../../src/tftp/receive.ts';
import { startTftpThread, type TftpThread, type TftpThreadOptions } from '../../src/tftp/start-thread.ts';
import { bootFileInMemory, numberedBytes } from '../support/boot-file-in-memory.ts';
import { RawTftpClient } from '../support/raw-tftp-client.ts';

const address = '127.0.0.1';
const content = numberedBytes(3_000_000);
const large = bootFileInMemory('large', content);
let threads: TftpThread[] = [];

afterEach(async () => {
  await Promise.all(threads.map((thread) => thread.close()));
  threads = [];
});

async function start(options: Partial<TftpThreadOptions> = {}) {
  const events: BootEvent[] = [];
  const warnings: string[] = [];
  const thread = await startTftpThread({
    servers: [{ address, port: 0 }],
    resolve: async (path) => (path === 'none' ? undefined : { ...large, path }),
    report: (event) => events.push(event),
    warn: (text) => warnings.push(text),
    ...options,
  });
  threads.push(thread);
  const [local = { address, port: 0 }] = thread.locals;
  return { thread, local, events, warnings };
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !isTrue(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(isTrue()).toBe(true);
}

async function fetch(server: Endpoint, path: string, asking: { blksize?: number; windowsize?: number } = {}) {
  const received: Uint8Array[] = [];
  const sink = (bytes: Uint8Array) => void received.push(Uint8Array.from(bytes));
  await fetchByTftp({ udp: nodeUdp, clock: systemClock, server, path, localAddress: address, sink, ...asking });
  return Buffer.concat(received);
}

const openSockets = () =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return /socket|eventpoll/.test(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      return false;
    }
  }).length;

describe('a server in a thread', () => {
  it.each([
    { singlePort: false, windowsize: 1 },
    { singlePort: false, windowsize: 64 },
    { singlePort: true, windowsize: 1 },
    { singlePort: true, windowsize: 64 },
  ])('sends many files at once, singlePort $singlePort, windows of $windowsize', async ({ singlePort, windowsize }) => {
    const { local, events } = await start({ servers: [{ address, port: 0, singlePort }] });
    const fetched = await Promise.all([1, 2, 3, 4].map(() => fetch(local, 'large', { blksize: 1468, windowsize })));
    for (const bytes of fetched) expect(Buffer.compare(bytes, content)).toBe(0);
    await until(() => events.length === 4);
    expect(events.map((event) => Object(event).outcome)).toEqual(Array(4).fill('complete'));
  });

  it('reads a file once for all who fetch it at the same time', async () => {
    let readBytes = 0;
    const counted: BootFile = {
      ...large,
      async open() {
        const source = await large.open();
        const read = (into: Uint8Array, at: number) => {
          readBytes += into.byteLength;
          return source.read(into, at);
        };
        return { ...source, read };
      },
    };
    const { local } = await start({ resolve: async () => counted });
    await Promise.all(Array.from({ length: 8 }, () => fetch(local, 'large', { windowsize: 4 })));
    expect(readBytes).toBe(content.length);
  });

  it('says in which words a file is not there, or cannot be resolved', async () => {
    const resolve = async (path: string) => {
      if (path === 'broken') throw new BootwrightError('FILE_UNREADABLE', { path, reason: 'EIO' });
      return undefined;
    };
    const { local, events } = await start({ resolve });
    const codeOf = (path: string) => fetch(local, path).catch((error: unknown) => error);
    expect(await codeOf('none')).toMatchObject({ code: 'TFTP_REFUSED', data: { errorCode: 1 } });
    expect(await codeOf('broken')).toMatchObject({ code: 'TFTP_REFUSED', data: { errorCode: 0 } });
    await until(() => events.length === 2);
    expect(events[1]).toMatchObject({ outcome: 'failed', detail: expect.stringContaining('EIO') });
  });

  it('tells strangers so, and takes empty datagrams for what they are', async () => {
    const { local, events } = await start();
    const client = await RawTftpClient.open(nodeUdp, address);
    client.send(new Uint8Array(0), local);
    expect((await client.next()).packet).toMatchObject({ kind: 'error', errorCode: 4 });
    client.ask('large', local);
    const { from } = await client.next();
    const stranger = await RawTftpClient.open(nodeUdp, address);
    stranger.acknowledge(1, from);
    expect((await stranger.next()).packet).toMatchObject({ kind: 'error', errorCode: 5 });
    client.acknowledge(1, from);
    expect((await client.next()).packet).toMatchObject({ kind: 'data', block: 2 });
    await until(() => events.length === 1);
    expect(events[0]).toMatchObject({ step: 'malformed', address });
    await Promise.all([client.close(), stranger.close()]);
  });

  it('that cannot listen says which address and port, and leaves nothing open', async () => {
    const { local } = await start();
    const before = openSockets();
    const servers = [
      { address, port: 0 },
      { address, port: local.port },
    ];
    const error = await start({ servers }).catch((reason: unknown) => reason);
    expect(hasCode(error, 'UDP_PORT_IN_USE')).toBe(true);
    expect(error).toMatchObject({ data: { address, port: local.port } });
    expect(openSockets()).toBe(before);
  });

  it('lets transfers finish within its grace, tells the others, and closes all that it had open', async () => {
    const before = openSockets();
    const { thread, local, events } = await start();
    const client = await RawTftpClient.open(nodeUdp, address);
    client.ask('large', local);
    await client.next();
    const finishing = fetch(local, 'large', { windowsize: 16 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    const closed = thread.close({ graceMs: 400 });
    expect(Buffer.compare(await finishing, content)).toBe(0);
    await closed;
    await client.close();
    const outcomes = events.map((event) => Object(event).outcome).sort();
    expect(outcomes).toEqual(['aborted', 'complete']);
    expect(openSockets()).toBe(before);
  });

  it('that crashes is said to, and starts anew on the same port, with no descriptor left behind', async () => {
    const entry = new URL('crashing-thread.ts', import.meta.url);
    const { local, warnings } = await start({ entry });
    const client = await RawTftpClient.open(nodeUdp, address);
    client.ask('large', local);
    await client.next();
    const before = openSockets();
    client.ask('crash', local);
    await until(() => warnings.length === 1);
    expect(warnings[0]).toContain('a bug');
    expect(Buffer.compare(await fetch(local, 'large', { windowsize: 16 }), content)).toBe(0);
    await client.close();
    // The transfer that was under way had a socket, and the client another one.
    expect(openSockets()).toBeLessThanOrEqual(before - 1);
  });
});

describe('the process', () => {
  const program = (last: string) => `
    import { startTftpThread } from ${JSON.stringify(new URL('../../src/tftp/start-thread.ts', import.meta.url).href)};
    await startTftpThread({ servers: [{ address: '127.0.0.1', port: 0 }], resolve: async () => undefined, report() {}, warn() {} });
    console.log('listening');
    ${last}`;

  it.each([
    { how: 'process.exit', last: 'process.exit(3);', exitCode: 3 },
    { how: 'a crash', last: "setTimeout(() => { throw new Error('bug'); }, 10);", exitCode: 1 },
    { how: 'SIGTERM', last: "process.kill(process.pid, 'SIGTERM');", exitCode: undefined },
  ])('ends with the thread by $how', async ({ last, exitCode }) => {
    const folder = await mkdtemp(join(tmpdir(), 'bootwright-thread-'));
    const path = join(folder, 'program.mjs');
    await writeFile(path, program(last));
    const ended = await execa(process.execPath, [path], { reject: false, timeout: 10_000 });
    await rm(folder, { recursive: true });
    expect(ended.stdout).toBe('listening');
    expect(ended.timedOut).toBe(false);
    expect(ended.exitCode).toBe(exitCode);
  });
});
