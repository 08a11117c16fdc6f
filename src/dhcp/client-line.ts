import type { Cancel, Clock } from '../platform/clock.ts';
import type { Udp, UdpSocket } from '../platform/udp.ts';
import { formatMac } from '../wire/addresses.ts';
import type { Client } from './client-messages.ts';
import { type DhcpPacket, decodePacket, encodePacket } from './packet.ts';

/** Who asks, and through which door. */
export interface ClientOptions extends Client {
  readonly udp: Udp;
  readonly clock: Clock;
  /** `undefined`: wherever the routes lead. */
  readonly interface?: string;
  /** 67 unless said otherwise. */
  readonly serverPort?: number;
  /** Where answers are heard; 68 unless said otherwise. */
  readonly clientPort?: number;
  /** Of this host; `undefined`: any. */
  readonly localAddress?: string;
  /** 255.255.255.255 unless said otherwise. */
  readonly destination?: string;
  /** How long each try waits for an answer. */
  readonly timeoutsMs?: readonly number[];
  /** Ends the wait for an answer, which is rejected with its reason. */
  readonly signal?: AbortSignal;
}

export const defaultTimeoutsMs: readonly number[] = [1000, 2000, 4000];

/** The two sides of one transaction. */
export interface Line {
  send(message: DhcpPacket): Promise<void>;
  /** The first reply that `isWanted`. `undefined`: none came in time. */
  ask(
    message: DhcpPacket,
    timeoutMs: number,
    isWanted: (reply: DhcpPacket) => boolean,
  ): Promise<DhcpPacket | undefined>;
  /** The same; the message is sent again after each timeout. */
  exchange(message: () => DhcpPacket, isWanted: (reply: DhcpPacket) => boolean): Promise<DhcpPacket | undefined>;
  close(): Promise<void>;
}

export async function openLine(options: ClientOptions, xid: number): Promise<Line> {
  const { udp, clock, serverPort = 67, clientPort = 68, destination = '255.255.255.255' } = options;
  let stopWaiting: Cancel = () => {};
  let listener: ((reply: DhcpPacket) => void) | undefined;
  const socket: UdpSocket = await udp.open(
    {
      address: options.localAddress ?? '0.0.0.0',
      port: clientPort,
      broadcast: true,
      ...(options.interface === undefined ? {} : { interface: options.interface }),
    },
    (bytes) => {
      const reply = readReply(bytes);
      if (reply?.xid === xid && formatMac(reply.chaddr) === options.mac.toLowerCase()) listener?.(reply);
    },
  );
  const send = (message: DhcpPacket): Promise<void> =>
    new Promise((resolve, reject) => {
      socket.send(encodePacket(message), { address: destination, port: serverPort }, (error) =>
        error === null ? resolve() : reject(error),
      );
    });
  const ask: Line['ask'] = async (message, timeoutMs, isWanted) => {
    options.signal?.throwIfAborted();
    const { promise: heard, resolve } = Promise.withResolvers<DhcpPacket | undefined>();
    const giveUp = () => resolve(undefined);
    stopWaiting = clock.after(timeoutMs, giveUp);
    options.signal?.addEventListener('abort', giveUp);
    // Before the message goes out: the reply may be here before we know that it did.
    listener = (reply) => {
      if (!matches(reply, isWanted)) return;
      stopWaiting();
      resolve(reply);
    };
    await send(message);
    const reply = await heard;
    options.signal?.removeEventListener('abort', giveUp);
    options.signal?.throwIfAborted();
    return reply;
  };
  return {
    send,
    ask,
    async exchange(message, isWanted) {
      for (const timeoutMs of options.timeoutsMs ?? defaultTimeoutsMs) {
        const reply = await ask(message(), timeoutMs, isWanted);
        if (reply !== undefined) return reply;
      }
      return undefined;
    },
    close() {
      stopWaiting();
      return socket.close();
    },
  };
}

/** What others send may be anything; it is no reply to us then. */
function readReply(bytes: Uint8Array): DhcpPacket | undefined {
  try {
    const packet = decodePacket(bytes);
    return packet.op === 'reply' ? packet : undefined;
  } catch {
    return undefined;
  }
}

function matches(reply: DhcpPacket, isWanted: (reply: DhcpPacket) => boolean): boolean {
  try {
    return isWanted(reply);
  } catch {
    return false;
  }
}
