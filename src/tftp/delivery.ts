import { BootwrightError } from '../errors.ts';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { ByteSource } from '../platform/files.ts';
import type { Endpoint, UdpSocket } from '../platform/udp.ts';
import { BlockFeed } from './blocks.ts';
import type { ChunkCache, CutFile } from './chunks.ts';
import type { Agreement } from './options.ts';
import { errorCodes, type Packet, packetCodec, plainAcknowledgement } from './packet.ts';
import { acknowledgedBytes, newTransfer, type Outcome, step, type Transfer, type TransferEvent } from './transfer.ts';

export interface DeliveryResult {
  readonly outcome: Outcome;
  readonly sentBytes: number;
  readonly detail?: string;
}

interface DeliveryOptions {
  readonly clock: Clock;
  readonly socket: UdpSocket;
  readonly client: Endpoint;
  readonly cache: ChunkCache;
  readonly file: CutFile;
  readonly source: ByteSource;
  readonly agreement: Agreement;
  /** The client answered for the first time. */
  readonly onHeard: () => void;
  /** `closed`: file and socket are closed too. */
  readonly onEnd: (result: DeliveryResult, closed: Promise<unknown>) => void;
}

/** Carries one transfer out: datagrams and time become its events, its effects become datagrams. */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #feed: BlockFeed;
  #transfer: Transfer;
  /** Blocks that are still to be sent, because they are not read yet. */
  #owed: { nextBlock: number; readonly lastBlock: number } | undefined;
  #deadlineMs = 0;
  /** Done when the ERROR that ends the transfer has left. */
  #lastWords: Promise<void> = Promise.resolve();
  #timer: { readonly firesMs: number; readonly cancel: Cancel } | undefined;

  constructor(options: DeliveryOptions) {
    const { cache, file, source, agreement } = options;
    this.#options = options;
    this.#transfer = newTransfer(file.sizeBytes, agreement);
    this.#feed = new BlockFeed({
      cache,
      file,
      source,
      onReady: () => this.#payOwed(),
      onError: (error) => this.#fail(error),
    });
  }

  start(): void {
    this.#feed.moveTo(1, 1);
    this.#take({ kind: 'started', nowMs: this.#options.clock.elapsedMs() });
  }

  /** A datagram that reached the socket of this transfer. */
  hear(bytes: Uint8Array, from: Endpoint): void {
    const { client, socket, clock } = this.#options;
    const block = plainAcknowledgement(bytes);
    const isClient = from === client || (from.port === client.port && from.address === client.address);
    if (block !== undefined && isClient) {
      this.#take({ kind: 'acknowledged', block, nowMs: clock.elapsedMs() });
      return;
    }
    const packet = decodeOrReason(bytes);
    if (!isClient) {
      // RFC 1350 §4: tell a stranger so, and leave the transfer alone. Never answer an ERROR by an ERROR.
      if (typeof packet !== 'string' && packet.kind === 'error') return;
      const message = 'this port belongs to the transfer of another client';
      socket.send(packetCodec.encode({ kind: 'error', errorCode: errorCodes.unknownTransfer, message }), from);
    } else if (typeof packet === 'string') {
      this.#take({ kind: 'confused', reason: packet });
    } else if (packet.kind === 'acknowledgement') {
      this.#take({ kind: 'acknowledged', block: packet.block, nowMs: clock.elapsedMs() });
    } else if (packet.kind === 'error') {
      this.#take({ kind: 'refused', errorCode: packet.errorCode, message: packet.message });
    } else {
      this.#take({ kind: 'confused', reason: `a packet of kind "${packet.kind}" has no place in a transfer` });
    }
  }

  /** Ends the transfer from our side, and tells the client why unless it is `quietly`. */
  abort(outcome: Outcome, reason: string, quietly = false): void {
    if (this.#transfer.phase === 'ended') return;
    if (quietly) {
      this.#take({ kind: 'replaced', reason });
      return;
    }
    this.#transfer = { ...this.#transfer, phase: 'ended' };
    this.#refuse(errorCodes.other, reason);
    this.#end(outcome, reason);
  }

  #take(event: TransferEvent): void {
    const heardBefore = this.#transfer.heard;
    const [transfer, effects] = step(this.#transfer, event);
    this.#transfer = transfer;
    if (transfer.heard && !heardBefore) this.#options.onHeard();
    for (const effect of effects) {
      switch (effect.kind) {
        case 'offer':
          this.#send(packetCodec.encode({ kind: 'options', options: effect.options }));
          break;
        case 'send':
          this.#owe(effect.firstBlock, effect.lastBlock);
          break;
        case 'wait':
          this.#wait(effect.delayMs);
          break;
        case 'refuse':
          this.#refuse(effect.errorCode, effect.message);
          break;
        case 'end':
          this.#end(effect.outcome, effect.detail);
          break;
      }
    }
  }

  #owe(firstBlock: number, lastBlock: number): void {
    const nextBlock = this.#owed?.lastBlock === firstBlock - 1 ? this.#owed.nextBlock : firstBlock;
    this.#feed.moveTo(Math.min(this.#transfer.acknowledgedBlock + 1, nextBlock), lastBlock);
    this.#owed = { nextBlock, lastBlock };
    this.#payOwed();
  }

  #payOwed(): void {
    const owed = this.#owed;
    if (owed === undefined) return;
    const { socket, client } = this.#options;
    owed.nextBlock = this.#feed.send(owed.nextBlock, owed.lastBlock, socket, client);
    if (owed.nextBlock > owed.lastBlock) this.#owed = undefined;
  }

  readonly #send = (bytes: Uint8Array, sent?: () => void): void => {
    this.#options.socket.send(bytes, this.#options.client, sent);
  };

  #refuse(errorCode: number, message: string): void {
    this.#lastWords = new Promise((left) =>
      this.#send(packetCodec.encode({ kind: 'error', errorCode, message }), left),
    );
  }

  #fail(error: unknown): void {
    this.abort('failed', error instanceof BootwrightError ? error.message : 'the file cannot be read');
  }

  /** Moves the deadline; the timer itself is only touched where it would come too late, or once it has fired. */
  #wait(delayMs: number): void {
    const { clock } = this.#options;
    this.#deadlineMs = clock.elapsedMs() + delayMs;
    if (this.#timer !== undefined && this.#timer.firesMs <= this.#deadlineMs) return;
    this.#timer?.cancel();
    this.#timer = { firesMs: this.#deadlineMs, cancel: clock.after(delayMs, () => this.#wake()) };
  }

  #wake(): void {
    this.#timer = undefined;
    const remainingMs = this.#deadlineMs - this.#options.clock.elapsedMs();
    if (remainingMs > 0) this.#wait(remainingMs);
    else this.#take({ kind: 'silence' });
  }

  #end(outcome: Outcome, detail: string | undefined): void {
    this.#owed = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
    const closed = Promise.allSettled([this.#feed.close(), this.#lastWords.then(() => this.#options.socket.close())]);
    const sentBytes = acknowledgedBytes(this.#transfer);
    this.#options.onEnd({ outcome, sentBytes, ...(detail === undefined ? {} : { detail }) }, closed);
  }
}

/** The packet, or what is wrong with it. */
function decodeOrReason(bytes: Uint8Array): Packet | string {
  try {
    return packetCodec.decode(bytes);
  } catch (error) {
    return error instanceof BootwrightError ? error.message : 'the datagram cannot be read';
  }
}
