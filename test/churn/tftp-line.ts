import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Endpoint } from '../../src/platform/udp.ts';
import { type Packet, packetCodec } from '../../src/tftp/packet.ts';
import { ports, serverAddress } from './place.ts';

interface Heard {
  readonly packet: Packet;
  readonly from: Endpoint;
}

export const server: Endpoint = { address: serverAddress, port: ports.tftp };
/** A visitor that does not listen needs no more of what was sent to it. */
const mostKept = 256;

/** A socket that says what it is told to, and shows what it hears. */
export class TftpLine {
  readonly #socket: Socket;
  readonly #heard: Heard[] = [];
  #wake = () => {};
  /** Datagrams that were sent. */
  sent = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('message', (bytes, { address, port }) => {
      if (this.#heard.length < mostKept)
        this.#heard.push({ packet: packetCodec.decode(bytes), from: { address, port } });
      this.#wake();
    });
  }

  static async open(address: string, port = 0): Promise<TftpLine> {
    const socket = createSocket('udp4');
    socket.bind(port, address);
    await once(socket, 'listening');
    return new TftpLine(socket);
  }

  send(what: Packet | Uint8Array, to: Endpoint = server): void {
    this.sent += 1;
    this.#socket.send(what instanceof Uint8Array ? what : packetCodec.encode(what), to.port, to.address, () => {});
  }

  ask(path: string, options: Readonly<Record<string, string | number>> = {}, mode = 'octet'): void {
    const texts = Object.entries(options).map(([name, value]) => [name, String(value)] as const);
    this.send({ kind: 'read', path, mode, options: new Map(texts) });
  }

  acknowledge(block: number, to: Endpoint): void {
    this.send({ kind: 'acknowledgement', block }, to);
  }

  /** What came first of all that was not taken yet; `undefined`: nothing within the time. */
  async next(waitMs = 1500): Promise<Heard | undefined> {
    if (this.#heard.length === 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.#heard.shift();
  }

  close(): void {
    this.#socket.close();
  }
}
