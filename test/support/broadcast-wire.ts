import type { Endpoint, OnDatagram, Udp, UdpOptions, UdpSocket } from '../../src/platform/udp.ts';

/** A network segment in memory on which everybody hears what is sent to a port that they have open. */
export class BroadcastWire implements Udp {
  readonly #hearers = new Map<UdpSocket, (bytes: Uint8Array, from: Endpoint) => void>();
  /** Every datagram that was sent, in order. */
  readonly sent: { readonly to: Endpoint; readonly bytes: Uint8Array }[] = [];

  async open({ address, port }: UdpOptions, onDatagram: OnDatagram): Promise<UdpSocket> {
    const socket: UdpSocket = {
      local: { address, port },
      send: (bytes, to, sent) => {
        const copy = Uint8Array.from(bytes);
        this.sent.push({ to, bytes: copy });
        queueMicrotask(() => {
          sent?.(null);
          for (const [hearer, hear] of this.#hearers) {
            if (hearer !== socket && hearer.local.port === to.port) hear(Uint8Array.from(copy), socket.local);
          }
        });
      },
      close: async () => {
        this.#hearers.delete(socket);
      },
    };
    this.#hearers.set(socket, (bytes, from) => onDatagram(bytes, from, socket));
    return socket;
  }
}
