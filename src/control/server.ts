import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { BootwrightError } from '../errors.ts';
import { describeWriteFailure } from '../platform/durable.ts';
import type { Control } from './control.ts';
import { type Failure, type LeaseEntry, wishSchema } from './entries.ts';
import { socketPath } from './socket-path.ts';
import { statusOf } from './status.ts';

export interface ControlServerOptions {
  /** The state folder of the root, which this process holds: `<root>/.bootwright`. */
  readonly folder: string;
  /** The socket, in that folder. */
  readonly path: string;
  readonly control: Control;
  /** A fault of ours in answering. Must not throw. */
  readonly failed: (error: unknown) => void;
}

export interface ControlServer {
  close(): Promise<void>;
}

const largestRequestBytes = 64 * 1024;

/**
 * Answers commands over a Unix socket that only the user of this process (and root) can open: HTTP with JSON. The
 * socket appears in one step, in the place of one that an earlier process left. Throws OUTPUT_UNWRITABLE.
 */
export async function startControlServer({
  folder,
  path,
  control,
  failed,
}: ControlServerOptions): Promise<ControlServer> {
  const server = Fastify({
    logger: false,
    forceCloseConnections: true,
    bodyLimit: largestRequestBytes,
    requestTimeout: 10_000,
    frameworkErrors: (error, _request, reply) => void refuse(reply, 400, error.message),
  });
  answerErrors(server, failed);
  addRoutes(server, control);

  // In a folder of its own first: a socket is there for everybody until its mode is set.
  const aside = join(folder, 'control.new');
  const made = join(aside, 'sock');
  try {
    await rm(aside, { recursive: true, force: true });
    await mkdir(aside, { mode: 0o700 });
    const door = await socketPath(made);
    server.addHook('onClose', () => door[Symbol.asyncDispose]());
    await server.listen({ path: door.path });
    await chmod(made, 0o600);
    await rename(made, path);
    await rm(aside, { recursive: true });
  } catch (error) {
    await server.close();
    throw describeWriteFailure(error, path);
  }
  return {
    async close() {
      await rm(path, { force: true });
      await server.close();
    },
  };
}

function addRoutes(server: FastifyInstance, control: Control): void {
  server.setValidatorCompiler(({ schema }) => (value: unknown) => {
    const [error] = Value.Errors(schema as TSchema, value);
    return error === undefined ? { value } : { error: new Error(`${error.instancePath || '/'} ${error.message}`) };
  });
  server.get('/leases', async (_request, reply) => {
    const parts = leasesInParts(await control.leases());
    return reply.type('application/json').send(Readable.from(parts));
  });
  server.get('/reservations', async () => ({ reservations: await control.reservations() }));
  server.post<{ Body: Parameters<Control['reserve']>[0] }>(
    '/reservations',
    { schema: { body: wishSchema } },
    async ({ body }, reply) => {
      const reserved = await control.reserve(body);
      return reply.status(201).send(reserved);
    },
  );
  server.delete<{ Params: { address: string } }>('/reservations/:address', async ({ params }) => ({
    reservation: await control.unreserve(params.address),
  }));
  server.delete<{ Params: { address: string } }>('/leases/:address', async ({ params }) => ({
    lease: await control.release(params.address),
  }));
}

/** `{ "leases": […] }`, a thousand at a time: machines are answered in between. */
function* leasesInParts(leases: readonly LeaseEntry[]): Generator<string> {
  yield '{"leases":[';
  for (let start = 0; start < leases.length; start += 1000) {
    const text = leases.slice(start, start + 1000).map((lease) => JSON.stringify(lease));
    yield `${start === 0 ? '' : ','}${text.join(',')}`;
  }
  yield ']}';
}

function answerErrors(server: FastifyInstance, failed: (error: unknown) => void): void {
  server.setErrorHandler((error: FastifyError, _request, reply) => {
    if (error instanceof BootwrightError) return fail(reply, statusOf(error), error);
    const { statusCode = 500 } = error;
    if (statusCode < 500) return refuse(reply, statusCode, error.message);
    failed(error);
    const fault: Failure = {
      code: 'INTERNAL',
      problem: error.message,
      remedy: 'Look at the log of the server.',
      data: {},
    };
    return reply.status(500).send(fault);
  });
  server.setNotFoundHandler(({ method, url }, reply) => refuse(reply, 404, `there is no ${method} ${url}`));
}

function refuse(reply: FastifyReply, status: number, reason: string): FastifyReply {
  return fail(reply, status, new BootwrightError('CONTROL_NOT_UNDERSTOOD', { reason }));
}

function fail(reply: FastifyReply, status: number, { code, message, remedy, data }: BootwrightError): FastifyReply {
  const failure: Failure = { code, problem: message, remedy, data };
  return reply.status(status).send(failure);
}
