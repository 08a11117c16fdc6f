import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Asker, BootFile } from '../../src/boot/files.ts';
import type { BootEvent } from '../../src/boot/timeline.ts';
import type { Endpoint } from '../../src/platform/udp.ts';
import { startTftpServer, type TftpServer, type TftpServerOptions } from '../../src/tftp/server.ts';
import { bootFileInMemory, numberedBytes } from '../support/boot-file-in-memory.ts';
import { LossyNetwork } from '../support/lossy-network.ts';
import { RawTftpClient } from '../support/raw-tftp-client.ts';
import { SimulatedClock } from '../support/simulated-clock.ts';

const main: Endpoint = { address: '10.0.0.1', port: 69 };
const cleanup: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const undo of cleanup.splice(0)) await undo();
});

async function start(options: Partial<TftpServerOptions> = {}) {
  const clock = new SimulatedClock();
  const network = new LossyNetwork({ clock });
  const events: BootEvent[] = [];
  const files = new Map<string, BootFile>();
  for (const sizeBytes of [0, 100, 2000, 100_000]) {
    files.set(`${sizeBytes}`, bootFileInMemory(`${sizeBytes}`, numberedBytes(sizeBytes)));
  }
  const server: TftpServer = await startTftpServer({
    udp: network,
    clock,
    ...main,
    resolve: async (path) => files.get(path),
    report: (event) => events.push(event),
    ...options,
  });
  cleanup.push(() => clock.run(server.close()));
  const client = await RawTftpClient.open(network, '10.0.0.2', 2070);
  return { clock, network, events, files, server, client };
}

/** Lets `ms` pass. */
function pass(clock: SimulatedClock, ms: number): Promise<void> {
  return clock.run(new Promise((resolve) => clock.after(ms, resolve)));
}

describe('a request', () => {
  it('for a file that is not there gets ERROR 1 at once', async () => {
    const { clock, client, events } = await start();
    client.ask('/grub/grub.cfg-01-52-54-00\xff', main);
    const { packet, from } = await clock.run(client.next());
    expect(packet).toEqual({ kind: 'error', errorCode: 1, message: 'there is no such file' });
    expect(from.address).toBe(main.address);
    expect(clock.nowMs()).toBe(2);
    const path = '/grub/grub.cfg-01-52-54-00\\xff';
    expect(events).toEqual([{ step: 'missing', protocol: 'tftp', address: '10.0.0.2', path }]);
  });

  it.each([
    ['10.0.0.3', '1468'],
    ['fd00::3', '1448'],
  ])('for large blocks by %s gets no larger ones than an Ethernet frame holds: %s bytes', async (address, granted) => {
    const { clock, network } = await start();
    const client = await RawTftpClient.open(network, address, 2070);
    client.ask('2000', main, { blksize: '65464' });
    const { packet } = await clock.run(client.next());
    expect(packet).toEqual({ kind: 'options', options: new Map([['blksize', granted]]) });
  });

  it('for a file outside the root never reaches the resolver', async () => {
    const asked: string[] = [];
    const { clock, client } = await start({ resolve: async (path) => void asked.push(path) as undefined });
    client.ask('../../etc/shadow', main);
    expect((await clock.run(client.next())).packet).toMatchObject({ kind: 'error', errorCode: 1 });
    expect(asked).toEqual([]);
  });

  it('is told with the address under which it reached us', async () => {
    const askers: Asker[] = [];
    const { clock, client } = await start({ resolve: async (_path, asker) => void askers.push(asker) as undefined });
    client.ask('grub/grub.cfg', main);
    await clock.run(client.next());
    expect(askers).toEqual([{ protocol: 'tftp', address: '10.0.0.2', local: main.address }]);
  });

  it('that writes is refused', async () => {
    const { clock, client } = await start();
    client.send({ kind: 'write', path: '100', mode: 'octet', options: new Map() }, main);
    expect((await clock.run(client.next())).packet).toMatchObject({ kind: 'error', errorCode: 2 });
  });

  it('in mode mail is refused, one in netascii gets text with its line ends, and their number of bytes', async () => {
    const { clock, client, files } = await start();
    client.send({ kind: 'read', path: '100', mode: 'mail', options: new Map() }, main);
    expect((await clock.run(client.next())).packet).toMatchObject({ kind: 'error', errorCode: 4 });
    files.set('text', bootFileInMemory('text', Buffer.from('a\nb\rc')));
    client.send({ kind: 'read', path: 'text', mode: 'NetASCII', options: new Map([['tsize', '0']]) }, main);
    const { packet, from } = await clock.run(client.next());
    expect(packet).toEqual({ kind: 'options', options: new Map([['tsize', '7']]) });
    client.acknowledge(0, from);
    const bytes = Uint8Array.from(Buffer.from('a\r\nb\r\0c'));
    expect((await clock.run(client.next())).packet).toEqual({ kind: 'data', block: 1, bytes });
  });

  it('in netascii for a file that is too large for it is told so', async () => {
    const { clock, client, files, events } = await start();
    const file = bootFileInMemory('large', new Uint8Array(1));
    const sizeBytes = 16 * 1024 * 1024 + 1;
    files.set('large', { ...file, sizeBytes, open: async () => ({ ...(await file.open()), sizeBytes }) });
    client.send({ kind: 'read', path: 'large', mode: 'netascii', options: new Map() }, main);
    const message = '16777217 bytes are too many for netascii: ask for it in mode octet';
    expect((await clock.run(client.next())).packet).toEqual({ kind: 'error', errorCode: 0, message });
    expect(events).toMatchObject([{ outcome: 'failed', detail: message }]);
  });

  it('for the size only, which EDK2 sends first, is no failure', async () => {
    const { clock, client, events } = await start();
    client.ask('2000', main, { tsize: '0', blksize: '1468', windowsize: '4' });
    const { packet, from } = await clock.run(client.next());
    const options = new Map([
      ['tsize', '2000'],
      ['blksize', '1468'],
      ['windowsize', '4'],
    ]);
    expect(packet).toEqual({ kind: 'options', options });
    client.send({ kind: 'error', errorCode: 8, message: 'User aborted the transfer' }, from);
    await pass(clock, 10);
    expect(events).toEqual([
      expect.objectContaining({ step: 'served', outcome: 'probed', sizeBytes: 2000, sentBytes: 0 }),
    ]);
  });

  it('that finds all transfers taken by clients that answer waits for its turn', async () => {
    const { clock, network, client, events } = await start({ maxTransfers: 1 });
    client.ask('2000', main);
    const { from } = await clock.run(client.next());
    client.acknowledge(1, from);
    await pass(clock, 10);
    const other = await RawTftpClient.open(network, '10.0.0.3');
    other.ask('100', main);
    await pass(clock, 10);
    expect(other.unread).toEqual([]);
    expect(events).toEqual([]);
    client.send({ kind: 'error', errorCode: 0, message: 'enough' }, from);
    expect((await clock.run(other.next())).packet.kind).toBe('data');
  });

  it('takes the place of one that nobody has answered for', async () => {
    const { clock, network, client } = await start({ maxTransfers: 10 });
    for (let port = 1; port <= 50; port += 1) {
      const forged = await RawTftpClient.open(network, '10.0.0.66', port);
      forged.ask('2000', main);
    }
    client.ask('100', main);
    expect((await clock.run(client.next())).packet.kind).toBe('data');
    expect(network.openSockets).toBeLessThanOrEqual(50 + 1 + 2 + 11);
  });
});

describe('a request that comes twice from one port', () => {
  it('replaces the transfer that the client has given up', async () => {
    const { clock, client, events } = await start();
    client.ask('2000', main);
    const first = await clock.run(client.next());
    client.acknowledge(1, first.from);
    await clock.run(client.next());
    client.ask('2000', main);
    const second = await clock.run(client.next());
    expect(second.packet).toMatchObject({ kind: 'data', block: 1 });
    expect(second.from).not.toEqual(first.from);
    client.acknowledge(1, second.from);
    expect((await clock.run(client.next())).packet).toMatchObject({ kind: 'data', block: 2 });
    expect(events).toEqual([expect.objectContaining({ outcome: 'aborted', detail: 'the client asked again' })]);
  });

  it('because the network doubled it leaves the running transfer alone', async () => {
    const { clock, client, events } = await start();
    client.ask('2000', main);
    const first = await clock.run(client.next());
    client.acknowledge(1, first.from);
    await clock.run(client.next());
    client.ask('2000', main);
    const second = await clock.run(client.next());
    client.send({ kind: 'error', errorCode: 5, message: 'unknown transfer ID' }, second.from);
    for (const block of [2, 3, 4]) {
      client.acknowledge(block, first.from);
      await pass(clock, 10);
    }
    expect(events).toEqual([expect.objectContaining({ outcome: 'complete', sentBytes: 2000 })]);
  });
});

describe('a transfer', () => {
  it('hears its client only: strangers get ERROR 5', async () => {
    const { clock, network, client } = await start();
    client.ask('2000', main);
    const { from } = await clock.run(client.next());
    const stranger = await RawTftpClient.open(network, '10.0.0.3', 2070);
    stranger.acknowledge(1, from);
    expect((await clock.run(stranger.next())).packet).toMatchObject({ kind: 'error', errorCode: 5 });
    expect(client.unread).toEqual([]);
    stranger.send({ kind: 'error', errorCode: 0, message: 'stop' }, from);
    await pass(clock, 10);
    expect(stranger.unread).toEqual([]);
    client.acknowledge(1, from);
    expect((await clock.run(client.next())).packet).toMatchObject({ kind: 'data', block: 2 });
  });

  it('ends with an ERROR that says why where its file cannot be read', async () => {
    const { clock, client, events, files } = await start();
    const file = bootFileInMemory('cut', numberedBytes(1000));
    files.set('cut', { ...file, open: async () => ({ ...(await file.open()), sizeBytes: 5000 }) });
    client.ask('cut', main);
    const message = 'the file ended after 1000 bytes of 5000 while it was being sent';
    expect((await clock.run(client.next())).packet).toEqual({ kind: 'error', errorCode: 0, message });
    expect(events).toEqual([expect.objectContaining({ outcome: 'failed', detail: message })]);
  });

  it('goes on where the one who listens to its events fails', async () => {
    const { clock, client } = await start({
      report: () => {
        throw new Error('the log is full');
      },
    });
    client.ask('nothing', main);
    expect((await clock.run(client.next())).packet).toMatchObject({ errorCode: 1 });
    client.ask('100', main);
    expect((await clock.run(client.next())).packet).toMatchObject({ kind: 'data' });
  });

  it('that a resolver fails for ends in an ERROR, not in silence', async () => {
    const { clock, client, events } = await start({ resolve: () => Promise.reject(new Error('the store is closed')) });
    client.ask('100', main);
    expect((await clock.run(client.next())).packet).toMatchObject({ kind: 'error', errorCode: 0 });
    expect(events).toEqual([expect.objectContaining({ outcome: 'failed', detail: 'Error: the store is closed' })]);
  });
});

describe('the time of day', () => {
  it.each([-3_600_000, 3_600_000])(
    'that is set by %d ms in a transfer does not make a lost block wait',
    async (byMs) => {
      const { clock, client, events } = await start();
      client.ask('2000', main);
      const { from } = await clock.run(client.next());
      clock.set(byMs);
      client.acknowledge(1, from);
      await clock.run(client.next());
      const before = clock.elapsedMs();
      expect((await clock.run(client.next())).packet).toMatchObject({ kind: 'data', block: 2 });
      expect(clock.elapsedMs() - before).toBeLessThan(1000);
      for (const block of [2, 3, 4]) {
        client.acknowledge(block, from);
        if (block < 4) await clock.run(client.next());
      }
      await pass(clock, 10);
      expect(events).toMatchObject([{ outcome: 'complete' }]);
      expect(Object(events[0]).durationMs).toBeLessThan(1000);
    },
  );
});

describe('a server that stops', () => {
  it('lets a running transfer finish within its grace, and takes no new one', async () => {
    const { clock, network, client, server, events } = await start();
    client.ask('100', main);
    const { from } = await clock.run(client.next());
    const closed = server.close({ graceMs: 5000 });
    client.ask('2000', main);
    client.acknowledge(1, from);
    await clock.run(closed);
    expect(clock.nowMs()).toBeLessThan(100);
    expect(events).toEqual([expect.objectContaining({ outcome: 'complete' })]);
    expect(network.openSockets).toBe(1);
  });

  it('tells the others when the grace is over', async () => {
    const { clock, network, client, server } = await start();
    client.ask('2000', main);
    await clock.run(client.next());
    await clock.run(server.close({ graceMs: 50 }));
    expect(network.openSockets).toBe(1);
    expect((await clock.run(client.next())).packet).toMatchObject({ kind: 'error', message: 'the server is stopping' });
  });
});

describe('random datagrams', () => {
  const datagram = fc.oneof(
    fc.uint8Array({ maxLength: 3 }),
    fc
      .tuple(fc.integer({ min: 0, max: 7 }), fc.uint8Array({ maxLength: 600 }))
      .map(([op, rest]) => Uint8Array.of(0, op, ...rest)),
  );

  it('to the port that hears requests leave the server alive', async () => {
    const { clock, network } = await start({ maxTransfers: 20 });
    const noise = await RawTftpClient.open(network, '10.0.0.9', 7);
    await fc.assert(
      fc.asyncProperty(fc.array(datagram, { maxLength: 20 }), async (datagrams) => {
        for (const bytes of datagrams) noise.send(bytes, main);
        const client = await RawTftpClient.open(network, '10.0.0.2');
        client.ask('100', main);
        expect((await clock.run(client.next())).packet).toMatchObject({ kind: 'data', block: 1 });
        await client.close();
      }),
      { numRuns: 100, seed: 69 },
    );
  });

  it('to the port of a transfer end this one at most, whoever sends them', async () => {
    const { clock, network, events } = await start();
    const noise = await RawTftpClient.open(network, '10.0.0.9', 7);
    await fc.assert(
      fc.asyncProperty(fc.array(datagram, { maxLength: 5 }), fc.boolean(), async (datagrams, fromClient) => {
        const client = await RawTftpClient.open(network, '10.0.0.2');
        client.ask('100000', main);
        const { from } = await clock.run(client.next());
        for (const bytes of datagrams) (fromClient ? client : noise).send(bytes, from);
        await pass(clock, 10);
        events.length = 0;
        const other = await RawTftpClient.open(network, '10.0.0.3');
        other.ask('100', main);
        const answer = await clock.run(other.next());
        expect(answer.packet).toMatchObject({ kind: 'data', block: 1 });
        other.acknowledge(1, answer.from);
        await pass(clock, 10);
        expect(events).toContainEqual(expect.objectContaining({ outcome: 'complete', address: '10.0.0.3' }));
        await Promise.all([client.close(), other.close()]);
      }),
      { numRuns: 100, seed: 70 },
    );
  });
});
