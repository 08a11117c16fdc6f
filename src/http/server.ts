import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { BootwrightError } from '../errors.ts';
import { type BootFilesOptions, plainAddress, serveBootFiles } from './boot-files.ts';
import { sendText } from './text.ts';

export interface HttpServerOptions extends BootFilesOptions {
  readonly address: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Whether all is well; the answer of `/healthz`. */
  readonly health: () => { readonly activeRelease: string | null };
}

export interface HttpServer {
  readonly port: number;
  /**
   * Resets what is still open to a machine at these addresses, which has been switched off since. GRUB numbers its ports
   * from 21550 in each boot, and does not get through where the same port is still open here (net/tcp.c): it takes the
   * acknowledgement of the old connection for that of its SYN, and ends in "connection timeout".
   */
  forget(addresses: readonly string[]): void;
  /** Takes no new connection; answers under way may end within `graceMs` milliseconds. */
  close(graceMs: number): Promise<void>;
}

function describeFailure(cause: unknown, { address, port }: HttpServerOptions): unknown {
  switch ((cause as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return new BootwrightError('TCP_PORT_IN_USE', { address, port }, { cause });
    case 'EACCES':
      return new BootwrightError('TCP_PORT_FORBIDDEN', { address, port }, { cause });
    case 'EADDRNOTAVAIL':
      return new BootwrightError('TCP_ADDRESS_NOT_HERE', { address, port }, { cause });
    default:
      return cause;
  }
}

/** Node keeps a connection open after its last answer also when the server is closing; machines would be waited for. */
const lookForIdleMs = 100;

async function closeWithin(server: FastifyInstance, graceMs: number): Promise<void> {
  const timer = setTimeout(() => server.server.closeAllConnections(), graceMs);
  const idle = setInterval(() => server.server.closeIdleConnections(), lookForIdleMs);
  try {
    await server.close();
  } finally {
    clearTimeout(timer);
    clearInterval(idle);
  }
}

/** What is no HTTP: there is no request yet that could be answered, only a socket. */
function refuseConnection(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const body = 'This is no HTTP request.\n';
  socket.end(`HTTP/1.1 400 Bad Request\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
}

/** By the address of the other end: in a storm there are thousands, and each machine that asks for an address looks. */
function openConnections({ server }: FastifyInstance): ReadonlyMap<string, ReadonlySet<Socket>> {
  const open = new Map<string, Set<Socket>>();
  server.on('connection', (socket) => {
    const address = plainAddress(socket.remoteAddress);
    const there = open.get(address) ?? new Set();
    open.set(address, there.add(socket));
    socket.once('close', () => {
      there.delete(socket);
      if (there.size === 0 && open.get(address) === there) open.delete(address);
    });
  });
  return open;
}

/**
 * Starts the HTTP server. Throws TCP_PORT_IN_USE, TCP_PORT_FORBIDDEN or TCP_ADDRESS_NOT_HERE.
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const server = Fastify({
    logger: false,
    forceCloseConnections: 'idle',
    keepAliveTimeout: 60_000,
    requestTimeout: 30_000,
    // A reader may be slow, and a machine may swap, but one that takes nothing for ten minutes was switched off.
    connectionTimeout: 600_000,
    // RFC 9112 §3.2.2: a server accepts the form for proxies too.
    rewriteUrl: ({ url = '/' }) => url.replace(/^https?:\/\/[^/?#]*/i, '') || '/',
    frameworkErrors: (_error, _request, reply) => sendText(reply, 400, 'This is no URL.'),
    clientErrorHandler: refuseConnection,
  });
  server.setErrorHandler((_error, _request, reply) => sendText(reply, 500, 'The server failed.'));
  server.addHook('onRequest', async (request, reply) => {
    if (request.method === 'GET' || request.method === 'HEAD') return;
    // Before its body is read, and so without another request after it.
    sendText(reply, 405, 'Only GET and HEAD are served.', { Allow: 'GET, HEAD', Connection: 'close' });
  });
  server.get('/healthz', () => ({ status: 'ok', ...options.health() }));
  serveBootFiles(server, options);
  const open = openConnections(server);
  const forget: HttpServer['forget'] = (addresses) => {
    for (const address of addresses) for (const socket of open.get(address) ?? []) socket.resetAndDestroy();
  };
  try {
    await server.listen({ host: options.address, port: options.port });
  } catch (error) {
    throw describeFailure(error, options);
  }
  const bound = server.server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : options.port;
  return { port, forget, close: (graceMs) => closeWithin(server, graceMs) };
}
