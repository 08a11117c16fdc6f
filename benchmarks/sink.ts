/**
 * Many HTTP clients in one process that fetch a file again and again, each from an address of its own, and throw away
 * what they get without copying it: what saturates is the server, and the other processor stays nearly idle.
 *
 *     node benchmarks/sink.ts '{ "server": …, "port": …, "path": …, "clients": …, "source": …, "seconds": … }'
 *
 * Prints how many bytes came in how many milliseconds.
 */
import { allocate, checked } from '../src/platform/packet-calls.ts';
import { formatIpv4, parseIpv4 } from '../src/wire/addresses.ts';
import { calls, kinds, MSG_DONTWAIT, MSG_TRUNC, openSocket, socketAddress, Waiting } from './calls.ts';

export interface SinkOptions {
  readonly server: string;
  readonly port: number;
  readonly path: string;
  readonly clients: number;
  /** The address of the first client; the others have those behind it. */
  readonly source: string;
  readonly seconds: number;
}

export interface SinkResult {
  readonly bytes: number;
  readonly ms: number;
  /** Connections that broke. */
  readonly broken: number;
}

const { server, port, path, clients, source, seconds } = JSON.parse(process.argv[2] ?? '{}') as SinkOptions;
const request = Buffer.from(`GET /${path} HTTP/1.1\r\nHost: ${server}\r\n\r\n`);
const room = allocate(65_536);
const asked = allocate(request.length);
asked.bytes.set(request);
const waiting = new Waiting(clients);
const enough = 1 << 30;
let bytes = 0;
let broken = 0;

class Fetching {
  readonly #place: number;
  readonly #address: string;
  #fd = -1;
  /** Of an answer, as far as it is here. */
  #head = '';
  /** Of a body. */
  #missing = 0;

  constructor(place: number) {
    this.#place = place;
    this.#address = formatIpv4((parseIpv4(source) ?? 0) + place);
    this.#connect();
  }

  #connect(): void {
    this.#fd = openSocket(kinds.stream, this.#address);
    checked(calls.connect(this.#fd, socketAddress(server, port), 16), 'connect');
    waiting.set(this.#place, this.#fd);
    this.#ask();
  }

  #ask(): void {
    this.#head = '';
    this.#missing = 0;
    if (calls.send(this.#fd, asked.address, request.length, 0) < request.length) this.#connectAgain();
  }

  #connectAgain(): void {
    broken += 1;
    calls.close(this.#fd);
    this.#connect();
  }

  hear(): void {
    const inBody = this.#missing > 0;
    const most = inBody ? Math.min(this.#missing, enough) : room.bytes.length;
    const count = calls.recv(this.#fd, room.address, most, MSG_DONTWAIT | (inBody ? MSG_TRUNC : 0));
    if (count <= 0) {
      this.#connectAgain();
      return;
    }
    bytes += count;
    if (inBody) {
      this.#missing -= count;
    } else {
      this.#head += Buffer.from(room.bytes.subarray(0, count)).toString('latin1');
      const end = this.#head.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = /^content-length: *(\d+)/im.exec(this.#head)?.[1];
      if (!this.#head.startsWith('HTTP/1.1 200 ') || length === undefined) throw new Error(this.#head.slice(0, end));
      this.#missing = Number(length) - (this.#head.length - end - 4);
    }
    if (this.#missing === 0) this.#ask();
  }
}

const all = Array.from({ length: clients }, (_, place) => new Fetching(place));
const startedMs = performance.now();
while (performance.now() - startedMs < seconds * 1000) {
  if (waiting.wait(100) === 0) continue;
  for (const [place, each] of all.entries()) if (waiting.isReady(place)) each.hear();
}
const result: SinkResult = { bytes, ms: performance.now() - startedMs, broken };
process.stdout.write(JSON.stringify(result));
