import { formatBytes } from '../format.ts';
import { type Content, type End, tcpFlags } from './dissect.ts';
import type { Part } from './part.ts';

/** Beyond it, the connection that asked first is forgotten. */
const mostConnections = 4096;
/** Of the head of a message: a request line and a few headers. */
const headBytes = 4096;

/** What a segment is: a line for a person where it is worth one. */
export interface HttpSight {
  readonly client: End;
  readonly text?: string;
  /** The path of a request. */
  readonly path?: string;
  readonly part: Part;
}

/** Follows requests, one after the other on each connection: boot loaders and curl don't pipeline them. */
export class HttpTalk {
  readonly #ports: readonly number[];
  /** What was asked for last, by connection. */
  readonly #asked = new Map<string, string>();

  constructor(ports: readonly number[]) {
    this.#ports = ports;
  }

  /** `undefined`: it goes neither to nor from a port of HTTP. */
  see({ from, to, payload, flags }: Extract<Content, { kind: 'tcp' }>): HttpSight | undefined {
    if (this.#ports.includes(to.port)) return this.#request(from, to, payload, flags);
    if (this.#ports.includes(from.port)) return this.#answer(to, from, payload, flags);
    return undefined;
  }

  #request(client: End, server: End, payload: Uint8Array, flags: number): HttpSight {
    const [, method, path] = /^([A-Z]+) (\S+) HTTP\/1/.exec(headOf(payload)) ?? [];
    if (method === undefined || path === undefined) {
      if ((flags & tcpFlags.reset) === 0) return { client, part: partOf(payload, flags) };
      return { client, text: 'HTTP: the machine broke the connection off', part: 'message' };
    }
    this.#asked.set(keyOf(client, server), `${method} ${path}`);
    const [oldest] = this.#asked.keys();
    if (this.#asked.size > mostConnections && oldest !== undefined) this.#asked.delete(oldest);
    return { client, text: `HTTP ${method} ${path}`, path, part: 'message' };
  }

  #answer(client: End, server: End, payload: Uint8Array, flags: number): HttpSight {
    if ((flags & tcpFlags.reset) !== 0) {
      const refused = `HTTP: ${server.address} port ${server.port} refused or broke off the connection`;
      return { client, text: refused, part: 'message' };
    }
    const head = headOf(payload);
    const [, status] = /^HTTP\/1\.\d (\d{3})/.exec(head) ?? [];
    if (status === undefined) return { client, part: partOf(payload, flags) };
    const length = /^content-length: *(\d{1,15})\r?$/im.exec(head)?.[1];
    const size = length === undefined ? '' : ` (${formatBytes(Number(length))})`;
    const asked = this.#asked.get(keyOf(client, server));
    return { client, text: `HTTP ${status}${asked === undefined ? '' : ` for ${asked}`}${size}`, part: 'message' };
  }
}

function keyOf(client: End, server: End): string {
  return `${client.address} ${client.port} ${server.address} ${server.port}`;
}

function partOf(payload: Uint8Array, flags: number): Part {
  if (payload.length > 0) return 'content';
  return (flags & (tcpFlags.syn | tcpFlags.fin | tcpFlags.reset)) === 0 ? 'acknowledgement' : 'message';
}

/** One character a byte, up to the empty line. */
function headOf(payload: Uint8Array): string {
  const text = Buffer.from(payload.buffer, payload.byteOffset, Math.min(payload.length, headBytes)).toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  return end < 0 ? text : text.slice(0, end);
}
