import { get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import { nodeUdp } from '../../src/platform/udp-node.ts';
import { fetchByTftp } from '../../src/tftp/receive.ts';
import { numberedBytes } from '../support/boot-file-in-memory.ts';
import { bootwright, makeFolders, type Serving, serve } from '../support/bootwright.ts';
import { freePort } from '../support/free-port.ts';
import { writeRelease } from '../support/small-release.ts';

const address = '127.0.0.1';
/** More than the system keeps for a reader that is late. */
const large = numberedBytes(30_000_000);
const loader = numberedBytes(40_000);

let folders: Awaited<ReturnType<typeof makeFolders>>;
let serving: Serving;
let httpPort: number;
let tftpPort: number;

beforeEach(async () => {
  folders = await makeFolders();
  const files = { 'live.iso': large, 'bootx64.efi': loader };
  const { id } = await writeRelease(folders.root, 'live', { files });
  await bootwright(['activate', id, '--root', folders.root]);
  [httpPort, tftpPort] = [await freePort(), await freePort()];
  serving = await serve(folders.folder, [
    '--address',
    address,
    '--http-port',
    `${httpPort}`,
    '--tftp-port',
    `${tftpPort}`,
  ]);
});
afterEach(async () => {
  serving.kill('SIGKILL');
  await serving.ended;
  await folders.remove();
});

/** A reader that has taken the first bytes of the ISO and waits. */
async function beginReading(): Promise<IncomingMessage> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ host: address, port: httpPort, path: '/live.iso', agent: false }, resolve).on('error', reject);
  });
  response.pause();
  return response;
}

async function finishReading(response: IncomingMessage): Promise<Buffer> {
  return Buffer.concat(await response.toArray());
}

/** Takes a block, and then another one only after a while. */
async function fetchSlowly(): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const sink = async (chunk: Uint8Array) => {
    chunks.push(Uint8Array.from(chunk));
    await sleep(15);
  };
  const server = { address, port: tftpPort };
  await fetchByTftp({ udp: nodeUdp, clock: systemClock, server, path: 'bootx64.efi', sink });
  return Buffer.concat(chunks);
}

describe('SIGTERM', () => {
  it('lets what is being sent by HTTP and TFTP come to its end, takes nothing new, and ends with status 0', async () => {
    const reader = await beginReading();
    const fetching = fetchSlowly();
    await sleep(200);
    serving.kill('SIGTERM');
    await serving.waitFor(({ msg }) => msg.startsWith('SIGTERM: stopping'));
    await sleep(200);
    await expect(beginReading()).rejects.toThrow('ECONNREFUSED');
    expect((await finishReading(reader)).equals(large)).toBe(true);
    expect((await fetching).equals(loader)).toBe(true);
    expect(await serving.ended).toMatchObject({ exitCode: 0, stderr: '' });
    expect(serving.lines.at(-1)?.msg).toBe('stopped');
  });

  it('ends an idle server at once', async () => {
    const startedMs = Date.now();
    serving.kill('SIGTERM');
    expect(await serving.ended).toMatchObject({ exitCode: 0 });
    expect(Date.now() - startedMs).toBeLessThan(2000);
  });
});

describe('Ctrl-C', () => {
  it('does as SIGTERM does; a second one ends the server at once', async () => {
    const reader = await beginReading();
    serving.kill('SIGINT');
    await serving.waitFor(({ msg }) => msg.startsWith('SIGINT: stopping'));
    // npm and npx hand on what the terminal sent already: that is no second one.
    serving.kill('SIGINT');
    await sleep(700);
    const startedMs = Date.now();
    serving.kill('SIGINT');
    expect(await serving.ended).toMatchObject({ exitCode: 130 });
    expect(Date.now() - startedMs).toBeLessThan(1000);
    await expect(finishReading(reader)).rejects.toThrow();
  });
});
