import Fastify, { type FastifyInstance } from 'fastify';
import { BootwrightError } from '../errors.ts';
import { type BootFilesOptions, serveBootFiles } from './boot-files.ts';

export interface HttpServerOptions extends BootFilesOptions {
  readonly address: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Whether all is well; the answer of `/healthz`. */
  readonly health: () => { readonly activeRelease: string | null };
}

export interface HttpServer {
  readonly port: number;
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

async function closeWithin(server: FastifyInstance, graceMs: number): Promise<void> {
  const timer = setTimeout(() => server.server.closeAllConnections(), graceMs);
  try {
    await server.close();
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Starts the HTTP server. Throws TCP_PORT_IN_USE, TCP_PORT_FORBIDDEN or TCP_ADDRESS_NOT_HERE.
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const server = Fastify({
    logger: false,
    forceCloseConnections: 'idle',
    // A machine that is served an ISO may be quiet for long; one that only opens connections may not.
    keepAliveTimeout: 60_000,
    requestTimeout: 30_000,
    routerOptions: { ignoreDuplicateSlashes: false },
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
  return { port, close: (graceMs) => closeWithin(server, graceMs) };
}
