import type { RequestListener, Server } from 'node:http';
import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { BootwrightError } from '../errors.ts';
import { type BootFilesOptions, serveBootFiles } from './boot-files.ts';
import { Connections } from './connections.ts';
import { Handshakes } from './handshakes.ts';
import { plainListener, secureContext, tlsListener } from './listener.ts';
import { sendText } from './text.ts';
import type { TlsMaterial } from './tls-material.ts';

export interface HttpServerOptions extends BootFilesOptions {
  readonly address: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Whether all is well; the answer of `/healthz`. */
  readonly health: () => { readonly activeRelease: string | null };
  /** HTTPS, and no plain HTTP. */
  readonly tls?: {
    readonly material: TlsMaterial;
    /** A machine has come to us, and not got through the handshake. */
    readonly failed: (address: string, reason: string) => void;
  };
}

export interface HttpServer {
  readonly port: number;
  /**
   * Resets what is still open to a machine at these addresses, which has been switched off since. GRUB numbers its ports
   * from 21550 in each boot, and does not get through where the same port is still open here (net/tcp.c): it takes the
   * acknowledgement of the old connection for that of its SYN, and ends in "connection timeout".
   */
  forget(addresses: readonly string[]): void;
  /** The certificate of new connections from now on; where there is HTTPS. */
  renew(material: TlsMaterial): void;
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

async function closeWithin(server: FastifyInstance, connections: Connections, graceMs: number): Promise<void> {
  const timer = setTimeout(() => connections.endAll(), graceMs);
  const idle = setInterval(() => connections.endIdle(), lookForIdleMs);
  try {
    await server.close();
  } finally {
    clearTimeout(timer);
    clearInterval(idle);
  }
}

/** What can be said to somebody whose request Node could not read. */
const complaints: Readonly<Record<string, readonly [status: string, line: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'These are too many headers.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request did not come to its end.'],
};

/** What is no HTTP: there is no request yet that could be answered, only a socket. */
function refuseConnection(error: Error & { code?: string }, socket: Socket, isBusy: boolean): void {
  const code = error.code ?? '';
  const isHttp = code.startsWith('HPE_') || code.startsWith('ERR_HTTP_');
  // In the middle of an answer, a line of ours would become a part of the file.
  if (!isHttp || isBusy || !socket.writable) return void socket.destroy();
  const [status, line] = complaints[code] ?? ['400 Bad Request', 'This is no HTTP request.'];
  const body = `${line}\n`;
  socket.end(`HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
}

/**
 * Starts the HTTP server. Throws TCP_PORT_IN_USE, TCP_PORT_FORBIDDEN or TCP_ADDRESS_NOT_HERE.
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { tls } = options;
  const connections = new Connections();
  let renew: HttpServer['renew'] = () => {};
  let endHandshakes = () => {};

  function listen(handler: RequestListener): Server {
    if (tls === undefined) return plainListener(handler);
    const listener = tlsListener(handler, tls.material);
    const handshakes = new Handshakes(listener, tls.failed);
    renew = (material) => listener.setSecureContext(secureContext(material));
    endHandshakes = () => handshakes.end();
    return listener;
  }

  const server = Fastify({
    logger: false,
    serverFactory(handler) {
      const listener = listen(handler);
      connections.watch(listener);
      return listener;
    },
    // RFC 9112 §3.2.2: a server accepts the form for proxies too.
    rewriteUrl: ({ url = '/' }) => url.replace(/^https?:\/\/[^/?#]*/i, '') || '/',
    frameworkErrors: (_error, _request, reply) => sendText(reply, 400, 'This is no URL.'),
    clientErrorHandler: (error, socket) => refuseConnection(error, socket, connections.isBusy(socket)),
  });
  server.setErrorHandler((_error, _request, reply) => sendText(reply, 500, 'The server failed.'));
  server.addHook('onRequest', async (request, reply) => {
    if (request.method === 'GET' || request.method === 'HEAD') return;
    // Before its body is read, and so without another request after it.
    sendText(reply, 405, 'Only GET and HEAD are served.', { Allow: 'GET, HEAD', Connection: 'close' });
  });
  server.get('/healthz', () => ({ status: 'ok', ...options.health() }));
  serveBootFiles(server, options);
  try {
    await server.listen({ host: options.address, port: options.port });
  } catch (error) {
    throw describeFailure(error, options);
  }
  const bound = server.server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : options.port;
  return {
    port,
    forget: (addresses) => connections.forget(addresses),
    renew: (material) => renew(material),
    close(graceMs) {
      endHandshakes();
      return closeWithin(server, connections, graceMs);
    },
  };
}
