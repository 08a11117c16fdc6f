import { afterEach, describe, expect, it } from 'vitest';
import type { BootEvent } from '../../src/boot/timeline.ts';
import type { Endpoint } from '../../src/platform/udp.ts';
import { startTftpServer } from '../../src/tftp/server.ts';
import { bootFileInMemory, numberedBytes } from '../support/boot-file-in-memory.ts';
import { LossyNetwork } from '../support/lossy-network.ts';
import { RawTftpClient } from '../support/raw-tftp-client.ts';
import { SimulatedClock } from '../support/simulated-clock.ts';

const main: Endpoint = { address: '10.0.0.1', port: 69 };
const cleanup: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const undo of cleanup.splice(0)) await undo();
});

async function start() {
  const clock = new SimulatedClock();
  const network = new LossyNetwork({ clock });
  const events: BootEvent[] = [];
  const server = await startTftpServer({
    udp: network,
    clock,
    ...main,
    singlePort: true,
    resolve: async (path) => (path === 'none' ? undefined : bootFileInMemory(path, numberedBytes(2000))),
    report: (event) => events.push(event),
  });
  cleanup.push(() => clock.run(server.close()));
  const client = await RawTftpClient.open(network, '10.0.0.2', 2070);
  const pass = (ms: number) => clock.run(new Promise<void>((resolve) => clock.after(ms, resolve)));
  const next = () => clock.run(client.next());
  return { clock, network, events, server, client, pass, next };
}

describe('a server with one port', () => {
  it('sends everything from there, to many at once, ERRORs too', async () => {
    const { network, clock, client, next, pass, events } = await start();
    const other = await RawTftpClient.open(network, '10.0.0.3', 2070);
    client.ask('a', main);
    other.ask('b', main);
    for (let block = 1; block <= 4; block += 1) {
      for (const each of [client, other]) {
        const { packet, from } = await clock.run(each.next());
        expect(packet).toMatchObject({ kind: 'data', block });
        expect(from).toEqual(main);
        each.acknowledge(block, from);
      }
    }
    await pass(10);
    expect(events).toMatchObject([{ outcome: 'complete' }, { outcome: 'complete' }]);
    client.ask('none', main);
    expect(await next()).toMatchObject({ packet: { kind: 'error', errorCode: 1 }, from: main });
    expect(network.openSockets).toBe(3);
  });

  it('takes a request that comes again at once for a doubled one', async () => {
    const { client, next, pass } = await start();
    client.ask('a', main);
    client.ask('a', main);
    expect((await next()).packet).toMatchObject({ kind: 'data', block: 1 });
    await pass(100);
    expect(client.unread).toEqual([]);
  });

  it('begins anew where the client does, which has the same port for every file', async () => {
    const { client, next, pass, events } = await start();
    client.ask('a', main, { tsize: '0' });
    await next();
    client.acknowledge(0, main);
    await next();
    client.ask('b', main);
    expect((await next()).packet).toMatchObject({ kind: 'data', block: 1 });
    for (const block of [1, 2, 3, 4]) {
      client.acknowledge(block, main);
      if (block < 4) await next();
    }
    await pass(10);
    expect(events).toMatchObject([
      { path: 'a', outcome: 'aborted', detail: 'the client asked again' },
      { path: 'b', outcome: 'complete' },
    ]);
  });

  it('says nothing to ACKs that come late, which could end the next transfer', async () => {
    const { client, pass, events } = await start();
    client.acknowledge(7, main);
    await pass(100);
    expect(client.unread).toEqual([]);
    expect(events).toEqual([]);
  });

  it('lets transfers finish when it stops, and hears no more requests', async () => {
    const { client, next, server, clock, network, events } = await start();
    client.ask('a', main);
    await next();
    const closed = server.close({ graceMs: 5000 });
    const other = await RawTftpClient.open(network, '10.0.0.3', 2070);
    other.ask('b', main);
    for (const block of [1, 2, 3, 4]) {
      client.acknowledge(block, main);
      if (block < 4) await next();
    }
    await clock.run(closed);
    expect(other.unread).toEqual([]);
    expect(events).toMatchObject([{ outcome: 'complete' }]);
    expect(network.openSockets).toBe(2);
  });
});
