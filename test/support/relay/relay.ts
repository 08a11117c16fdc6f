import { boundPort, keyOf, openUdp, portOf, receiveAll, send, socketAddress, type Watch } from './udp-descriptors.ts';
import type { Wire } from './wire.ts';

/** A port of the server as one client sees it. */
interface Way {
  /** The relay's socket that stands for the server's port. */
  readonly fd: number;
  readonly server: Uint8Array;
}

interface Client {
  readonly address: Uint8Array;
  /** The relay's socket that stands for this client. */
  readonly fd: number;
  readonly ways: Map<number, Way>;
}

interface RelayOptions {
  readonly watch: Watch;
  readonly toServer: Wire;
  readonly toClient: Wire;
  /** IPv4, as all of it. */
  readonly address: string;
  readonly server: { readonly address: string; readonly port: number };
}

/** With their sockets; the earliest goes where there are more. */
const mostClients = 2000;
const mostWays = 4;

/**
 * Carries datagrams between clients and a TFTP server as a router that translates addresses would: each client has a
 * port towards the server, and each port of the server that answers it one towards the client.
 */
export class Relay {
  readonly port: number;
  readonly #options: RelayOptions;
  readonly #front: number;
  readonly #server: Uint8Array;
  readonly #clients = new Map<number, Client>();
  /** Now, in milliseconds, as of this turn. */
  #nowMs = 0;

  constructor(options: RelayOptions) {
    const { watch, address, server } = options;
    this.#options = options;
    this.#server = socketAddress(server.address, server.port);
    this.#front = openUdp(address, 0);
    this.port = boundPort(this.#front);
    watch.add(this.#front, () => {
      receiveAll(this.#front, (bytes, from) => this.#up(this.#clientAt(from), bytes, this.#server));
    });
  }

  /** What is read afterwards came at this time. */
  set nowMs(nowMs: number) {
    this.#nowMs = nowMs;
  }

  #up(client: Client, bytes: Uint8Array, server: Uint8Array): void {
    this.#options.toServer.carry(bytes, this.#nowMs, (carried) => send(client.fd, carried, server));
  }

  #clientAt(from: Uint8Array): Client {
    const key = keyOf(from);
    const known = this.#clients.get(key);
    if (known !== undefined) return known;
    if (this.#clients.size >= mostClients) this.#forgetFirst();
    const client: Client = {
      address: from.slice(),
      fd: openUdp(this.#options.address, 0),
      ways: new Map(),
    };
    this.#clients.set(key, client);
    this.#options.watch.add(client.fd, () =>
      receiveAll(client.fd, (bytes, server) => this.#down(client, bytes, server)),
    );
    return client;
  }

  #down(client: Client, bytes: Uint8Array, server: Uint8Array): void {
    const { fd } = this.#wayOf(client, server);
    this.#options.toClient.carry(bytes, this.#nowMs, (carried) => send(fd, carried, client.address));
  }

  #wayOf(client: Client, server: Uint8Array): Way {
    const port = portOf(server);
    const known = client.ways.get(port);
    if (known !== undefined) return known;
    const { watch, address } = this.#options;
    for (const [oldest, { fd }] of client.ways) {
      if (client.ways.size < mostWays) break;
      client.ways.delete(oldest);
      if (fd !== this.#front) watch.close(fd);
    }
    const isFront = port === portOf(this.#server);
    const way: Way = { fd: isFront ? this.#front : openUdp(address, 0), server: server.slice() };
    client.ways.set(port, way);
    if (!isFront) watch.add(way.fd, () => receiveAll(way.fd, (bytes) => this.#up(client, bytes, way.server)));
    return way;
  }

  #forgetFirst(): void {
    const { watch } = this.#options;
    for (const [key, { fd, ways }] of this.#clients) {
      this.#clients.delete(key);
      for (const way of ways.values()) if (way.fd !== this.#front) watch.close(way.fd);
      watch.close(fd);
      return;
    }
  }
}
