import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { BlockCache } from '../../src/http/block-cache.ts';
import { Connections } from '../../src/http/connections.ts';
import { Handshakes } from '../../src/http/handshakes.ts';
import { startHttpServer } from '../../src/http/server.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { bootFileInMemory, numberedBytes } from '../support/boot-file-in-memory.ts';
import { sendRaw } from './raw-http.ts';

const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await once(server.listen(0, '0.0.0.0'), 'listening');
  return (server.address() as { port: number }).port;
}

/** A machine of its own, by its address: all of 127/8 is here. */
async function open(port: number, host: string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: host });
  sockets.push(socket);
  socket.on('error', () => {}).resume();
  // A reset may come before anything else does.
  await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
  await sleep(5);
  return socket;
}

const areOpen = (group: readonly Socket[]) => group.map((socket) => !socket.destroyed && !socket.readableEnded);

it('when there are too many connections, who has most loses its oldest that asks for nothing', async () => {
  const server = createServer(() => {});
  new Connections(12).watch(server);
  const port = await listen(server);
  const greedy: Socket[] = [];
  for (let index = 0; index < 12; index += 1) greedy.push(await open(port, '127.0.0.2'));
  greedy[0]?.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await sleep(20);
  const others = [await open(port, '127.0.0.3'), await open(port, '127.0.0.4')];
  await sleep(20);
  expect(areOpen(others)).toEqual([true, true]);
  expect(areOpen(greedy.slice(0, 4))).toEqual([true, false, false, true]);
});

it('when all have few, the newcomer is sent away', async () => {
  const server = createServer(() => {});
  new Connections(2).watch(server);
  const port = await listen(server);
  const first = [await open(port, '127.0.0.2'), await open(port, '127.0.0.3')];
  const third = await open(port, '127.0.0.4');
  await sleep(20);
  expect(areOpen([...first, third])).toEqual([true, true, false]);
});

it('requests without end, and without waiting for an answer, end their connection', async () => {
  let requests = 0;
  const server = createServer(() => {
    requests += 1;
  });
  new Connections().watch(server);
  const socket = await open(await listen(server), '127.0.0.2');
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(100_000));
  await new Promise((resolve) => socket.once('close', resolve));
  expect(requests).toBeLessThan(3000);
});

it('nonsense behind a request never becomes a part of the file that was asked for', async () => {
  const content = numberedBytes(8_000_000);
  const server = await startHttpServer({
    address: '127.0.0.1',
    port: 0,
    resolve: async () => bootFileInMemory('file', content),
    report: () => {},
    clock: systemClock,
    cache: new BlockCache(4 * 1024 * 1024),
    health: () => ({ activeRelease: null }),
  });
  const heard = await sendRaw(server.port, 'GET /file HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n');
  const body = Buffer.from(heard.slice(heard.indexOf('\r\n\r\n') + 4), 'latin1');
  expect(body.equals(content.subarray(0, body.length))).toBe(true);
  await server.close(0);
});

it('what never begins or never finishes a handshake is ended after a while, and sooner when there are too many', async () => {
  const server = createTlsServer({});
  const handshakes = new Handshakes(server, () => {}, { patienceMs: 300, mostUnfinished: 3 });
  const port = await listen(server);
  const silent = [await open(port, '127.0.0.2'), await open(port, '127.0.0.3'), await open(port, '127.0.0.3')];
  silent[0]?.write(Buffer.from([22, 3, 1, 2, 0, 1]));
  const fourth = await open(port, '127.0.0.4');
  await sleep(20);
  expect(areOpen([...silent, fourth])).toEqual([true, false, true, true]);
  await sleep(400);
  expect(areOpen([...silent, fourth])).toEqual([false, false, false, false]);
  const last = await open(port, '127.0.0.2');
  handshakes.end();
  await sleep(20);
  expect(areOpen([last])).toEqual([false]);
});
