import type { Endpoint, OnDatagram, Udp, UdpOptions, UdpSocket } from '../../src/platform/udp.ts';

/** What a server sent. */
export interface Sent {
  readonly bytes: Uint8Array;
  readonly to: Endpoint;
  /** Of the socket. */
  readonly interface: string;
  readonly port: number;
}

/** The largest payload of UDP over IPv4. */
const largestBytes = 65_507;

/** Sockets in memory. What servers send goes to `hear`, and nothing is kept. */
export class FuzzWire implements Udp {
  readonly #receivers = new Map<string, { readonly socket: UdpSocket; readonly take: OnDatagram }>();
  readonly #hear: (sent: Sent) => void;

  constructor(hear: (sent: Sent) => void) {
    this.#hear = hear;
  }

  async open({ address, port, interface: name = '' }: UdpOptions, take: OnDatagram): Promise<UdpSocket> {
    const key = `${name} ${port}`;
    const socket: UdpSocket = {
      local: { address, port },
      send: (bytes, to, sent) => {
        const isTooLong = bytes.length > largestBytes;
        queueMicrotask(() => sent?.(isTooLong ? new Error('EMSGSIZE') : null));
        if (!isTooLong) this.#hear({ bytes, to, interface: name, port });
      },
      close: async () => {
        this.#receivers.delete(key);
      },
    };
    this.#receivers.set(key, { socket, take });
    return socket;
  }

  /** A datagram comes in. */
  deliver(name: string, port: number, bytes: Uint8Array, from: Endpoint): void {
    const receiver = this.#receivers.get(`${name} ${port}`);
    receiver?.take(bytes, from, receiver.socket);
  }
}
