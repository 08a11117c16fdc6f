import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { Finding } from '../../src/inspect/finding.ts';
import { askLiveUrl } from '../../src/inspect/live-url.ts';

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(listener: RequestListener): Promise<string> {
  const listening = createServer(listener);
  server = listening;
  await new Promise<void>((resolve) => {
    listening.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}/liveos.iso`;
}

async function ask(url: string, sizeBytes = 1000) {
  const findings: Finding[] = [];
  const answer = await askLiveUrl({ url, sizeBytes }, findings);
  return { ...answer, codes: findings.map(({ code }) => code), problems: findings.map(({ problem }) => problem) };
}

const good: RequestListener = (request, response) => {
  const isPart = request.headers.range === 'bytes=0-0';
  if (isPart) response.writeHead(206, { 'Content-Length': 1, 'Content-Range': 'bytes 0-0/1000' }).end('x');
  else response.writeHead(200, { 'Content-Length': 1000 }).end();
};

test('a server that has the image is told so', async () => {
  const url = await serve(good);
  expect(await ask(url)).toEqual({ url, status: 200, sizeBytes: 1000, ranges: true, codes: [], problems: [] });
});

test('one that leads elsewhere is followed, as curl does', async () => {
  const url = await serve((request, response) => {
    if (request.url === '/liveos.iso') response.writeHead(302, { Location: '/there.iso' }).end();
    else good(request, response);
  });
  expect(await ask(url)).toMatchObject({ status: 200, ranges: true, codes: [] });
});

test.each<[string, RequestListener, string]>([
  ['has no such file', (_, response) => void response.writeHead(404).end(), 'LIVE_URL_STATUS'],
  [
    'has another image',
    (request, response) => {
      if (request.headers.range !== undefined) good(request, response);
      else response.writeHead(200, { 'Content-Length': 999 }).end();
    },
    'LIVE_URL_OTHER_SIZE',
  ],
  [
    'sends no parts',
    (_, response) => void response.writeHead(200, { 'Content-Length': 1000 }).end(),
    'LIVE_URL_NO_RANGES',
  ],
  ['closes the connection', (request) => void request.socket.destroy(), 'LIVE_URL_UNREACHABLE'],
])('a server that %s', async (_, listener, code) => {
  expect((await ask(await serve(listener))).codes).toEqual([code]);
});

test('a server that says nothing is waited for 3 seconds', async () => {
  const url = await serve(() => {});
  const started = performance.now();
  const { problems } = await ask(url);
  expect(problems).toEqual([`nothing answers at ${url}: no answer within 3 s`]);
  expect(performance.now() - started).toBeLessThan(4500);
});

test('no server, and a name that nobody has', async () => {
  const url = await serve(good);
  server?.close();
  server?.closeAllConnections();
  expect((await ask(url)).problems[0]).toMatch(/ECONNREFUSED/);
  expect((await ask('http://nobody.invalid/liveos.iso')).codes).toEqual(['LIVE_URL_UNREACHABLE']);
});

test('URLs that are not HTTP are not tried', async () => {
  expect(await ask('tftp://127.0.0.1/liveos.iso')).toMatchObject({ status: null, codes: [] });
});
