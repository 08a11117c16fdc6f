import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { BootFile, ResolveBootFile } from '../boot/files.ts';
import type { Report } from '../boot/timeline.ts';
import type { Clock } from '../platform/clock.ts';
import { sendBody } from './body.ts';
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

/** RFC 9110 §13.1.2, with strong tags only: a tag is the SHA-256 of the file. */
function matches(header: string | undefined, tag: string): boolean {
  const tags = header?.split(',').map((part) => part.trim()) ?? [];
  return tags.includes(tag) || tags.includes('*');
}

function chooseRange(request: FastifyRequest, file: BootFile, tag: string): ByteRange | 'unsatisfiable' | undefined {
  const ifRange = request.headers['if-range'];
  if (typeof ifRange === 'string' && ifRange !== tag) return undefined;
  return parseRange(request.headers.range, file.sizeBytes);
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number>>;
  /** Absent: an answer without bytes. */
  readonly part?: ByteRange;
}

function decide(request: FastifyRequest, file: BootFile): Answer {
  const tag = `"${file.sha256}"`;
  const range = chooseRange(request, file, tag);
  if (range === 'unsatisfiable') {
    return { status: 416, headers: { 'Content-Length': 0, 'Content-Range': `bytes */${file.sizeBytes}` } };
  }
  if (range === undefined && matches(request.headers['if-none-match'], tag))
    return { status: 304, headers: { ETag: tag } };
  const part = range ?? { start: 0, end: file.sizeBytes - 1 };
  return {
    status: range === undefined ? 200 : 206,
    part,
    headers: {
      'Content-Length': part.end + 1 - part.start,
      'Content-Type': contentType(file.path),
      'Accept-Ranges': 'bytes',
      ETag: tag,
      ...(range === undefined ? {} : { 'Content-Range': `bytes ${part.start}-${part.end}/${file.sizeBytes}` }),
    },
  };
}

/** Boot files over HTTP: GET and HEAD, one range, entity tags. */
export function serveBootFiles(server: FastifyInstance, { resolve, report, clock }: BootFilesOptions): void {
  async function handle(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const path = pathOf(request);
    const address = addressOf(request);
    const file = path === undefined ? undefined : await resolve(path, { protocol: 'http', address });
    if (path === undefined || file === undefined) {
      report({ step: 'missing', protocol: 'http', address, path: path ?? request.url });
      return reply.code(404).type('text/plain; charset=utf-8').send('There is no such file here.\n');
    }
    const { status, headers, part } = decide(request, file);
    // Past fastify, which writes names in lower case: GRUB compares `Content-Length` letter by letter
    // (grub-core/net/http.c), and shim 16.0 wants it first.
    reply.hijack();
    reply.raw.writeHead(status, headers);
    if (part === undefined || request.method === 'HEAD' || part.end < part.start) {
      reply.raw.end();
      return reply;
    }
    const startedMs = clock.nowMs();
    const body = await sendBody(file, part, reply.raw);
    report({
      step: 'served',
      protocol: 'http',
      address,
      path,
      sizeBytes: part.end + 1 - part.start,
      durationMs: clock.nowMs() - startedMs,
      ...body,
    });
    return reply;
  }

  server.get('/*', { exposeHeadRoute: false }, handle);
  server.head('/*', handle);
}
