import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { plainAddress } from './boot-files.ts';

interface Connection {
  /** Where TLS is spoken: what it is spoken over. */
  readonly socket: Socket;
  readonly address: string;
  /** Requests that have not been answered to the end. */
  unanswered: number;
}

/** Ten thousand machines in a storm have fewer. */
const mostConnections = 16_384;
/** Who has more than so many loses one when there are too many; until then the newcomer is sent away. */
const fairShare = 8;
/** Requests may come without waiting for answers; each one waits in memory. Nothing that boots sends even two at once. */
const mostUnanswered = 256;

/** Who is connected to a server, by addresses: in a storm there are thousands, and each machine that starts is looked for. */
export class Connections {
  readonly #byPeer = new Map<string, Connection>();
  readonly #byAddress = new Map<string, Set<Connection>>();
  readonly #most: number;

  constructor(most = mostConnections) {
    this.#most = most;
  }

  /** Watches over all connections of a server from now on. */
  watch(server: Server): void {
    // Before anybody else has a look at it.
    server.prependListener('connection', (socket) => this.#add(socket));
    server.on('request', (request, response) => this.#count(request, response));
  }

  /** Resets what is open to a machine that had these addresses. */
  forget(addresses: readonly string[]): void {
    for (const address of addresses) {
      for (const { socket } of this.#byAddress.get(plainAddress(address)) ?? []) socket.resetAndDestroy();
    }
  }

  /** Whether an answer is being sent: whatever else were written would be taken for a part of it. */
  isBusy(socket: Socket): boolean {
    return (this.#byPeer.get(peerOf(socket))?.unanswered ?? 0) > 0;
  }

  /** Ends those that ask for nothing. */
  endIdle(): void {
    for (const { socket, unanswered } of this.#byPeer.values()) if (unanswered === 0) socket.destroy();
  }

  endAll(): void {
    for (const { socket } of this.#byPeer.values()) socket.destroy();
  }

  #add(socket: Socket): void {
    if (this.#byPeer.size >= this.#most && !this.#makeRoom()) return void socket.resetAndDestroy();
    const peer = peerOf(socket);
    const connection = { socket, address: plainAddress(socket.remoteAddress), unanswered: 0 };
    this.#byPeer.set(peer, connection);
    const there = this.#byAddress.get(connection.address) ?? new Set();
    this.#byAddress.set(connection.address, there.add(connection));
    socket.once('close', () => this.#remove(peer, connection));
  }

  #remove(peer: string, connection: Connection): void {
    // The same machine may have come again from the same port before we heard of the end.
    if (this.#byPeer.get(peer) === connection) this.#byPeer.delete(peer);
    const there = this.#byAddress.get(connection.address);
    there?.delete(connection);
    if (there?.size === 0) this.#byAddress.delete(connection.address);
  }

  #count({ socket }: IncomingMessage, response: ServerResponse): void {
    const connection = this.#byPeer.get(peerOf(socket));
    if (connection === undefined) return;
    connection.unanswered += 1;
    if (connection.unanswered > mostUnanswered) connection.socket.resetAndDestroy();
    response.once('close', () => {
      connection.unanswered -= 1;
    });
  }

  /** By ending one of the address that has the most: the oldest that asks for nothing, else the oldest. */
  #makeRoom(): boolean {
    let heaviest = new Set<Connection>();
    for (const there of this.#byAddress.values()) if (there.size > heaviest.size) heaviest = there;
    if (heaviest.size <= fairShare) return false;
    const all = [...heaviest];
    const victim = all.find(({ unanswered }) => unanswered === 0) ?? all[0];
    if (victim === undefined) return false;
    this.#remove(peerOf(victim.socket), victim);
    victim.socket.resetAndDestroy();
    return true;
  }
}

/** The other end, the same for TLS and for what it is spoken over. */
export function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
