import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { BootwrightError, type ErrorCode, type ErrorData, errorAreas } from '../errors.ts';
import type { Control } from './control.ts';
import {
  failureSchema,
  leasesSchema,
  releasedSchema,
  reservationsSchema,
  reservedSchema,
  unreservedSchema,
} from './entries.ts';
import { socketPath } from './socket-path.ts';
import { readAddress } from './texts.ts';

/** Where a server may be that answers commands. */
export interface ControlAddress {
  /** For errors. */
  readonly root: string;
  /** The socket. */
  readonly path: string;
}

const patienceMs = 10_000;
/** 65,000 leases are some 16 MiB. */
const largestAnswerBytes = 256 * 1024 * 1024;

interface Question {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly body?: unknown;
}

/** True where a server listens. Throws CONTROL_FORBIDDEN or CONTROL_NO_ANSWER. */
export async function isServerThere(where: ControlAddress): Promise<boolean> {
  try {
    await using door = await socketPath(where.path);
    await new Promise<void>((resolve, reject) => {
      const socket = connect(door.path, () => {
        socket.destroy();
        resolve();
      });
      socket.once('error', reject);
    });
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // ECONNREFUSED: the process that made the socket is gone.
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ECONNREFUSED') return false;
    throw noAnswer(error, where);
  }
}

/** What a running server answers. Every refusal of it is thrown as it was there; others as CONTROL_…. */
export function controlOfServer(where: ControlAddress): Control {
  async function ask<Schema extends TSchema>(question: Question, schema: Schema): Promise<Static<Schema>> {
    const signal = AbortSignal.timeout(patienceMs);
    const { status, text } = await send(where, question, signal).catch((error: unknown) => {
      throw noAnswer(signal.aborted ? new Error(`its answer did not come in ${patienceMs / 1000} s`) : error, where);
    });
    const answer = parse(text);
    if (status >= 400) throw refusal(answer, status);
    if (Value.Check(schema, answer)) return answer;
    throw new BootwrightError('CONTROL_NOT_UNDERSTOOD', { reason: `its answer to ${question.url} has another form` });
  }
  const at = (collection: string, address: string) => `/${collection}/${encodeURIComponent(readAddress(address))}`;
  return {
    leases: async () => (await ask({ method: 'GET', url: '/leases' }, leasesSchema)).leases,
    reservations: async () => (await ask({ method: 'GET', url: '/reservations' }, reservationsSchema)).reservations,
    reserve: (body) => ask({ method: 'POST', url: '/reservations', body }, reservedSchema),
    unreserve: async (address) =>
      (await ask({ method: 'DELETE', url: at('reservations', address) }, unreservedSchema)).reservation,
    release: async (address) => (await ask({ method: 'DELETE', url: at('leases', address) }, releasedSchema)).lease,
  };
}

async function send({ path }: ControlAddress, { method, url, body }: Question, signal: AbortSignal) {
  await using door = await socketPath(path);
  const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const headers = bytes === undefined ? {} : { 'content-type': 'application/json', 'content-length': bytes.length };
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request({ socketPath: door.path, method, path: url, headers, agent: false, signal }, resolve)
    .once('error', reject)
    .end(bytes);
  const response = await promise;
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    sizeBytes += part.length;
    if (sizeBytes > largestAnswerBytes) throw new Error(`its answer is longer than ${largestAnswerBytes} bytes`);
    parts.push(part);
  }
  // The end of a connection is the end of an answer that does not say how long it is.
  signal.throwIfAborted();
  return { status: response.statusCode ?? 500, text: Buffer.concat(parts).toString() };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BootwrightError('CONTROL_NOT_UNDERSTOOD', { reason: 'its answer is no JSON' });
  }
}

function noAnswer(error: unknown, { root, path }: ControlAddress): BootwrightError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM') {
    return new BootwrightError('CONTROL_FORBIDDEN', { root, path }, { cause: error });
  }
  return new BootwrightError('CONTROL_NO_ANSWER', { root, reason: message }, { cause: error });
}

/** The error that the server ended with, as if it had been thrown here. */
function refusal(answer: unknown, status: number): Error {
  if (!Value.Check(failureSchema, answer)) {
    return new BootwrightError('CONTROL_NOT_UNDERSTOOD', { reason: `it answered ${status}` });
  }
  const { code, problem, remedy, data } = answer;
  if (code === 'INTERNAL') return new Error(`in the server: ${problem}`);
  const isKnown = Object.values(errorAreas).some((rows) => Object.hasOwn(rows, code));
  if (!isKnown) return new BootwrightError('CONTROL_REFUSED', { code, problem, remedy });
  return new BootwrightError(code as ErrorCode, data as ErrorData<ErrorCode>);
}
