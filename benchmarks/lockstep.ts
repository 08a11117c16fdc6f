/**
 * Many TFTP clients in one process that fetch a file at the same time in lock-step, each from an address of its own. Of
 * two processors they must leave one to the server: as many processes of atftp take more time than any server does.
 *
 *     node benchmarks/lockstep.ts '{ "server": …, "port": …, "path": …, "clients": …, "source": …, "blksize": … }'
 *
 * Prints how many bytes came in how many milliseconds.
 */
import { allocate, checked } from '../src/platform/packet-calls.ts';
import { formatIpv4, parseIpv4 } from '../src/wire/addresses.ts';
import { calls, kinds, MSG_DONTWAIT, openSocket, socketAddress, Waiting } from './calls.ts';

export interface LockstepOptions {
  readonly server: string;
  readonly port: number;
  readonly path: string;
  readonly clients: number;
  /** The address of the first client; the others have those behind it. */
  readonly source: string;
  readonly blksize: number;
}

export interface LockstepResult {
  readonly bytes: number;
  readonly ms: number;
  /** How often a client said something again. */
  readonly repeated: number;
}

const { server, port, path, clients, source, blksize } = JSON.parse(process.argv[2] ?? '{}') as LockstepOptions;
const request = Buffer.from(`\0\x01${path}\0octet\0blksize\0${blksize}\0`, 'latin1');
const [asked, room, acknowledgement] = [allocate(request.length), allocate(65_536), allocate(4)];
asked.bytes.set(request);
acknowledgement.bytes[1] = 4;
const sender = new Uint8Array(16);
const senderLength = Uint32Array.of(sender.length);
const waiting = new Waiting(clients);
const patienceMs = 1000;
const kindOf = { data: 3, acceptance: 6 };
let bytes = 0;
let repeated = 0;
let running = clients;

class Fetching {
  readonly #place: number;
  readonly #fd: number;
  #begun = false;
  #block = 0;
  done = false;

  constructor(place: number) {
    this.#place = place;
    this.#fd = openSocket(kinds.datagram, formatIpv4((parseIpv4(source) ?? 0) + place));
    waiting.set(place, this.#fd);
    this.#ask();
  }

  #ask(): void {
    const to = socketAddress(server, port);
    checked(calls.sendto(this.#fd, asked.address, request.length, 0, to, to.length), 'sendto');
  }

  #acknowledge(): void {
    acknowledgement.bytes[2] = this.#block >> 8;
    acknowledgement.bytes[3] = this.#block;
    checked(calls.send(this.#fd, acknowledgement.address, 4, 0), 'send');
  }

  /** The first answer says from where the transfer goes on. */
  #begin(): number {
    const { address, bytes: into } = room;
    const count = calls.recvfrom(this.#fd, address, into.length, MSG_DONTWAIT, sender, senderLength);
    if (count < 0) return count;
    checked(calls.connect(this.#fd, sender, sender.length), 'connect');
    this.#begun = true;
    return count;
  }

  repeat(): void {
    repeated += 1;
    if (this.#begun) this.#acknowledge();
    else this.#ask();
  }

  hear(): void {
    const count = this.#begun ? calls.recv(this.#fd, room.address, room.bytes.length, MSG_DONTWAIT) : this.#begin();
    if (count < 0) return;
    const [, kind, high = 0, low = 0] = room.bytes;
    if (kind !== kindOf.data) {
      if (kind !== kindOf.acceptance) throw new Error(Buffer.from(room.bytes.subarray(4, count)).toString('latin1'));
      this.#acknowledge();
      return;
    }
    const next = (this.#block + 1) & 0xffff;
    if (high * 256 + low !== next) return;
    this.#block = next;
    bytes += count - 4;
    this.#acknowledge();
    if (count - 4 < blksize) this.#end();
  }

  #end(): void {
    this.done = true;
    running -= 1;
    waiting.set(this.#place, -1);
    calls.close(this.#fd);
  }
}

const startedMs = performance.now();
const all = Array.from({ length: clients }, (_, place) => new Fetching(place));
while (running > 0) {
  if (waiting.wait(patienceMs) === 0) {
    if (repeated > 10 * clients) throw new Error(`${running} clients get no more answers`);
    for (const each of all) if (!each.done) each.repeat();
    continue;
  }
  for (let place = 0; place < clients; place++) if (waiting.isReady(place)) all[place]?.hear();
}
const result: LockstepResult = { bytes, ms: performance.now() - startedMs, repeated };
process.stdout.write(JSON.stringify(result));
