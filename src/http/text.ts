import type { FastifyReply } from 'fastify';

/**
 * A short answer for people. Past fastify, which writes names of headers in lower case: GRUB compares `Content-Length`
 * letter by letter (grub-core/net/http.c).
 *
 * GRUB is told of an empty file. It takes no notice of a status that is not 200: the line would be what is in the file.
 * And it takes the header after such a status for the status again; were that Content-Length, it would wait for half a
 * minute for more.
 */
export function sendText(
  reply: FastifyReply,
  status: number,
  line: string,
  headers: Readonly<Record<string, string>> = {},
): FastifyReply {
  const isGrub = reply.request.headers['user-agent']?.startsWith('GRUB ') === true;
  const body = Buffer.from(isGrub ? '' : `${line}\n`);
  reply.hijack();
  reply.raw.writeHead(status, {
    ...(isGrub ? { 'Cache-Control': 'no-store' } : {}),
    'Content-Length': body.byteLength,
    'Content-Type': 'text/plain; charset=utf-8',
    ...headers,
  });
  reply.raw.end(body);
  return reply;
}
