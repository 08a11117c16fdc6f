import { describe, expect, it } from 'vitest';
import { hasCode } from '../../src/errors.ts';
import type { Endpoint } from '../../src/platform/udp.ts';
import { type FetchByTftp, fetchByTftp } from '../../src/tftp/receive.ts';
import { startTftpServer } from '../../src/tftp/server.ts';
import { bootFileInMemory, numberedBytes } from '../support/boot-file-in-memory.ts';
import { LossyNetwork } from '../support/lossy-network.ts';
import { RawTftpClient } from '../support/raw-tftp-client.ts';
import { SimulatedClock } from '../support/simulated-clock.ts';

const server: Endpoint = { address: '10.0.0.1', port: 69 };

function world() {
  const clock = new SimulatedClock();
  const network = new LossyNetwork({ clock });
  const fetch = (options: Partial<FetchByTftp> = {}) =>
    fetchByTftp({
      udp: network,
      clock,
      server,
      localAddress: '10.0.0.2',
      path: 'bootx64.efi',
      sink: () => {},
      ...options,
    });
  return { clock, network, fetch };
}

async function worldWithServer(sizeBytes: number) {
  const { clock, network, fetch } = world();
  const content = numberedBytes(sizeBytes);
  const file = bootFileInMemory('bootx64.efi', content);
  await startTftpServer({
    udp: network,
    clock,
    ...server,
    resolve: async (path) => (path === 'bootx64.efi' ? file : undefined),
    report: () => {},
  });
  return { clock, network, fetch, content };
}

describe('getting a file', () => {
  it('tells how large it was, what was agreed on, and how far it is', async () => {
    const { clock, fetch } = await worldWithServer(5000);
    const progress: unknown[] = [];
    const asking = { blksize: 2000, windowsize: 2, tsize: true, onProgress: (now: unknown) => progress.push(now) };
    const fetched = await clock.run(fetch(asking));
    expect(fetched).toEqual({ sizeBytes: 5000, durationMs: expect.any(Number), blksize: 1468, windowsize: 2 });
    expect(progress.at(-1)).toEqual({ receivedBytes: 5000, announcedBytes: 5000 });
  });

  it('from a server without options falls back to blocks of 512 bytes', async () => {
    const { clock, network, fetch } = world();
    const old = await RawTftpClient.open(network, server.address, server.port);
    const fetching = fetch({ blksize: 1468, windowsize: 16, tsize: true });
    const { from } = await clock.run(old.next());
    old.send({ kind: 'data', block: 1, bytes: numberedBytes(511) }, from);
    expect(await clock.run(fetching)).toMatchObject({ sizeBytes: 511, blksize: 512, windowsize: 1 });
    expect((await clock.run(old.next())).packet).toEqual({ kind: 'acknowledgement', block: 1 });
  });

  it('waits for a slow sink, and loses nothing of it', async () => {
    const { clock, fetch, content } = await worldWithServer(100_000);
    const received: Uint8Array[] = [];
    const sink = (chunk: Uint8Array) =>
      new Promise<void>((resolve) => {
        received.push(chunk);
        clock.after(20, resolve);
      });
    await clock.run(fetch({ blksize: 1468, windowsize: 8, sink }));
    expect(Buffer.concat(received).equals(content)).toBe(true);
  });
});

describe('a transfer that fails says why', () => {
  it('where the server refuses', async () => {
    const { clock, fetch } = await worldWithServer(10);
    const failure = await clock.run(fetch({ path: 'grubx64.efi' })).catch((error: unknown) => error);
    expect(hasCode(failure, 'TFTP_REFUSED')).toBe(true);
    expect(failure).toMatchObject({ data: { errorCode: 1, text: 'there is no such file', path: 'grubx64.efi' } });
  });

  it('where nobody answers', async () => {
    const { clock, network, fetch } = world();
    await expect(clock.run(fetch())).rejects.toMatchObject({ code: 'TFTP_TIMED_OUT', data: { receivedBytes: 0 } });
    expect(clock.nowMs()).toBe(23_000);
    expect(network.sent).toHaveLength(5);
    expect(network.openSockets).toBe(0);
  });

  it.each([
    ['was not asked for', { multicast: '1' }],
    ['is larger than asked for', { blksize: '1469' }],
    ['is no number', { blksize: 'big' }],
    ['is zero', { blksize: '0' }],
  ])('where the server answers with an option that %s', async (_, options) => {
    const { clock, network, fetch } = world();
    const wrong = await RawTftpClient.open(network, server.address, server.port);
    const fetching = fetch({ blksize: 1468 });
    const failure = expect(fetching).rejects.toMatchObject({ code: 'TFTP_BAD_OPTIONS' });
    const { from } = await clock.run(wrong.next());
    wrong.send({ kind: 'options', options: new Map(Object.entries(options)) }, from);
    await clock.run(failure);
    expect((await clock.run(wrong.next())).packet).toMatchObject({ kind: 'error', errorCode: 8 });
  });

  it('where the file is not as large as announced', async () => {
    const { clock, network, fetch } = world();
    const wrong = await RawTftpClient.open(network, server.address, server.port);
    const failure = expect(fetch({ tsize: true })).rejects.toMatchObject({ code: 'TFTP_WRONG_SIZE' });
    const { from } = await clock.run(wrong.next());
    wrong.send({ kind: 'options', options: new Map([['tsize', '100']]) }, from);
    await clock.run(wrong.next());
    wrong.send({ kind: 'data', block: 1, bytes: numberedBytes(99) }, from);
    await clock.run(failure);
  });

  it('where a block is larger than agreed', async () => {
    const { clock, network, fetch } = world();
    const wrong = await RawTftpClient.open(network, server.address, server.port);
    const failure = expect(fetch()).rejects.toMatchObject({ code: 'TFTP_MALFORMED' });
    const { from } = await clock.run(wrong.next());
    wrong.send({ kind: 'data', block: 1, bytes: numberedBytes(513) }, from);
    await clock.run(failure);
  });

  it('where it is stopped, and the server is told', async () => {
    const { clock, network, fetch } = await worldWithServer(100_000);
    const stop = new AbortController();
    const sink = () => stop.abort(new Error('enough'));
    await expect(clock.run(fetch({ sink, signal: stop.signal }))).rejects.toThrow('enough');
    expect(network.sent.at(-1)?.bytes.subarray(0, 4)).toEqual(Uint8Array.of(0, 5, 0, 0));
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no space left');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no space left'))],
  ])('where the sink %s', async (_, sink) => {
    const { clock, fetch } = await worldWithServer(100_000);
    await expect(clock.run(fetch({ sink }))).rejects.toThrow('no space left');
  });
});

describe('datagrams of strangers', () => {
  it('do not get into the file', async () => {
    const { clock, network, fetch } = world();
    const right = await RawTftpClient.open(network, server.address, server.port);
    const stranger = await RawTftpClient.open(network, '10.0.0.66');
    const samePlace = await RawTftpClient.open(network, server.address);
    const received: Uint8Array[] = [];
    const fetching = fetch({ sink: (chunk) => void received.push(chunk) });
    const { from } = await clock.run(right.next());
    stranger.send({ kind: 'data', block: 1, bytes: numberedBytes(3) }, from);
    expect((await clock.run(stranger.next())).packet).toMatchObject({ errorCode: 5 });
    right.send({ kind: 'data', block: 1, bytes: numberedBytes(512) }, from);
    await clock.run(right.next());
    samePlace.send({ kind: 'data', block: 2, bytes: numberedBytes(3) }, from);
    expect((await clock.run(samePlace.next())).packet).toMatchObject({ errorCode: 5 });
    right.send(Uint8Array.of(0), from);
    right.send({ kind: 'data', block: 2, bytes: numberedBytes(7) }, from);
    expect(await clock.run(fetching)).toMatchObject({ sizeBytes: 519 });
    expect(Buffer.concat(received)).toHaveLength(519);
  });
});
