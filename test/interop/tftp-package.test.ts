import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import type { Endpoint } from '../../src/platform/udp.ts';
import { nodeUdp } from '../../src/platform/udp-node.ts';
import { startTftpServer } from '../../src/tftp/server.ts';
import { bootFileInMemory, numberedBytes } from '../support/boot-file-in-memory.ts';
import { RawTftpClient } from '../support/raw-tftp-client.ts';

/**
 * The npm package `tftp` 0.1.2 as a peer, always in a process of its own. Each fault that keeps it off the network has
 * a test that shows it, beside one that shows the same with our server.
 * docs/decisions/0001-own-dhcp-and-tftp-engines.md links here.
 */
const address = '127.0.0.1';
const require = createRequire(import.meta.url);
const tftpPackage = JSON.stringify(require.resolve('tftp'));
const content = numberedBytes(20_000);

let folder: string;
const undo: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bootwright-tftp-package-'));
  await writeFile(join(folder, 'file'), content);
});

afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
  await rm(folder, { recursive: true, force: true });
});

interface Served {
  readonly main: Endpoint;
  /** How the process of the server ends; never for ours. */
  readonly process?: ReturnType<typeof run>;
}

async function client(): Promise<RawTftpClient> {
  const opened = await RawTftpClient.open(nodeUdp, address);
  undo.push(() => opened.close());
  return opened;
}

/** A UDP port that was free a moment ago: the package cannot choose one by itself. */
async function freePort(): Promise<number> {
  const socket = await nodeUdp.open({ address, port: 0 }, () => {});
  await socket.close();
  return socket.local.port;
}

function run(script: string) {
  const child = execa(process.execPath, ['--no-deprecation', '-e', script], { reject: false, timeout: 20_000 });
  undo.push(async () => {
    child.kill();
    await child;
  });
  return child;
}

async function startPackage(): Promise<Served> {
  const port = await freePort();
  const options = JSON.stringify({ host: address, port, root: folder, denyPUT: true });
  const child = run(`
    const server = require(${tftpPackage}).createServer(${options});
    server.on('listening', () => console.log('listening'));
    server.on('error', () => {});
    server.on('request', (request) => request.on('error', () => {}));
    server.listen();
  `);
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  return { main: { address, port }, process: child };
}

async function startOurs(): Promise<Served> {
  const file = bootFileInMemory('file', content);
  const resolve = async (path: string) => (path === 'file' ? file : undefined);
  const server = await startTftpServer({
    udp: nodeUdp,
    clock: systemClock,
    address,
    port: 0,
    resolve,
    report: () => {},
  });
  undo.push(() => server.close());
  return { main: server.local };
}

/** Begins a transfer without options: the first block has come. */
async function begin({ main }: Served): Promise<{ asking: RawTftpClient; transfer: Endpoint }> {
  const asking = await client();
  asking.ask('file', main);
  const { packet, from } = await asking.next();
  expect(packet).toMatchObject({ kind: 'data', block: 1 });
  return { asking, transfer: from };
}

/** The block numbers that come within `ms`. */
async function blocksWithin(ms: number, asking: RawTftpClient): Promise<readonly number[]> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return asking.unread.map(({ packet }) => (packet.kind === 'data' ? packet.block : -1));
}

describe('the client of the package tftp', () => {
  it('gets a whole file from our server', async () => {
    const { main } = await startOurs();
    const local = join(folder, 'got');
    const options = JSON.stringify({ host: address, port: main.port });
    const { exitCode } = await run(
      `require(${tftpPackage}).createClient(${options}).get('file', ${JSON.stringify(local)}, (error) => process.exit(error ? 1 : 0))`,
    );
    expect(exitCode).toBe(0);
    expect(Buffer.compare(await readFile(local), content)).toBe(0);
  });

  it('takes a reordered window for good and corrupts the file without an error', async () => {
    const serving = await client();
    const local = join(folder, 'got');
    const port = await freePort();
    const listening = await RawTftpClient.open(nodeUdp, address, port);
    undo.push(() => listening.close());
    const options = JSON.stringify({ host: address, port, blockSize: 100, windowSize: 2 });
    const child = run(
      `require(${tftpPackage}).createClient(${options}).get('file', ${JSON.stringify(local)}, (error) => process.exit(error ? 1 : 0))`,
    );
    const { from } = await listening.next();
    const granted = new Map([
      ['blksize', '100'],
      ['windowsize', '2'],
    ]);
    serving.send({ kind: 'options', options: granted }, from);
    await serving.next();
    serving.send({ kind: 'data', block: 2, bytes: content.subarray(100, 199) }, from);
    serving.send({ kind: 'data', block: 1, bytes: content.subarray(0, 100) }, from);
    expect((await child).exitCode).toBe(0);
    const got = await readFile(local);
    expect(got).toHaveLength(199);
    expect(Buffer.compare(got, content.subarray(0, 199))).not.toBe(0);
  });
});

describe('a datagram of 0 or 1 byte to the port of a transfer, from anyone', () => {
  it.each([0, 1])('ends the process of the package tftp (%i bytes)', async (length) => {
    const served = await startPackage();
    const { transfer } = await begin(served);
    const stranger = await client();
    stranger.send(new Uint8Array(length), transfer);
    const ended = await served.process;
    expect(ended?.exitCode).not.toBe(0);
    expect(ended?.stderr).toMatch(/incoming-request\.js:105[\s\S]*ERR_/);
  });

  it.each([0, 1])('is turned away by ours (%i bytes)', async (length) => {
    const { asking, transfer } = await begin(await startOurs());
    const stranger = await client();
    stranger.send(new Uint8Array(length), transfer);
    expect((await stranger.next()).packet).toMatchObject({ kind: 'error', errorCode: 5 });
    asking.acknowledge(1, transfer);
    expect((await asking.next()).packet).toMatchObject({ kind: 'data', block: 2 });
  });
});

describe("an ACK that is not the client's", () => {
  it('moves a transfer of the package tftp on, past a block that its client never got', async () => {
    const { asking, transfer } = await begin(await startPackage());
    const stranger = await client();
    stranger.acknowledge(1, transfer);
    expect((await asking.next()).packet).toMatchObject({ kind: 'data', block: 2 });
  });

  it('moves nothing of ours', async () => {
    const { asking, transfer } = await begin(await startOurs());
    const stranger = await client();
    stranger.acknowledge(1, transfer);
    expect(await blocksWithin(300, asking)).toEqual([]);
  });
});

describe("an ACK that the network doubles (the sorcerer's apprentice, RFC 1123 §4.2.3.1)", () => {
  async function doubled(served: Served): Promise<readonly number[]> {
    const { asking, transfer } = await begin(served);
    // Ours learns that this client takes its time, and would send nothing again for the next 900 ms; the package, 3 s.
    await new Promise((resolve) => setTimeout(resolve, 300));
    asking.acknowledge(1, transfer);
    asking.acknowledge(1, transfer);
    return blocksWithin(100, asking);
  }

  it('makes the package tftp send a block twice', async () => {
    const blocks = await doubled(await startPackage());
    expect(blocks.filter((block) => block === 2).length).toBeGreaterThan(1);
  });

  it('makes ours send it once', async () => {
    expect(await doubled(await startOurs())).toEqual([2]);
  });
});

describe('a symbolic link out of the root', () => {
  it('is followed by the package tftp', async () => {
    await symlink('/proc/version', join(folder, 'link'));
    const { main } = await startPackage();
    const asking = await client();
    asking.ask('link', main, { tsize: '0' });
    const { packet } = await asking.next();
    expect(packet.kind).toBe('options');
  });
});
