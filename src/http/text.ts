import type { FastifyReply } from 'fastify';

/**
 * A short answer for people. Past fastify, which writes names of headers in lower case: GRUB compares `Content-Length`
 * letter by letter (grub-core/net/http.c).
 */
export function sendText(
  reply: FastifyReply,
  status: number,
  line: string,
  headers: Readonly<Record<string, string>> = {},
): FastifyReply {
  const body = Buffer.from(`${line}\n`);
  reply.hijack();
  reply.raw.writeHead(status, {
    'Content-Length': body.byteLength,
    'Content-Type': 'text/plain; charset=utf-8',
    ...headers,
  });
  reply.raw.end(body);
  return reply;
}
