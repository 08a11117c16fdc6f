import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { BootFile, ResolveBootFile } from '../boot/files.ts';
import type { Report } from '../boot/timeline.ts';
import type { Clock } from '../platform/clock.ts';
import { bodyOf } from './body.ts';
import { contentType } from './content-types.ts';
import { type ByteRange, parseRange } from './range.ts';

export interface BootFilesOptions {
  readonly resolve: ResolveBootFile;
  readonly report: Report;
  readonly clock: Clock;
}

/** IPv4 address of the other end, also where the socket speaks IPv6. */
function addressOf(request: FastifyRequest): string {
  return request.ip.replace(/^::ffff:/, '');
}

function pathOf(request: FastifyRequest): string | undefined {
  try {
    return decodeURIComponent(request.url.split('?', 1)[0] as string);
  } catch {
    return undefined;
  }
}

/** RFC 9110 §13.1.2 and §13.1.5, with strong tags only: a tag is the SHA-256 of the file. */
function matches(header: string | undefined, tag: string): boolean {
  return header !== undefined && header.split(',').some((part) => part.trim() === tag || part.trim() === '*');
}

function chooseRange(request: FastifyRequest, file: BootFile, tag: string): ByteRange | 'unsatisfiable' | undefined {
  const ifRange = request.headers['if-range'];
  if (typeof ifRange === 'string' && ifRange !== tag) return undefined;
  return parseRange(request.headers.range, file.sizeBytes);
}

/** Boot files over HTTP: GET and HEAD, one range, entity tags. */
export function serveBootFiles(server: FastifyInstance, { resolve, report, clock }: BootFilesOptions): void {
  /** Tells the timeline how the answer ended: the last byte went out, or the machine went away before. */
  function follow(request: FastifyRequest, reply: FastifyReply, path: string, sizeBytes: number): void {
    const startedMs = clock.nowMs();
    const socket = request.raw.socket;
    const before = socket.bytesWritten;
    reply.raw.once('close', () => {
      const complete = reply.raw.writableFinished;
      report({
        step: 'served',
        protocol: 'http',
        address: addressOf(request),
        path,
        sizeBytes,
        sentBytes: complete ? sizeBytes : Math.min(sizeBytes, Math.max(0, socket.bytesWritten - before)),
        durationMs: clock.nowMs() - startedMs,
        outcome: complete ? 'complete' : 'aborted',
      });
    });
  }

  server.get('/*', { exposeHeadRoute: false }, handle);
  server.head('/*', handle);

  async function handle(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const path = pathOf(request);
    const address = addressOf(request);
    const file = path === undefined ? undefined : await resolve(path, { protocol: 'http', address });
    if (path === undefined || file === undefined) {
      report({ step: 'missing', protocol: 'http', address, path: path ?? request.url });
      return reply.code(404).type('text/plain; charset=utf-8').send('There is no such file here.\n');
    }
    const tag = `"${file.sha256}"`;
    // The case of these names and their order matter to firmware: shim 16.0 wants Content-Length first, GRUB's own
    // HTTP compares `Content-Length` letter by letter (grub-core/net/http.c).
    const range = chooseRange(request, file, tag);
    if (range === 'unsatisfiable') {
      return reply.code(416).header('Content-Range', `bytes */${file.sizeBytes}`).send();
    }
    if (range === undefined && matches(request.headers['if-none-match'], tag)) {
      return reply.code(304).header('ETag', tag).send();
    }
    const part = range ?? { start: 0, end: file.sizeBytes - 1 };
    const length = part.end + 1 - part.start;
    reply
      .code(range === undefined ? 200 : 206)
      .header('Content-Length', length)
      .header('Content-Type', contentType(file.path))
      .header('Accept-Ranges', 'bytes')
      .header('ETag', tag);
    if (range !== undefined) reply.header('Content-Range', `bytes ${part.start}-${part.end}/${file.sizeBytes}`);
    if (request.method === 'HEAD') return reply.send();
    follow(request, reply, path, length);
    return length === 0 ? reply.send('') : reply.send(bodyOf(file, part));
  }
}
