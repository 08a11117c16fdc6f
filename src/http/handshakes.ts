import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import { plainAddress } from './boot-files.ts';
import { peerOf } from './connections.ts';
import { describeTlsFailure } from './tls-failure.ts';

const usualLimits = {
  /** From the first packet to the end of the handshake. UEFI gives up after 5 seconds without an answer. */
  patienceMs: 20_000,
  /** So many may be unfinished; then the address that has most of them loses its oldest. */
  mostUnfinished: 1024,
};

/** A handshake is a signature: 1 ms of the processor with RSA of 2048 bits, 5 with 4096. DHCP waits for as long. */
const perTurn = 2;

/** RFC 8446 §5.1: what a client says first is a record of this type. */
const handshakeRecord = 22;

const plainRefusal = 'This port speaks HTTPS alone.\n';

interface Arrival {
  readonly socket: Socket;
  readonly address: string;
  readonly patience: NodeJS.Timeout;
  hasBegun: boolean;
}

/**
 * Lets connections into TLS as fast as there is time for handshakes, each one once it has said something: those that say
 * nothing, or never finish, cost a socket for 20 seconds, and there are never more than 1024 of them.
 */
export class Handshakes {
  readonly #limits: typeof usualLimits;
  readonly #failed: (address: string, reason: string) => void;
  readonly #begin: (socket: Socket) => void;
  /** By the ends of their connections, the oldest first. */
  readonly #unfinished = new Map<string, Arrival>();
  readonly #ready: Socket[] = [];
  #isNextDue = false;

  /** `failed` hears of those who have begun, and not got through. */
  constructor(server: Server, failed: (address: string, reason: string) => void, limits = usualLimits) {
    this.#failed = failed;
    this.#limits = limits;
    // What begins TLS listens for connections. It is done later here, as node:tls allows ('connection' may be emitted by others).
    const listeners = server.listeners('connection');
    this.#begin = (socket) => {
      for (const listener of listeners) listener.call(server, socket);
    };
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => this.#arrive(socket));
    server.on('secureConnection', (socket) => this.#leave(peerOf(socket)));
    server.on('tlsClientError', (error, socket) => {
      // Of one who has hung up there is no address any more; that is told where its socket closes.
      if (socket.remoteAddress === undefined) return;
      this.#leave(peerOf(socket));
      failed(plainAddress(socket.remoteAddress), describeTlsFailure(error));
    });
  }

  /** Ends all that are not through. */
  end(): void {
    const all = [...this.#unfinished.values()];
    this.#unfinished.clear();
    for (const { socket, patience } of all) {
      clearTimeout(patience);
      socket.destroy();
    }
  }

  #arrive(socket: Socket): void {
    if (socket.destroyed) return;
    if (this.#unfinished.size >= this.#limits.mostUnfinished) this.#makeRoom();
    const peer = peerOf(socket);
    const patience = setTimeout(() => socket.destroy(), this.#limits.patienceMs);
    const arrival: Arrival = { socket, address: plainAddress(socket.remoteAddress), patience, hasBegun: false };
    this.#unfinished.set(peer, arrival);
    socket.once('close', () => {
      clearTimeout(patience);
      if (this.#unfinished.get(peer) !== arrival) return;
      this.#unfinished.delete(peer);
      if (arrival.hasBegun) this.#failed(arrival.address, 'it hung up, or never finished');
    });
    socket.on('error', () => {});
    socket.once('readable', () => {
      this.#ready.push(socket);
      this.#expectNext();
    });
  }

  #leave(peer: string): void {
    clearTimeout(this.#unfinished.get(peer)?.patience);
    this.#unfinished.delete(peer);
  }

  #makeRoom(): void {
    const counts = new Map<string, number>();
    for (const { address } of this.#unfinished.values()) counts.set(address, (counts.get(address) ?? 0) + 1);
    const most = Math.max(...counts.values());
    for (const [peer, { socket, address }] of this.#unfinished) {
      if (counts.get(address) !== most) continue;
      this.#leave(peer);
      return void socket.resetAndDestroy();
    }
  }

  #expectNext(): void {
    if (this.#isNextDue) return;
    this.#isNextDue = true;
    setImmediate(() => this.#next());
  }

  #next(): void {
    this.#isNextDue = false;
    for (const socket of this.#ready.splice(0, perTurn)) this.#greet(socket);
    if (this.#ready.length > 0) this.#expectNext();
  }

  #greet(socket: Socket): void {
    const said: Buffer | null = socket.read();
    // Gone before it said anything, as those do who only look whether the port is open.
    if (said === null || socket.destroyed) return void socket.destroy();
    if (said[0] !== handshakeRecord) {
      const head = `HTTP/1.1 400 Bad Request\r\nContent-Length: ${plainRefusal.length}\r\nConnection: close`;
      return void socket.end(`${head}\r\n\r\n${plainRefusal}`, () => socket.destroy());
    }
    const arrival = this.#unfinished.get(peerOf(socket));
    if (arrival !== undefined) arrival.hasBegun = true;
    socket.unshift(said);
    this.#begin(socket);
  }
}
