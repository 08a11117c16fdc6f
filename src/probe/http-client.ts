import http from 'node:http';
import https from 'node:https';
import { BootwrightError } from '../errors.ts';
import type { ByteRange, Clients, Sink } from './clients.ts';

/** Without a byte. */
const patienceMs = 30_000;
const redirectLimit = 10;

type HttpClient = Pick<Clients, 'headByHttp' | 'getByHttp'> & { close(): void };

/** HTTP as GRUB and curl speak it, over connections that stay open. */
export function createHttpClient(localAddress: string, signal: AbortSignal): HttpClient {
  const agents = {
    'http:': new http.Agent({ keepAlive: true, maxSockets: 1 }),
    'https:': new https.Agent({ keepAlive: true, maxSockets: 1 }),
  };

  function ask(url: string, method: 'GET' | 'HEAD', headers: Record<string, string>): Promise<http.IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
    const protocol = new URL(url).protocol === 'https:' ? 'https:' : 'http:';
    const { request } = protocol === 'https:' ? https : http;
    const local = localAddress.startsWith('127.') ? {} : { localAddress };
    const options = { method, headers, signal, agent: agents[protocol], timeout: patienceMs, ...local };
    const asked = request(url, options, resolve);
    asked.on('timeout', () => asked.destroy(new Error(`nothing came for ${patienceMs / 1000} s`)));
    asked.on('error', reject);
    asked.end();
    return promise;
  }

  return {
    async headByHttp(first) {
      let url = first;
      for (let redirects = 0; redirects <= redirectLimit; redirects += 1) {
        const answer = await attempt(url, () => ask(url, 'HEAD', {}));
        answer.resume();
        const { statusCode = 0, headers } = answer;
        if (statusCode < 300 || statusCode >= 400 || headers.location === undefined) {
          if (statusCode !== 200) throw failed(url, `status ${statusCode}`);
          return { url, sizeBytes: lengthOf(answer, url) };
        }
        const next = URL.parse(headers.location, url);
        if (next === null) throw failed(url, `it redirects to "${headers.location}", which is no URL`);
        url = next.href;
      }
      throw failed(first, `more than ${redirectLimit} redirects`);
    },
    async getByHttp(url, range, sink) {
      const headers = range === undefined ? {} : { Range: `bytes=${range.first}-${range.last}` };
      await attempt(url, async () => {
        const answer = await ask(url, 'GET', headers);
        try {
          if (range === undefined) checkForGrub(answer, url);
          else checkRange(answer, range, url);
          await take(answer, lengthOf(answer, url), url, sink);
        } catch (error) {
          answer.destroy();
          throw error;
        }
      });
    },
    close() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };

  async function attempt<Result>(url: string, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof BootwrightError) throw error;
      throw failed(url, error instanceof Error ? error.message : String(error), error);
    }
  }
}

function failed(url: string, reason: string, cause?: unknown): BootwrightError {
  return new BootwrightError('PROBE_HTTP_FAILED', { url, reason }, { cause });
}

function lengthOf({ headers }: http.IncomingMessage, url: string): number {
  const length = headers['content-length'] ?? '';
  if (!/^\d{1,15}$/.test(length)) throw failed(url, 'the answer has no Content-Length');
  return Number(length);
}

/** GRUB takes 200 and 206, follows nothing, and compares names letter by letter (grub-core/net/http.c). */
function checkForGrub({ statusCode = 0, rawHeaders }: http.IncomingMessage, url: string): void {
  if (statusCode !== 200 && statusCode !== 206) throw failed(url, `status ${statusCode}`);
  const names = rawHeaders.filter((_, index) => index % 2 === 0);
  const length = names.find((name) => name.toLowerCase() === 'content-length');
  if (length !== 'Content-Length') {
    throw failed(url, `GRUB knows the header Content-Length only, and this server writes "${length ?? '(none)'}"`);
  }
}

function checkRange({ statusCode = 0, headers }: http.IncomingMessage, { first, last }: ByteRange, url: string): void {
  if (statusCode !== 206) throw failed(url, `status ${statusCode} for a range, instead of 206`);
  const answered = headers['content-range'] ?? '(none)';
  if (!answered.startsWith(`bytes ${first}-${last}/`)) {
    throw failed(url, `Content-Range is "${answered}", and bytes ${first}-${last} were asked for`);
  }
}

async function take(answer: http.IncomingMessage, length: number, url: string, sink: Sink): Promise<void> {
  let received = 0;
  for await (const piece of answer as AsyncIterable<Uint8Array>) {
    received += piece.byteLength;
    sink(piece);
  }
  if (received !== length) throw failed(url, `${received} of ${length} bytes came`);
}
