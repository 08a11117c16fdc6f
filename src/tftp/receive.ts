import { hasCode } from '../errors.ts';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { Endpoint, Udp, UdpSocket } from '../platform/udp.ts';
import { errorCodes, type Packet, packetCodec } from './packet.ts';
import { newReception, type Reception, type ReceptionEffect, type ReceptionEvent, step } from './reception.ts';

export interface FetchByTftp {
  readonly udp: Udp;
  readonly clock: Clock;
  readonly server: Endpoint;
  readonly path: string;
  /** Bytes, 8 to 65464 (RFC 2348); absent: not asked for, and blocks have 512 bytes. */
  readonly blksize?: number;
  /** Blocks, 1 to 65535 (RFC 7440); absent: not asked for, every block is acknowledged. */
  readonly windowsize?: number;
  /** Ask for the size (RFC 2349); a file that turns out to have another ends in TFTP_WRONG_SIZE. */
  readonly tsize?: boolean;
  /** Default `0.0.0.0`. */
  readonly localAddress?: string;
  readonly interface?: string;
  /** Ends the transfer; the promise is rejected with its reason. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly receivedBytes: number; readonly announcedBytes?: number }) => void;
  /** Takes the file block by block. While its promise is open nothing is acknowledged, so the server waits. */
  readonly sink: (chunk: Uint8Array) => void | Promise<void>;
}

export interface Fetched {
  readonly sizeBytes: number;
  readonly durationMs: number;
  /** As the server granted it. */
  readonly blksize: number;
  readonly windowsize: number;
}

/**
 * Gets one file as firmware does. Throws TFTP_REFUSED, TFTP_TIMED_OUT, TFTP_BAD_OPTIONS, TFTP_WRONG_SIZE,
 * TFTP_MALFORMED, what `udp.open` throws, and what the sink throws.
 */
export async function fetchByTftp(options: FetchByTftp): Promise<Fetched> {
  const { udp, localAddress: address = '0.0.0.0', interface: device, clock, signal } = options;
  signal?.throwIfAborted();
  const startedMs = clock.elapsedMs();
  let fetch: Fetch | undefined;
  const where = { address, port: 0, ...(device === undefined ? {} : { interface: device }) };
  const socket = await udp.open(where, (bytes, from) => fetch?.hear(bytes, from));
  const onAbort = () => fetch?.cancel(signal?.reason);
  signal?.addEventListener('abort', onAbort);
  try {
    fetch = new Fetch(options, socket);
    const { receivedBytes, blockSizeBytes, windowBlocks } = await fetch.run();
    const durationMs = clock.elapsedMs() - startedMs;
    return { sizeBytes: receivedBytes, durationMs, blksize: blockSizeBytes, windowsize: windowBlocks };
  } finally {
    signal?.removeEventListener('abort', onAbort);
    await socket.close();
  }
}

class Fetch {
  readonly #options: FetchByTftp;
  readonly #socket: UdpSocket;
  readonly #end = Promise.withResolvers<Reception>();
  /** Packets that came while the sink was busy; at most two windows. */
  readonly #waiting: Packet[] = [];
  #busy = false;
  #failed = false;
  #reception: Reception;
  /** The server's address and, once it has answered, the port of this transfer. */
  #peer: Endpoint;
  #answered = false;
  #lastSend: Promise<void> = Promise.resolve();
  #timer: Cancel = () => {};

  constructor(options: FetchByTftp, socket: UdpSocket) {
    const { server, path, blksize, windowsize, tsize } = options;
    const asked = new Map<string, string>();
    if (tsize === true) asked.set('tsize', '0');
    if (blksize !== undefined) asked.set('blksize', String(blksize));
    if (windowsize !== undefined) asked.set('windowsize', String(windowsize));
    this.#options = options;
    this.#socket = socket;
    this.#peer = server;
    this.#reception = newReception(`${server.address}:${server.port}`, path, asked);
  }

  async run(): Promise<Reception> {
    if (this.#options.signal?.aborted === true) this.cancel(this.#options.signal.reason);
    else this.#take({ kind: 'started' });
    try {
      return await this.#end.promise;
    } finally {
      this.#timer();
      await this.#lastSend;
    }
  }

  cancel(reason: unknown): void {
    if (this.#reception.phase === 'ended') return;
    this.#fail(reason, 'the client was stopped');
  }

  hear(bytes: Uint8Array, from: Endpoint): void {
    const packet = decodeOrIgnore(bytes);
    if (packet === undefined || this.#reception.phase === 'ended') return;
    if (from.address !== this.#peer.address || (this.#answered && from.port !== this.#peer.port)) {
      if (packet.kind === 'error') return;
      const message = 'this port belongs to another transfer';
      this.#socket.send(packetCodec.encode({ kind: 'error', errorCode: errorCodes.unknownTransfer, message }), from);
      return;
    }
    if (!this.#answered) {
      this.#answered = true;
      this.#peer = from;
    }
    if (!this.#busy) this.#take({ kind: 'packet', packet });
    else if (this.#waiting.length < 2 * this.#reception.windowBlocks) this.#waiting.push(packet);
  }

  #take(event: ReceptionEvent): void {
    const [reception, effects] = step(this.#reception, event);
    this.#reception = reception;
    this.#act(effects, 0);
  }

  #act(effects: readonly ReceptionEffect[], from: number): void {
    for (const [index, effect] of effects.entries()) {
      if (index < from || this.#failed) continue;
      switch (effect.kind) {
        case 'send':
          this.#send(effect.packet);
          break;
        case 'wait':
          this.#timer();
          this.#timer = this.#options.clock.after(effect.delayMs, () => this.#take({ kind: 'silence' }));
          break;
        case 'deliver': {
          const done = this.#deliver(effect.bytes);
          if (done === undefined) break;
          this.#pause(done, () => this.#act(effects, index + 1));
          return;
        }
        case 'end':
          if (effect.error === undefined) this.#end.resolve(this.#reception);
          else this.#end.reject(effect.error);
          break;
      }
    }
  }

  #deliver(bytes: Uint8Array): void | Promise<void> {
    const { onProgress, sink } = this.#options;
    const { receivedBytes, announcedBytes } = this.#reception;
    try {
      onProgress?.({ receivedBytes, ...(announcedBytes === undefined ? {} : { announcedBytes }) });
      return sink(bytes);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #pause(done: Promise<void>, resume: () => void): void {
    this.#busy = true;
    this.#timer();
    done.then(
      () => {
        if (this.#failed) return;
        this.#busy = false;
        resume();
        while (!this.#busy) {
          const packet = this.#waiting.shift();
          if (packet === undefined) return;
          this.#take({ kind: 'packet', packet });
        }
      },
      (error: unknown) => this.#fail(error, 'the client cannot take the file'),
    );
  }

  #fail(error: unknown, message: string): void {
    this.#failed = true;
    this.#reception = { ...this.#reception, phase: 'ended' };
    if (this.#answered) this.#send({ kind: 'error', errorCode: errorCodes.other, message });
    this.#end.reject(error);
  }

  #send(packet: Packet): void {
    const bytes = packetCodec.encode(packet);
    this.#lastSend = new Promise((sent) => this.#socket.send(bytes, this.#peer, () => sent()));
  }
}

function decodeOrIgnore(bytes: Uint8Array): Packet | undefined {
  try {
    return packetCodec.decode(bytes);
  } catch (error) {
    if (hasCode(error, 'TFTP_MALFORMED')) return undefined;
    throw error;
  }
}
