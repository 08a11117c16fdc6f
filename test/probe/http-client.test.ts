import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpClient } from '../../src/probe/http-client.ts';

const stop: (() => void)[] = [];

afterEach(() => {
  for (const each of stop.splice(0)) each();
});

/** A server that answers every request with these very bytes, then hangs up. `{port}` is its own. */
async function answering(...answers: readonly string[]): Promise<string> {
  let count = 0;
  const server: Server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      const answer = answers[Math.min(count, answers.length - 1)] ?? '';
      count += 1;
      socket.end(answer.replaceAll('{port}', String((server.address() as AddressInfo).port)));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stop.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
}

function client(signal = new AbortController().signal) {
  const made = createHttpClient('127.0.0.1', signal);
  stop.push(() => made.close());
  return made;
}

async function get(url: string, range?: { first: number; last: number }): Promise<string> {
  const pieces: Uint8Array[] = [];
  try {
    await client().getByHttp(url, range, (piece) => pieces.push(piece));
    return Buffer.concat(pieces).toString();
  } catch (error) {
    return (error as Error).message;
  }
}

describe('a file as GRUB gets it by HTTP', () => {
  it('comes whole', async () => {
    expect(await get(await answering('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'))).toBe('hello');
  });

  it.each([
    [
      'a header in lower case, which GRUB does not know',
      'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello',
      'writes "content-length"',
    ],
    ['chunks without a length', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 'writes "(none)"'],
    [
      'a redirect, which GRUB does not follow',
      'HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /x\r\n\r\n',
      'status 302',
    ],
    ['less than was announced', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello', 'cannot be fetched'],
    ['no HTTP at all', 'SSH-2.0-OpenSSH\r\n', 'cannot be fetched'],
    ['nothing', '', 'cannot be fetched'],
  ])('does not come with %s', async (_, answer, reason) => {
    expect(await get(await answering(answer))).toContain(reason);
  });
});

describe('a part of a file', () => {
  it('is the one that was asked for', async () => {
    const answer = 'HTTP/1.1 206 Partial Content\r\nContent-Length: 2\r\nContent-Range: bytes 1-2/5\r\n\r\nel';
    expect(await get(await answering(answer), { first: 1, last: 2 })).toBe('el');
    expect(await get(await answering(answer), { first: 2, last: 3 })).toContain('Content-Range is "bytes 1-2/5"');
  });

  it('is not the whole file', async () => {
    const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
    expect(await get(await answering(answer), { first: 1, last: 2 })).toContain('status 200 for a range');
  });
});

describe('the size of a file', () => {
  it('is asked for where the redirects lead, as curl does', async () => {
    const url = await answering(
      'HTTP/1.1 301 Moved\r\nContent-Length: 0\r\nLocation: http://127.0.0.1:{port}/other\r\nConnection: close\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\n',
    );
    expect(await client().headByHttp(url)).toEqual({ sizeBytes: 7, url: url.replace('/file', '/other') });
  });

  it('is not looked for where a redirect leads nowhere', async () => {
    const url = await answering('HTTP/1.1 301 Moved\r\nContent-Length: 0\r\nLocation: http://[\r\n\r\n');
    await expect(client().headByHttp(url)).rejects.toMatchObject({ code: 'PROBE_HTTP_FAILED' });
  });

  it('is not looked for in a circle', async () => {
    const url = await answering(
      'HTTP/1.1 301 Moved\r\nContent-Length: 0\r\nLocation: /file\r\nConnection: close\r\n\r\n',
    );
    await expect(client().headByHttp(url)).rejects.toThrow('redirects');
  });

  it('is not known where nobody listens, or where the time is over', async () => {
    await expect(client().headByHttp('http://127.0.0.1:1/file')).rejects.toMatchObject({ code: 'PROBE_HTTP_FAILED' });
    const over = AbortSignal.abort(new Error('over'));
    await expect(client(over).headByHttp('http://127.0.0.1:1/file')).rejects.toThrow('over');
  });
});
