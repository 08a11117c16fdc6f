import type { Clock } from '../platform/clock.ts';
import type { Endpoint, UdpSocket } from '../platform/udp.ts';
import { isSameRequest, type ReadRequest } from './request.ts';
import type { Place } from './roster.ts';

/** A transfer, from the moment at which its turn has come. */
interface Talk {
  readonly request: ReadRequest;
  /** A datagram of the client. */
  hear(bytes: Uint8Array): void;
  /** The client asks for something else. */
  drop(): void;
}

/** For so long a request that comes again may have been doubled on its way, or have crossed our answer. */
const doubledMs = 1000;
/** RFC 1350 §5. */
const opcodes = { read: 1, acknowledgement: 4 } as const;

/**
 * The transfers of a server that has one port for everything, and tells them apart by who is at the other end. RFC 1350
 * §4 wants a port for each; NAT without help for TFTP, and containers that publish one port, let nothing else through.
 */
export class OnePort {
  readonly #clock: Clock;
  readonly #talks = new Map<string, { readonly place: Place; readonly talk: Talk; heardMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  begin(place: Place, talk: Talk): void {
    this.#talks.set(key(place.client), { place, talk, heardMs: this.#clock.elapsedMs() });
  }

  end(place: Place): void {
    if (this.#talks.get(key(place.client))?.place === place) this.#talks.delete(key(place.client));
  }

  /** True where the datagram belongs to a transfer, or is what is left of one; else somebody begins one. */
  hear(bytes: Uint8Array, from: Endpoint): boolean {
    const opcode = bytes[1];
    const known = this.#talks.get(key(from));
    // An ERROR for what came late could end the next transfer of the client, which has the same port.
    if (known === undefined) return opcode === opcodes.acknowledgement;
    if (opcode === opcodes.read) return false;
    known.heardMs = this.#clock.elapsedMs();
    known.talk.hear(bytes);
    return true;
  }

  /** True where the client has asked for just this, and is being served. Its transfer of anything else is over. */
  isDoubled(request: ReadRequest, from: Endpoint): boolean {
    const known = this.#talks.get(key(from));
    if (known === undefined) return false;
    const isRecent = this.#clock.elapsedMs() - known.heardMs < doubledMs;
    if (isRecent && isSameRequest(request, known.talk.request)) return true;
    known.talk.drop();
    return false;
  }
}

/** The socket that all transfers share, as one of them sees it: it stays open when the transfer ends. */
export function sharedSocket(socket: UdpSocket): UdpSocket {
  return {
    local: socket.local,
    send: (bytes, to, sent) => socket.send(bytes, to, sent),
    ...(socket.sendSegments === undefined
      ? {}
      : { sendSegments: (bytes, segmentBytes, to) => socket.sendSegments?.(bytes, segmentBytes, to) }),
    close: () => Promise.resolve(),
  };
}

function key({ address, port }: Endpoint): string {
  return `${address}:${port}`;
}
