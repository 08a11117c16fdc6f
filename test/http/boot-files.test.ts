import { createHash } from 'node:crypto';
import { connect, createServer, type Socket } from 'node:net';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Asker, BootFile } from '../../src/boot/files.ts';
import type { BootEvent } from '../../src/boot/timeline.ts';
import { hasCode } from '../../src/errors.ts';
import { BlockCache } from '../../src/http/block-cache.ts';
import { type HttpServer, startHttpServer } from '../../src/http/server.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { ByteSource } from '../../src/platform/files.ts';
import { bootFileInMemory, numberedBytes } from '../support/boot-file-in-memory.ts';
import { describeWith } from '../support/programs.ts';
import { readAnswers, sendRaw } from './raw-http.ts';

const address = '127.0.0.1';
const content = numberedBytes(3_000_000);
const sha256 = createHash('sha256').update(content).digest('hex');
const tag = `"${sha256}"`;
const events: BootEvent[] = [];
const asked: string[] = [];
const askers: Asker[] = [];
let server: HttpServer;
let base: string;

const files = new Map<string, BootFile>(
  ['live.iso', 'bootx64.efi', 'efi.img', 'grub.cfg', 'manifest.json', 'vmlinuz', 'name with %.txt'].map((path) => [
    path,
    bootFileInMemory(path, content),
  ]),
);
files.set('empty', bootFileInMemory('empty', new Uint8Array(0)));
files.set('small', { ...bootFileInMemory('small', Buffer.from('0123456789')), sha256 });
files.set('unreadable', {
  ...bootFileInMemory('unreadable', content),
  open: () => Promise.reject(new Error('the disk is gone')),
});
files.set('cut', { ...bootFileInMemory('cut', content.subarray(0, 2_000_000)), sizeBytes: content.length });
files.set(`${'a/'.repeat(100)}deep`, bootFileInMemory('deep', content));

function options(port = 0, host = address) {
  return {
    address: host,
    port,
    clock: systemClock,
    cache: new BlockCache(4 * 1024 * 1024),
    report: (event: BootEvent) => events.push(event),
    health: () => ({ activeRelease: 'r' }),
    resolve: async (path: string, asker: Asker) => {
      asked.push(path);
      askers.push(asker);
      return files.get(path.replace(/^\/+/, ''));
    },
  };
}

beforeAll(async () => {
  server = await startHttpServer(options());
  base = `http://${address}:${server.port}`;
});
beforeEach(() => {
  events.length = 0;
  asked.length = 0;
  askers.length = 0;
});
afterAll(() => server.close(0));

/** One request on a connection of its own, answer by answer as it went over the wire. */
async function ask(method: string, path: string, headers: Record<string, string> = {}) {
  const lines = Object.entries({ Host: 'x', Connection: 'close', ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const heard = await sendRaw(server.port, `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  const [answer] = readAnswers(heard, [method]);
  if (answer === undefined) throw new Error('no answer');
  const header = new Map(answer.headers);
  return { ...answer, code: Number(answer.status.split(' ')[1]), header, names: answer.headers.map(([name]) => name) };
}

describe('what GRUB and shim rely on', () => {
  it.each([
    ['GET', '/small', {}, 200, '10'],
    ['HEAD', '/small', {}, 200, '10'],
    ['GET', '/small', { Range: 'bytes=4-' }, 206, '6'],
    ['GET', '/empty', {}, 200, '0'],
    ['GET', '/none', {}, 404, '28'],
    ['HEAD', '/none', {}, 404, '28'],
    ['GET', '/small', { Range: 'bytes=10-' }, 416, '0'],
  ])('%s %s %j: Content-Length is the first header and written so', async (method, path, headers, code, length) => {
    const answer = await ask(method, path, headers);
    expect(answer.code).toBe(code);
    expect(answer.headers[0]).toEqual(['Content-Length', length]);
    expect(answer.names).not.toContain('Transfer-Encoding');
    expect(answer.names.every((name) => /^(ETag|([A-Z][a-z]+)(-[A-Z][a-z]+)*)$/.test(name))).toBe(true);
  });

  it.each(['/none', '/unreadable'])('to GRUB, %s is an empty file, after a header that it overlooks', async (path) => {
    const answer = await ask('GET', path, { 'User-Agent': 'GRUB 2.06-13+deb12u2' });
    expect(answer.headers.slice(0, 2)).toEqual([
      ['Cache-Control', 'no-store'],
      ['Content-Length', '0'],
    ]);
    expect(answer.body).toBe('');
  });

  it('HEAD says exactly what GET says, without a body', async () => {
    const withoutDate = (headers: readonly (readonly [string, string])[]) =>
      headers.filter(([name]) => name !== 'Date');
    const [get, head] = [await ask('GET', '/small'), await ask('HEAD', '/small')];
    expect(withoutDate(head.headers)).toEqual(withoutDate(get.headers));
    expect([get.body, head.body]).toEqual(['0123456789', '']);
  });

  it('several requests go over one connection, also after a file that is not there', async () => {
    const methods = ['GET', 'HEAD', 'GET', 'GET'];
    const paths = ['/none', '/small', '/empty', '/small'];
    const requests = methods.map((method, index) => `${method} ${paths[index]} HTTP/1.1\r\nHost: x\r\n`);
    const heard = await sendRaw(server.port, `${requests.join('\r\n')}Connection: close\r\n\r\n`);
    const answers = readAnswers(heard, methods);
    expect(answers.map(({ status }) => status.split(' ')[1])).toEqual(['404', '200', '200', '200']);
    expect(answers.map(({ body }) => body)).toEqual(['There is no such file here.\n', '', '', '0123456789']);
  });

  it("shim's double slash and names in percent code reach the file", async () => {
    expect((await ask('GET', '//bootx64.efi', { Range: 'bytes=0-0' })).code).toBe(206);
    expect((await ask('HEAD', '/name%20with%20%25.txt')).code).toBe(200);
    expect((await ask('HEAD', '/%76mlinuz?x=y')).code).toBe(200);
    expect((await ask('HEAD', `/${'a/'.repeat(100)}deep`)).code).toBe(200);
    expect(asked).toEqual(['//bootx64.efi', '/name with %.txt', '/vmlinuz', `/${'a/'.repeat(100)}deep`]);
  });

  it('the URL as a proxy would write it', async () => {
    expect((await ask('GET', `http://${address}:80/small`)).body).toBe('0123456789');
    expect((await ask('HEAD', 'HTTP://x')).code).toBe(404);
  });

  it.each([
    ['bootx64.efi', 'application/efi'],
    ['live.iso', 'application/vnd.efi-iso'],
    ['efi.img', 'application/vnd.efi-img'],
    ['grub.cfg', 'text/plain; charset=utf-8'],
    ['manifest.json', 'application/json; charset=utf-8'],
    ['vmlinuz', 'application/octet-stream'],
  ])('%s is %s', async (path, type) => {
    expect((await ask('HEAD', `/${path}`)).header.get('Content-Type')).toBe(type);
  });
});

describe('ranges and entity tags', () => {
  it.each([
    ['bytes=0-0', 206, '0', 'bytes 0-0/10'],
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-2', 206, '89', 'bytes 8-9/10'],
    ['bytes=10-', 416, '', 'bytes */10'],
    ['bytes=0-4,3-6', 206, '0123456', 'bytes 0-6/10'],
    ['bytes=0-1,10-', 206, '01', 'bytes 0-1/10'],
    ['bytes=10-,-0', 416, '', 'bytes */10'],
    ['bytes=0-1,9-8', 200, '0123456789', undefined],
  ])('%s: %d', async (range, code, body, contentRange) => {
    const answer = await ask('GET', '/small', { Range: range });
    expect([answer.code, answer.body, answer.header.get('Content-Range')]).toEqual([code, body, contentRange]);
  });

  it('several ranges come as parts, each with its place, and Content-Length is that of all of it', async () => {
    const answer = await ask('GET', '/small', { Range: 'bytes=7-8,0-1' });
    const boundary = `bootwright-${sha256.slice(0, 32)}`;
    const part = (place: string, bytes: string) =>
      `--${boundary}\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes ${place}/10\r\n\r\n${bytes}\r\n`;
    const body = `${part('7-8', '78')}${part('0-1', '01')}--${boundary}--\r\n`;
    expect([answer.code, answer.body]).toEqual([206, body]);
    expect(answer.headers[0]).toEqual(['Content-Length', `${body.length}`]);
    expect(answer.header.get('Content-Type')).toBe(`multipart/byteranges; boundary=${boundary}`);
    expect(answer.header.get('Content-Range')).toBeUndefined();
    expect(events).toMatchObject([{ outcome: 'complete', sizeBytes: body.length, sentBytes: body.length }]);
  });

  it.each<[string, Record<string, string>, number, string | undefined]>([
    ['GET', { 'If-None-Match': tag }, 304, undefined],
    ['HEAD', { 'If-None-Match': `"other", W/${tag}` }, 304, undefined],
    ['GET', { 'If-None-Match': '*' }, 304, undefined],
    ['GET', { 'If-None-Match': '"other"' }, 200, '10'],
    ['GET', { 'If-None-Match': tag, Range: 'bytes=0-0' }, 304, undefined],
    ['GET', { 'If-None-Match': tag, Range: 'bytes=99-' }, 304, undefined],
    ['GET', { 'If-Range': tag, Range: 'bytes=0-0' }, 206, '1'],
    ['GET', { 'If-Range': `W/${tag}`, Range: 'bytes=0-0' }, 200, '10'],
    ['GET', { 'If-Range': '"other"', Range: 'bytes=0-0' }, 200, '10'],
    ['GET', { 'If-Range': 'Fri, 20 Nov 2026 10:00:00 GMT', Range: 'bytes=0-0' }, 200, '10'],
    ['GET', { 'If-Match': tag }, 200, '10'],
    ['GET', { 'If-Match': '*' }, 200, '10'],
    ['GET', { 'If-Match': '"other"' }, 412, '0'],
    ['HEAD', { 'If-Match': '"other"' }, 412, '0'],
    // Strongly compared: what is marked as weak is no match.
    ['GET', { 'If-Match': `W/${tag}` }, 412, '0'],
    ['GET', { 'If-Match': '"other"', 'If-None-Match': tag }, 412, '0'],
    ['GET', { 'If-Match': tag, 'If-None-Match': tag }, 304, undefined],
    // Files have no date here.
    ['GET', { 'If-Modified-Since': 'Fri, 20 Nov 2099 10:00:00 GMT' }, 200, '10'],
    ['GET', { 'If-Unmodified-Since': 'Fri, 20 Nov 1970 10:00:00 GMT' }, 200, '10'],
    // Ranges are for GET alone: RFC 9110 §14.2.
    ['HEAD', { Range: 'bytes=0-0' }, 200, '10'],
  ])('%s %j: %d', async (method, headers, code, length) => {
    const answer = await ask(method, '/small', headers);
    expect([answer.code, answer.header.get('Content-Length')]).toEqual([code, length]);
    expect(answer.header.get('ETag')).toBe(tag);
  });
});

describe('what is refused: in plain text, without a word about the inside', () => {
  it.each([
    ['GET', '/none', 404, 'There is no such file here.\n'],
    ['GET', '/%', 400, 'This is no URL.\n'],
    ['GET', '/%ff%fe', 400, 'This is no URL.\n'],
    ['POST', '/small', 405, 'Only GET and HEAD are served.\n'],
    ['PUT', '/new', 405, 'Only GET and HEAD are served.\n'],
    ['DELETE', '/small', 405, 'Only GET and HEAD are served.\n'],
    ['OPTIONS', '*', 405, 'Only GET and HEAD are served.\n'],
    ['GET', '/unreadable', 500, 'The server failed to read this file; its log says why.\n'],
  ])('%s %s: %d', async (method, path, code, body) => {
    const answer = await ask(method, path);
    expect([answer.code, answer.body]).toEqual([code, body]);
    expect(answer.header.get('Content-Type')).toBe('text/plain; charset=utf-8');
    if (code === 405) expect(answer.header.get('Allow')).toBe('GET, HEAD');
  });

  it.each([
    'nonsense\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00',
    `GET /${'x'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
    `GET / HTTP/1.1\r\n${'X: y\r\n'.repeat(20_000)}\r\n`,
    'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n{',
    'GET /small HTTP/1.1\r\nHost: x\r\nHost: y\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc',
  ])('%j', async (text) => {
    const heard = await sendRaw(server.port, text, 500);
    expect(heard).toMatch(/^(|HTTP\/1\.1 4\d\d [^{]*)$/s);
    expect(heard).not.toMatch(/node_modules|\.ts\b|FST_|"error"/);
    expect((await ask('GET', '/small')).body).toBe('0123456789');
  });
});

it('the address under which a machine reached us is told with what it asks for, and IPv4 is IPv4', async () => {
  const everywhere = await startHttpServer(options(0, '::'));
  for (const host of ['127.0.0.5', '[::1]']) await fetch(`http://${host}:${everywhere.port}/small`);
  await everywhere.close(0);
  expect(askers).toEqual([
    { protocol: 'http', address: '127.0.0.1', local: '127.0.0.5' },
    { protocol: 'http', address: '::1', local: '::1' },
  ]);
});

describe('what is told', () => {
  it('of a file that was sent, of its head alone, of one that is not there, and of one that cannot be read', async () => {
    await ask('GET', '/small', { Range: 'bytes=2-4' });
    await ask('HEAD', '/small');
    await ask('GET', '/none');
    await ask('GET', '/unreadable');
    const told = { protocol: 'http', address, durationMs: expect.any(Number) };
    expect(events).toEqual([
      { ...told, step: 'served', path: '/small', sizeBytes: 3, sentBytes: 3, outcome: 'complete' },
      { ...told, step: 'served', path: '/small', sizeBytes: 10, sentBytes: 0, outcome: 'probed' },
      { step: 'missing', protocol: 'http', address, path: '/none' },
      {
        ...told,
        step: 'served',
        path: '/unreadable',
        sizeBytes: 0,
        sentBytes: 0,
        outcome: 'failed',
        detail: 'the disk is gone',
      },
    ]);
  });

  it('of a file that ends too early: the machine sees a broken connection, not a short file', async () => {
    const answer = await ask('GET', '/cut');
    expect(answer.body.length).toBeLessThan(content.length);
    expect(events).toMatchObject([{ outcome: 'failed', detail: 'the file ended at byte 2000000' }]);
  });
});

describe('readers that take nothing', () => {
  /** More than the sockets of both sides take in. */
  const large = bootFileInMemory('large', numberedBytes(16 * 1024 * 1024));
  const sources = new Set<ByteSource>();
  let mostSources = 0;
  files.set('large', {
    ...large,
    async open() {
      const source = { ...(await large.open()), close: async () => void sources.delete(source) };
      sources.add(source);
      mostSources = Math.max(mostSources, sources.size);
      return source;
    },
  });

  /** A connection on which nothing is read, with these requests on it. */
  function stall(requests: string): Socket {
    const reader = connect(server.port, address);
    reader.on('error', () => {});
    reader.pause();
    reader.write(requests);
    return reader;
  }

  it('who asks a hundred times in one packet has one file open, and none when it is gone', async () => {
    const reader = stall('GET /large HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(100));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect([sources.size, mostSources]).toEqual([1, 1]);
    reader.resetAndDestroy();
    await expect.poll(() => sources.size).toBe(0);
    expect(events).toMatchObject([{ path: '/large', outcome: 'aborted' }]);
  });

  it('however much of the cache they hold, others get their bytes', async () => {
    const stalled = Array.from({ length: 8 }, (_, index) =>
      stall(`GET /large HTTP/1.1\r\nHost: x\r\nRange: bytes=${index * 1024 * 1024}-\r\n\r\n`),
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    const whole = await fetch(`${base}/live.iso`);
    expect(
      createHash('sha256')
        .update(await whole.bytes())
        .digest('hex'),
    ).toBe(sha256);
    const part = await fetch(`${base}/live.iso`, { headers: { Range: 'bytes=1048570-1200000' } });
    expect(Buffer.from(content.subarray(1_048_570, 1_200_001)).equals(await part.bytes())).toBe(true);
    for (const reader of stalled) reader.destroy();
  });
});

it('the health of the server', async () => {
  const response = await fetch(`${base}/healthz`);
  expect(await response.json()).toEqual({ status: 'ok', activeRelease: 'r' });
});

describe('what cannot be listened on', () => {
  async function codeOf(starting: Promise<HttpServer>): Promise<unknown> {
    const error: unknown = await starting.catch((reason: unknown) => reason);
    return (
      ['TCP_PORT_IN_USE', 'TCP_ADDRESS_NOT_HERE'].find((code) => hasCode(error, code as 'TCP_PORT_IN_USE')) ?? error
    );
  }
  it('a port in use, an address of another machine', async () => {
    const other = createServer().listen(0, address);
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    expect(await codeOf(startHttpServer(options(port)))).toBe('TCP_PORT_IN_USE');
    other.close();
    expect(await codeOf(startHttpServer(options(0, '192.0.2.1')))).toBe('TCP_ADDRESS_NOT_HERE');
  });
});

it('a machine that was switched off in the middle of a file has no connection any more once it starts anew', async () => {
  const reader = connect(server.port, address);
  const ended = new Promise((resolve) => reader.once('close', resolve));
  const errors: NodeJS.ErrnoException[] = [];
  reader.on('error', (error) => errors.push(error));
  reader.pause();
  reader.write('GET /live.iso HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(20));
  await new Promise((resolve) => setTimeout(resolve, 300));
  server.forget(['192.0.2.1']);
  expect(reader.closed).toBe(false);
  server.forget([address]);
  reader.resume();
  await ended;
  // No FIN, behind which the old connection would linger until all of the file is taken.
  expect(errors.map(({ code }) => code)).toEqual(['ECONNRESET']);
});

describe('closing', () => {
  it('waits for an answer that is under way, and not for the connection after it', async () => {
    const own = await startHttpServer(options());
    const requests = 'GET /live.iso HTTP/1.1\r\nHost: x\r\n\r\n';
    const heard = sendRaw(own.port, requests);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const startedMs = Date.now();
    await own.close(10_000);
    expect(Date.now() - startedMs).toBeLessThan(3000);
    const [answer] = readAnswers(await heard, ['GET']);
    expect(answer?.body.length).toBe(content.length);
  });

  it('does not wait longer than it may for a reader that takes nothing', async () => {
    const own = await startHttpServer(options());
    const reader = connect(own.port, address);
    reader.on('error', () => {});
    reader.pause();
    reader.write('GET /live.iso HTTP/1.1\r\nHost: x\r\n\r\nGET /live.iso HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(20));
    await new Promise((resolve) => setTimeout(resolve, 300));
    const startedMs = Date.now();
    await own.close(500);
    expect(Date.now() - startedMs).toBeGreaterThan(400);
    expect(Date.now() - startedMs).toBeLessThan(2000);
    reader.destroy();
  });
});

describeWith({ programs: ['curl'] }, 'curl, as dracut calls it', () => {
  const curl = async (...args: readonly string[]) => {
    const { stdout } = await execa(
      'curl',
      ['--globoff', '--location', '--retry', '3', '--retry-connrefused', '--fail', '--show-error', '--silent', ...args],
      { encoding: 'buffer', maxBuffer: 10_000_000 },
    );
    return createHash('sha256').update(stdout).digest('hex');
  };

  it('gets the whole file, also when it goes on after a break', async () => {
    expect(await curl(`${base}/live.iso`)).toBe(sha256);
    const rest = createHash('sha256').update(content.subarray(1_234_567)).digest('hex');
    expect(await curl('--continue-at', '1234567', `${base}/live.iso`)).toBe(rest);
  });

  it('gets several parts at once, as another program puts them together', async () => {
    const { stdout } = await execa('curl', ['-sf', '--range', '0-99,1048570-1048700,-7', `${base}/live.iso`], {
      encoding: 'buffer',
    });
    const [first, second, last] = [[0, 100], [1_048_570, 1_048_701], [-7]].map((bounds) => content.subarray(...bounds));
    for (const part of [first, second, last]) {
      expect(Buffer.from(stdout).includes(Buffer.concat([Buffer.from('\r\n\r\n'), part as Uint8Array]))).toBe(true);
    }
  });

  it('asks again for a file that it has, and gets nothing', async () => {
    const { stdout } = await execa('curl', [
      '-s',
      '-w',
      '%{http_code}',
      '-H',
      `If-None-Match: ${tag}`,
      `${base}/live.iso`,
    ]);
    expect(stdout).toBe('304');
  });

  it('fails at once where there is no such file', async () => {
    const { exitCode, stderr } = await execa('curl', ['--fail', '-sS', `${base}/none.iso`], { reject: false });
    expect([exitCode, stderr]).toEqual([22, expect.stringContaining('404')]);
  });
});
