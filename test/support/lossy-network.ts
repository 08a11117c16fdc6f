import type { Clock } from '../../src/platform/clock.ts';
import type { Endpoint, OnDatagram, Udp, UdpOptions, UdpSocket } from '../../src/platform/udp.ts';

interface Troubles {
  readonly clock: Clock;
  readonly seed?: number;
  /** Shares of all datagrams, 0 to 1. */
  readonly loss?: number;
  readonly duplication?: number;
  readonly reordering?: number;
  /** One way; what is reordered or doubled takes up to ten times as long. */
  readonly delayMs?: number;
}

/** A network in memory that loses, doubles and reorders datagrams, the same ones for the same seed. */
export class LossyNetwork implements Udp {
  readonly #troubles: Required<Troubles>;
  readonly #sockets = new Map<string, (bytes: Uint8Array, from: Endpoint) => void>();
  #state: number;
  #nextPort = 49_152;
  /** Every datagram that was sent, for tests that count. */
  readonly sent: { readonly from: Endpoint; readonly to: Endpoint; readonly bytes: Uint8Array }[] = [];

  constructor(troubles: Troubles) {
    this.#troubles = { seed: 1, loss: 0, duplication: 0, reordering: 0, delayMs: 1, ...troubles };
    this.#state = this.#troubles.seed >>> 0;
  }

  /** Sockets that are open. */
  get openSockets(): number {
    return this.#sockets.size;
  }

  async open({ address, port }: UdpOptions, onDatagram: OnDatagram): Promise<UdpSocket> {
    const local: Endpoint = { address, port: port === 0 ? this.#nextPort++ : port };
    const key = `${local.address}:${local.port}`;
    const socket: UdpSocket = {
      local,
      send: (bytes, to, sent) => {
        this.#carry(local, to, Uint8Array.from(bytes));
        queueMicrotask(() => sent?.(null));
      },
      close: async () => {
        this.#sockets.delete(key);
      },
    };
    this.#sockets.set(key, (bytes, from) => onDatagram(bytes, from, socket));
    return socket;
  }

  #carry(from: Endpoint, to: Endpoint, bytes: Uint8Array): void {
    const { loss, duplication, reordering, delayMs, clock } = this.#troubles;
    this.sent.push({ from, to, bytes });
    const deliver = () => this.#sockets.get(`${to.address}:${to.port}`)?.(Uint8Array.from(bytes), from);
    const late = () => delayMs * (1 + 9 * this.#random());
    if (this.#random() >= loss) clock.after(this.#random() < reordering ? late() : delayMs, deliver);
    if (this.#random() < duplication) clock.after(late(), deliver);
  }

  /** Mulberry32: small, and the same everywhere. */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
