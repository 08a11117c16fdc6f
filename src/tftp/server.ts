import type { ResolveBootFile } from '../boot/files.ts';
import type { BootEvent, Report } from '../boot/timeline.ts';
import { BootwrightError } from '../errors.ts';
import type { Clock } from '../platform/clock.ts';
import type { ByteSource } from '../platform/files.ts';
import type { Endpoint, Udp, UdpSocket } from '../platform/udp.ts';
import { Delivery, type DeliveryResult } from './delivery.ts';
import { cleanName, shownText } from './names.ts';
import { agree, type Limits } from './options.ts';
import { errorCodes, type Packet, packetCodec } from './packet.ts';
import { type Place, Roster } from './roster.ts';

export interface TftpServerOptions {
  readonly udp: Udp;
  readonly clock: Clock;
  /** The local address; transfers leave from it too. `0.0.0.0` only where the machine has one address. */
  readonly address: string;
  /** 69 is TFTP's own; 0 takes any free one. */
  readonly port: number;
  readonly interface?: string;
  readonly resolve: ResolveBootFile;
  readonly report: Report;
  /** Default 1024. */
  readonly maxTransfers?: number;
  /** Transfers at once of one address; default 16. */
  readonly maxPerMachine?: number;
  /** Everything leaves from the port that hears requests: for NAT, and containers that publish one port. */
  readonly singlePort?: boolean;
  /** Default 1500: Ethernet. No block is larger than this less 32 bytes of headers. */
  readonly mtuBytes?: number;
  /** Default 64. */
  readonly maxWindowBlocks?: number;
}

export interface TftpServer {
  readonly local: Endpoint;
  /** Takes no more requests, lets running transfers finish for `graceMs` (default 0), then ends them. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

type ReadRequest = Extract<Packet, { path: string }>;

/** What has become of a request that was admitted. */
interface Running {
  delivery: Delivery | undefined;
  dropped: boolean;
}

interface Refusal {
  readonly errorCode: number;
  readonly reason: string;
}

/** A transfer holds two such buffers; with many at once they are smaller, so that 1000 stay below 200 MiB. */
const readAheadBytes = { few: 256 * 1024, many: 64 * 1024 } as const;
const fewTransfers = 128;
/** Requests that may wait for a place. */
const queueRequests = 1024;

/**
 * A read-only TFTP server (RFC 1350, 2347, 2348, 2349, 7440). A request in netascii is served as octets: what
 * machines boot from has no line ends to translate. Throws what `udp.open` throws.
 */
export async function startTftpServer(options: TftpServerOptions): Promise<TftpServer> {
  const server = new Server(options);
  await server.open();
  return server;
}

class Server implements TftpServer {
  readonly #options: TftpServerOptions;
  readonly #limits: Limits;
  readonly #roster: Roster;
  /** Transfers that are over and whose file or socket is being closed. */
  readonly #closing = new Set<Promise<unknown>>();
  #main: UdpSocket | undefined;
  /** Refusals leave from one port for all clients: asking for what is not there opens no socket. */
  #refusals: UdpSocket | undefined;

  constructor(options: TftpServerOptions) {
    this.#options = options;
    this.#limits = { mtuBytes: options.mtuBytes ?? 1500, maxWindowBlocks: options.maxWindowBlocks ?? 64 };
    this.#roster = new Roster({
      maxTransfers: options.maxTransfers ?? 1024,
      maxPerMachine: options.maxPerMachine ?? 16,
      queue: queueRequests,
      clock: options.clock,
    });
  }

  get local(): Endpoint {
    const { address, port } = this.#options;
    return this.#main?.local ?? { address, port };
  }

  async open(): Promise<void> {
    this.#refusals = await this.#openSocket(0, () => {});
    try {
      this.#main = await this.#openSocket(this.#options.port, (bytes, from) => this.#hear(bytes, from));
    } catch (error) {
      await this.#refusals.close();
      throw error;
    }
  }

  async close({ graceMs = 0 }: { readonly graceMs?: number } = {}): Promise<void> {
    await this.#main?.close();
    const idle = this.#roster.idle();
    const cancel = this.#options.clock.after(graceMs, () => this.#roster.dropAll('the server is stopping'));
    await idle;
    cancel();
    await Promise.all([...this.#closing, this.#refusals?.close()]);
  }

  #keepUntilDone(closed: Promise<unknown>): void {
    this.#closing.add(closed);
    closed.finally(() => this.#closing.delete(closed));
  }

  #openSocket(port: number, hear: (bytes: Uint8Array, from: Endpoint) => void): Promise<UdpSocket> {
    const { udp, address, interface: device } = this.#options;
    return udp.open({ address, port, ...(device === undefined ? {} : { interface: device }) }, hear);
  }

  #hear(bytes: Uint8Array, from: Endpoint): void {
    const asked = readRequest(bytes, from);
    if (asked === undefined) return;
    if ('reason' in asked) {
      this.#report({ step: 'malformed', protocol: 'tftp', address: from.address, reason: asked.reason });
      this.#refuse(from, asked.errorCode, asked.reason);
      return;
    }
    this.#admit(asked, from);
  }

  /** Serves the request as soon as its turn has come. */
  #admit(request: ReadRequest, client: Endpoint): void {
    const running: Running = { delivery: undefined, dropped: false };
    const fail = (detail: string) => this.#reportServed(request, client, { outcome: 'failed', sentBytes: 0, detail });
    const place: Place = {
      client,
      heard: false,
      begin: () => {
        this.#serve(request, place, running).catch((error: unknown) => {
          this.#refuse(client, errorCodes.other, 'the server failed');
          fail(reasonOf(error));
        });
      },
      drop: (reason, quietly) => {
        running.dropped = true;
        if (running.delivery !== undefined) return running.delivery.abort('aborted', reason, quietly);
        if (quietly) return;
        this.#refuse(client, errorCodes.other, reason);
        fail(reason);
      },
    };
    if (this.#roster.admit(place) !== 'refused') return;
    this.#refuse(client, errorCodes.other, 'too busy, ask again');
    fail(`all ${this.#roster.size} transfers are taken, and too many wait`);
  }

  async #serve(request: ReadRequest, place: Place, running: Running): Promise<void> {
    const startedMs = this.#options.clock.elapsedMs();
    const { client } = place;
    try {
      const source = await this.#find(request, client);
      if (source === undefined) return this.#roster.leave(place);
      const agreement = agree(request.options, source.sizeBytes, this.#limits);
      const hear = (bytes: Uint8Array, from: Endpoint) => running.delivery?.hear(bytes, from);
      const socket = await this.#openSocket(0, hear).catch(async (error) => {
        await source.close();
        throw error;
      });
      if (running.dropped) return void (await Promise.all([socket.close(), source.close()]));
      running.delivery = new Delivery({
        clock: this.#options.clock,
        socket,
        client,
        source,
        agreement,
        readAheadBytes: this.#roster.size > fewTransfers ? readAheadBytes.many : readAheadBytes.few,
        onHeard: () => this.#roster.answered(place),
        onEnd: (result, closed) => {
          this.#keepUntilDone(closed);
          // One of two that a doubled request began: the other one tells how it went.
          const doubled = !place.heard && this.#roster.hasOther(place);
          this.#roster.leave(place);
          if (doubled) return;
          this.#reportServed(request, client, result, source.sizeBytes, this.#options.clock.elapsedMs() - startedMs);
        },
      });
      running.delivery.start();
      this.#roster.offered(place);
    } catch (error) {
      this.#roster.leave(place);
      throw error;
    }
  }

  /** The bytes of the file; `undefined` where there is none, which the client is told at once. */
  async #find(request: ReadRequest, client: Endpoint): Promise<ByteSource | undefined> {
    const { address } = client;
    const name = cleanName(request.path);
    const asker = { protocol: 'tftp', address, local: this.#options.address } as const;
    const file = name === undefined ? undefined : await this.#options.resolve(name, asker);
    if (file !== undefined) return file.open();
    this.#refuse(client, errorCodes.notFound, 'there is no such file');
    this.#report({ step: 'missing', protocol: 'tftp', address, path: shownText(request.path) });
    return undefined;
  }

  #refuse(client: Endpoint, errorCode: number, message: string): void {
    this.#refusals?.send(packetCodec.encode({ kind: 'error', errorCode, message }), client);
  }

  #reportServed(request: ReadRequest, client: Endpoint, result: DeliveryResult, sizeBytes = 0, durationMs = 0): void {
    const { address } = client;
    const path = shownText(request.path);
    this.#report({ step: 'served', protocol: 'tftp', address, path, sizeBytes, durationMs, ...result });
  }

  #report(event: BootEvent): void {
    try {
      this.#options.report(event);
    } catch {
      // Whoever listens is not the client's concern: its transfer goes on.
    }
  }
}

/** What to serve; else why it is refused; `undefined` for an ERROR, which never gets an answer (RFC 1350 §7). */
function readRequest(bytes: Uint8Array, from: Endpoint): ReadRequest | Refusal | undefined {
  let packet: Packet;
  try {
    packet = packetCodec.decode(bytes);
  } catch (error) {
    return illegal(reasonOf(error));
  }
  if (packet.kind === 'error') return undefined;
  if (packet.kind === 'write') {
    return {
      errorCode: errorCodes.accessViolation,
      reason: 'a file was to be written, and this server only gives files',
    };
  }
  if (packet.kind !== 'read') return illegal(`a packet of kind "${packet.kind}" begins no transfer`);
  if (packet.mode !== 'octet' && packet.mode !== 'netascii') {
    return illegal(`mode "${shownText(packet.mode)}" is not served, octet is`);
  }
  if (from.port === 0) return illegal('it comes from UDP port 0, where nothing can be sent to');
  return packet;
}

function illegal(reason: string): Refusal {
  return { errorCode: errorCodes.illegalOperation, reason };
}

function reasonOf(error: unknown): string {
  return error instanceof BootwrightError ? error.message : String(error);
}
