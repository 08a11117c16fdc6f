import type { Endpoint, Udp, UdpSocket } from '../../src/platform/udp.ts';
import { type Packet, packetCodec } from '../../src/tftp/packet.ts';

interface Heard {
  readonly packet: Packet;
  readonly from: Endpoint;
}

/** A client that sends exactly what a test tells it to, and shows every answer. */
export class RawTftpClient {
  readonly #socket: UdpSocket;
  readonly #heard: Heard[];
  readonly #awaited: { wake: () => void };

  private constructor(socket: UdpSocket, heard: Heard[], awaited: { wake: () => void }) {
    this.#socket = socket;
    this.#heard = heard;
    this.#awaited = awaited;
  }

  static async open(udp: Udp, address: string, port = 0): Promise<RawTftpClient> {
    const heard: Heard[] = [];
    const awaited = { wake: () => {} };
    const socket = await udp.open({ address, port }, (bytes, from) => {
      heard.push({ packet: packetCodec.decode(bytes), from });
      awaited.wake();
    });
    return new RawTftpClient(socket, heard, awaited);
  }

  /** Datagrams that no `next` has taken. */
  get unread(): readonly Heard[] {
    return this.#heard;
  }

  send(what: Packet | Uint8Array, to: Endpoint): void {
    this.#socket.send(what instanceof Uint8Array ? what : packetCodec.encode(what), to);
  }

  ask(path: string, to: Endpoint, options: Record<string, string> = {}): void {
    this.send({ kind: 'read', path, mode: 'octet', options: new Map(Object.entries(options)) }, to);
  }

  acknowledge(block: number, to: Endpoint): void {
    this.send({ kind: 'acknowledgement', block }, to);
  }

  async next(): Promise<Heard> {
    for (;;) {
      const first = this.#heard.shift();
      if (first !== undefined) return first;
      await new Promise<void>((resolve) => {
        this.#awaited.wake = resolve;
      });
    }
  }

  close(): Promise<void> {
    return this.#socket.close();
  }
}
