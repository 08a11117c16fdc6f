import type { ResolveBootFile } from '../boot/files.ts';
import type { BootEvent, Report } from '../boot/timeline.ts';
import { BootwrightError } from '../errors.ts';
import type { Clock } from '../platform/clock.ts';
import type { Endpoint, Udp, UdpSocket } from '../platform/udp.ts';
import { ChunkCache, type CutFile } from './chunks.ts';
import { Delivery, type DeliveryResult } from './delivery.ts';
import { cleanName, shownText } from './names.ts';
import { OnePort, sharedSocket } from './one-port.ts';
import { agree, type Limits } from './options.ts';
import { dataHeaderBytes, errorCodes, packetCodec } from './packet.ts';
import { type ReadRequest, readRequest } from './request.ts';
import { type Place, Roster } from './roster.ts';
import { openAs, type SentFile } from './source.ts';

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
  /** Default 1500: Ethernet. No block is larger than this less the headers of IP, UDP and TFTP. */
  readonly mtuBytes?: number;
  /** Default 64. */
  readonly maxWindowBlocks?: number;
  /** Shared with other servers; default: one of its own. */
  readonly cache?: ChunkCache;
}

export interface TftpServer {
  readonly local: Endpoint;
  /** Takes no more requests, lets running transfers finish for `graceMs` (default 0), then ends them. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

/** What has become of a request that was admitted. */
interface Running {
  delivery: Delivery | undefined;
  dropped: boolean;
}

/** How much is read at once; less with many transfers, so that 1000 different places in files take 64 MiB. */
const chunkBytes = { few: 256 * 1024, many: 64 * 1024 } as const;
const fewTransfers = 128;
/** Of one server, beside what its transfers hold. */
const cacheBytes = 64 * 1024 * 1024;
/** For memory that nobody takes back: a datagram may still be on its way out of it. */
const ordinaryMemory = { take: (sizeBytes: number) => new Uint8Array(sizeBytes), giveBack: () => {} };
/** Requests that may wait for a place. */
const queueRequests = 1024;

/**
 * A read-only TFTP server (RFC 1350, 2347, 2348, 2349, 7440). Throws what `udp.open` throws.
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
  readonly #cache: ChunkCache;
  readonly #onePort: OnePort | undefined;
  /** Transfers that are over and whose file or socket is being closed. */
  readonly #closing = new Set<Promise<unknown>>();
  #main: UdpSocket | undefined;
  /** Refusals leave from one port for all clients: asking for what is not there opens no socket. */
  #refusals: UdpSocket | undefined;
  #isStopping = false;

  constructor(options: TftpServerOptions) {
    this.#options = options;
    this.#limits = { mtuBytes: options.mtuBytes ?? 1500, maxWindowBlocks: options.maxWindowBlocks ?? 64 };
    this.#roster = new Roster({
      maxTransfers: options.maxTransfers ?? 1024,
      maxPerMachine: options.maxPerMachine ?? 16,
      queue: queueRequests,
      clock: options.clock,
    });
    this.#cache = options.cache ?? new ChunkCache(cacheBytes, ordinaryMemory);
    this.#onePort = options.singlePort === true ? new OnePort(options.clock) : undefined;
  }

  get local(): Endpoint {
    const { address, port } = this.#options;
    return this.#main?.local ?? { address, port };
  }

  async open(): Promise<void> {
    this.#main = await this.#openSocket(this.#options.port, (bytes, from) => this.#hear(bytes, from));
    if (this.#onePort !== undefined) {
      this.#refusals = this.#main;
      return;
    }
    try {
      this.#refusals = await this.#openSocket(0, () => {});
    } catch (error) {
      await this.#main.close();
      throw error;
    }
  }

  async close({ graceMs = 0 }: { readonly graceMs?: number } = {}): Promise<void> {
    this.#isStopping = true;
    if (this.#onePort === undefined) await this.#main?.close();
    const idle = this.#roster.idle();
    const cancel = this.#options.clock.after(graceMs, () => this.#roster.dropAll('the server is stopping'));
    await idle;
    cancel();
    await Promise.all(this.#closing);
    await Promise.all([this.#main?.close(), this.#refusals?.close()]);
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
    if (this.#onePort?.hear(bytes, from) === true) return;
    const asked = readRequest(bytes, from);
    if (asked === undefined || this.#isStopping) return;
    if ('reason' in asked) {
      this.#report({ step: 'malformed', protocol: 'tftp', address: from.address, reason: asked.reason });
      this.#refuse(from, asked.errorCode, asked.reason);
      return;
    }
    if (this.#onePort?.isDoubled(asked, from) !== true) this.#admit(asked, from);
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
    const { clock } = this.#options;
    const startedMs = clock.elapsedMs();
    const { client } = place;
    const hear = (bytes: Uint8Array, from: Endpoint) => running.delivery?.hear(bytes, from);
    try {
      this.#onePort?.begin(place, {
        request,
        hear: (bytes) => hear(bytes, client),
        drop: () => {
          this.#leave(place);
          place.drop('the client asked again', true);
        },
      });
      const sent = await this.#find(request, client);
      if (sent === undefined) return this.#leave(place);
      const { source } = sent;
      const agreement = agree(request.options, source.sizeBytes, this.#limitsTowards(client));
      const socket = await this.#openSocketFor(hear).catch(async (error) => {
        await source.close();
        throw error;
      });
      if (running.dropped) {
        this.#leave(place);
        return void (await Promise.all([socket.close(), source.close()]));
      }
      running.delivery = new Delivery({
        clock,
        socket,
        client,
        cache: this.#cache,
        file: this.#cut(sent, agreement.blockSizeBytes),
        source,
        agreement,
        onHeard: () => this.#roster.answered(place),
        onEnd: (result, closed) => {
          this.#keepUntilDone(closed);
          // One of two that a doubled request began: the other one tells how it went.
          const doubled = !place.heard && this.#roster.hasOther(place);
          this.#leave(place);
          if (doubled) return;
          this.#reportServed(request, client, result, source.sizeBytes, clock.elapsedMs() - startedMs);
        },
      });
      running.delivery.start();
      this.#roster.offered(place);
    } catch (error) {
      this.#leave(place);
      throw error;
    }
  }

  #openSocketFor(hear: (bytes: Uint8Array, from: Endpoint) => void): Promise<UdpSocket> {
    const main = this.#main;
    if (this.#onePort === undefined || main === undefined) return this.#openSocket(0, hear);
    return Promise.resolve(sharedSocket(main));
  }

  #leave(place: Place): void {
    this.#onePort?.end(place);
    this.#roster.leave(place);
  }

  /** What the way to the client, as the kernel knows it, leaves of the limits. */
  #limitsTowards(client: Endpoint): Limits {
    const knownBytes = this.#main?.pathMtuBytes?.(client) ?? this.#limits.mtuBytes;
    const mtuBytes = Math.min(this.#limits.mtuBytes, knownBytes);
    return { ...this.#limits, mtuBytes, ipHeaderBytes: client.address.includes(':') ? 40 : 20 };
  }

  #cut({ identity, source }: SentFile, blockSizeBytes: number): CutFile {
    const bytes = this.#roster.size > fewTransfers ? chunkBytes.many : chunkBytes.few;
    const chunkBlocks = Math.floor(bytes / (dataHeaderBytes + blockSizeBytes));
    return { identity, sizeBytes: source.sizeBytes, blockSizeBytes, chunkBlocks };
  }

  /** The bytes of the file; `undefined` where there are none to send, which the client is told at once. */
  async #find(request: ReadRequest, client: Endpoint): Promise<SentFile | undefined> {
    const { address } = client;
    const name = cleanName(request.path);
    const asker = { protocol: 'tftp', address, local: this.#options.address } as const;
    const file = name === undefined ? undefined : await this.#options.resolve(name, asker);
    if (file === undefined) {
      this.#refuse(client, errorCodes.notFound, 'there is no such file');
      this.#report({ step: 'missing', protocol: 'tftp', address, path: shownText(request.path) });
      return undefined;
    }
    const sent = await openAs(request.mode, file);
    if (sent !== undefined) return sent;
    const detail = `${file.sizeBytes} bytes are too many for netascii: ask for it in mode octet`;
    this.#refuse(client, errorCodes.other, detail);
    this.#reportServed(request, client, { outcome: 'failed', sentBytes: 0, detail }, file.sizeBytes);
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

function reasonOf(error: unknown): string {
  return error instanceof BootwrightError ? error.message : String(error);
}
