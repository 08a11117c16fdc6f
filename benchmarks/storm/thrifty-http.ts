import { connect, type Socket } from 'node:net';
import { BootwrightError } from '../../src/errors.ts';
import type { ByteRange, Clients, Sink } from '../../src/probe/clients.ts';

type Http = Pick<Clients, 'headByHttp' | 'getByHttp'> & { close(): void };

/** Without a byte, as the probe's. */
const patienceMs = 30_000;

/** Whatever comes on any connection comes here, and has been looked at before the next read. */
const readBuffer = Buffer.allocUnsafeSlow(256 * 1024);

interface Answer {
  readonly status: number;
  /** As they are written, letter by letter. */
  readonly headers: ReadonlyMap<string, string>;
}

/**
 * The requests of the probe, over one connection that stays open, with all that comes read into one buffer. Node's own
 * client takes new memory for every read, and so a processor for 0.7 GB/s: machines have one each, and a storm has one
 * for all of them.
 */
export function createThriftyHttp(localAddress: string, signal: AbortSignal): Http {
  let socket: Socket | undefined;
  let hear: (bytes: Buffer) => void = () => {};
  let fail: (reason: Error) => void = () => {};

  function open(host: string, port: number): Socket {
    const opened = connect({
      host,
      port,
      localAddress,
      onread: {
        buffer: readBuffer,
        callback(count, bytes) {
          hear(Buffer.from(bytes.buffer, bytes.byteOffset, count));
          return true;
        },
      },
    });
    opened.setNoDelay(true);
    opened.setTimeout(patienceMs, () => opened.destroy(new Error(`nothing came for ${patienceMs / 1000} s`)));
    opened.on('error', (error) => fail(error));
    opened.on('close', () => {
      if (socket !== opened) return;
      socket = undefined;
      fail(new Error('the server ended the connection'));
    });
    return opened;
  }

  /** One exchange; `check` throws where a machine would stop at the head of the answer. */
  async function ask(
    method: 'GET' | 'HEAD',
    url: string,
    headers: string,
    check: (answer: Answer) => void,
    sink: Sink,
  ): Promise<number> {
    const { hostname, port, host, pathname } = new URL(url);
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    let head = '';
    let left: number | undefined;
    let lengthBytes = 0;
    const body = (bytes: Buffer) => {
      left = (left ?? 0) - bytes.length;
      if (left < 0) throw new Error('more bytes came than were announced');
      if (bytes.length > 0) sink(bytes);
      if (left === 0) resolve(lengthBytes);
    };
    fail = reject;
    hear = (bytes) => {
      try {
        if (left !== undefined) return body(bytes);
        const before = head.length;
        head += bytes.toString('latin1', 0, Math.min(bytes.length, 16_384));
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        const answer = readHead(head.slice(0, end));
        check(answer);
        lengthBytes = lengthOf(answer);
        left = method === 'HEAD' ? 0 : lengthBytes;
        body(bytes.subarray(end + 4 - before));
      } catch (error) {
        reject(error);
      }
    };
    const onAbort = () => reject(signal.reason);
    signal.throwIfAborted();
    signal.addEventListener('abort', onAbort);
    try {
      socket ??= open(hostname, Number(port || 80));
      socket.write(`${method} ${pathname} HTTP/1.1\r\nHost: ${host}\r\n${headers}\r\n`);
      return await promise;
    } catch (error) {
      socket?.destroy();
      if (signal.aborted) throw signal.reason;
      const reason = error instanceof Error ? error.message : String(error);
      throw error instanceof BootwrightError
        ? error
        : new BootwrightError('PROBE_HTTP_FAILED', { url, reason }, { cause: error });
    } finally {
      signal.removeEventListener('abort', onAbort);
      hear = () => {};
      fail = () => {};
    }
  }

  return {
    async headByHttp(url) {
      const check = ({ status }: Answer) => expectStatus(status, 200);
      return { url, sizeBytes: await ask('HEAD', url, '', check, () => {}) };
    },
    async getByHttp(url, range, sink) {
      const headers = range === undefined ? '' : `Range: bytes=${range.first}-${range.last}\r\n`;
      await ask('GET', url, headers, (answer) => checkAnswer(answer, range), sink);
    },
    close() {
      socket?.destroy();
    },
  };
}

function readHead(text: string): Answer {
  const [line = '', ...fields] = text.split('\r\n');
  const headers = new Map(
    fields.map((field) => {
      const colon = field.indexOf(':');
      return [field.slice(0, colon), field.slice(colon + 1).trim()];
    }),
  );
  return { status: Number(line.split(' ')[1]), headers };
}

function expectStatus(status: number, expected: number): void {
  if (status !== expected) throw new Error(`status ${status} in place of ${expected}`);
}

/** In the case in which GRUB wants it. */
function lengthOf({ headers }: Answer): number {
  const length = headers.get('Content-Length') ?? '';
  if (!/^\d{1,15}$/.test(length)) throw new Error('the answer has no Content-Length');
  return Number(length);
}

function checkAnswer({ status, headers }: Answer, range: ByteRange | undefined): void {
  expectStatus(status, range === undefined ? 200 : 206);
  const answered = headers.get('Content-Range') ?? '';
  if (range !== undefined && !answered.startsWith(`bytes ${range.first}-${range.last}/`)) {
    throw new Error(`Content-Range is "${answered}", and bytes ${range.first}-${range.last} were asked for`);
  }
}
