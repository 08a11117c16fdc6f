import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { BootFile, ResolveBootFile } from '../boot/files.ts';
import type { Report } from '../boot/timeline.ts';
import type { Clock } from '../platform/clock.ts';
import { type Admission, createAdmission } from './admission.ts';
import { answerFor } from './answer.ts';
import type { BlockCache } from './block-cache.ts';
import { type Outcome, sendBody } from './body.ts';
import { sendText } from './text.ts';

export interface BootFilesOptions {
  readonly resolve: ResolveBootFile;
  readonly report: Report;
  readonly clock: Clock;
  /** What is kept of the files in memory; several servers may share one. */
  readonly cache: BlockCache;
  /** Who is sent how much, and when; several servers share one. Absent: 64 bodies at full speed. */
  readonly admission?: Admission;
}

/** An IPv4 address as such, also where the socket speaks IPv6; empty where the other end is gone already. */
export function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=[\d.]+$)/i, '');
}

/** `undefined` where the percent signs are no code. */
function pathOf(request: FastifyRequest): string | undefined {
  try {
    return decodeURIComponent(request.url.split('?', 1)[0] as string);
  } catch {
    return undefined;
  }
}

/**
 * Requests may come one after the other without waiting for their answers (RFC 9112 §9.3.2): a file is opened only once
 * all answers before it have been sent, or one small packet would open hundreds. Never resolves where the connection
 * breaks before that.
 */
async function turnOf(response: ServerResponse): Promise<void> {
  if (response.socket === null) await once(response, 'socket');
}

/** Boot files over HTTP: GET and HEAD, ranges, entity tags. */
export function serveBootFiles(server: FastifyInstance, options: BootFilesOptions): void {
  const { resolve, report, clock, cache } = options;
  const admission = options.admission ?? createAdmission({ maxTransfers: 64, maxPerMachine: 64, clock });

  async function handle(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    await turnOf(reply.raw);
    const path = pathOf(request);
    if (path === undefined) return sendText(reply, 400, 'This is no URL.');
    const { socket } = request.raw;
    const address = plainAddress(socket.remoteAddress);
    const startedMs = clock.elapsedMs();
    const tell = (sizeBytes: number, outcome: Outcome) => {
      const durationMs = clock.elapsedMs() - startedMs;
      report({ step: 'served', protocol: 'http', address, path, sizeBytes, durationMs, ...outcome });
    };
    try {
      const file = await resolve(path, { protocol: 'http', address, local: plainAddress(socket.localAddress) });
      if (file !== undefined) return await send(request, reply, file, tell);
    } catch (error) {
      tell(0, { outcome: 'failed', sentBytes: 0, detail: error instanceof Error ? error.message : String(error) });
      return sendText(reply, 500, 'The server failed to read this file; its log says why.');
    }
    report({ step: 'missing', protocol: 'http', address, path });
    return sendText(reply, 404, 'There is no such file here.');
  }

  /** Throws where the file can't be opened; then nothing has been sent. */
  async function send(
    request: FastifyRequest,
    reply: FastifyReply,
    file: BootFile,
    tell: (sizeBytes: number, outcome: Outcome) => void,
  ): Promise<FastifyReply> {
    const { status, headers, body } = answerFor(request.method, request.headers, file);
    const source = body === undefined || request.method === 'HEAD' ? undefined : await file.open();
    // Past fastify: see sendText.
    reply.hijack();
    reply.raw.writeHead(status, headers);
    if (body !== undefined && source !== undefined) {
      const machine = plainAddress(request.raw.socket.remoteAddress);
      const outcome = await sendBody({ ...body, file: { ...file, source }, machine }, reply.raw, cache, admission);
      tell(body.sizeBytes, outcome);
    } else {
      reply.raw.end();
      if (body !== undefined) tell(file.sizeBytes, { outcome: 'probed', sentBytes: 0 });
    }
    return reply;
  }

  server.get('/*', { exposeHeadRoute: false }, handle);
  server.head('/*', handle);
}
