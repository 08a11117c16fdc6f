import koffi from 'koffi';
import { allocate, checked, type NativeMemory } from '../src/platform/packet-calls.ts';

/**
 * The calls of the C library that the clients are made of: what they cost must not be what is measured, and Node's own
 * sockets cost more than those servers. Memory is passed by its address.
 */
interface Calls {
  socket(family: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  connect(fd: number, address: Uint8Array, length: number): number;
  send(fd: number, bytes: bigint, count: number, flags: number): number;
  sendto(fd: number, bytes: bigint, count: number, flags: number, to: Uint8Array, length: number): number;
  recv(fd: number, bytes: bigint, count: number, flags: number): number;
  recvfrom(fd: number, bytes: bigint, count: number, flags: number, from: Uint8Array, length: Uint32Array): number;
  poll(entries: bigint, count: number, waitMs: number): number;
  close(fd: number): number;
  clock_gettime(clock: number, time: BigInt64Array): number;
  posix_fadvise(fd: number, offset: number, length: number, advice: number): number;
}

const library = koffi.load(null);
export const calls: Calls = {
  socket: library.func('int socket(int, int, int)'),
  bind: library.func('int bind(int, const uint8_t *, uint32_t)'),
  connect: library.func('int connect(int, const uint8_t *, uint32_t)'),
  send: library.func('int64_t send(int, void *, size_t, int)'),
  sendto: library.func('int64_t sendto(int, void *, size_t, int, const uint8_t *, uint32_t)'),
  recv: library.func('int64_t recv(int, void *, size_t, int)'),
  recvfrom: library.func('int64_t recvfrom(int, void *, size_t, int, uint8_t *, uint32_t *)'),
  poll: library.func('int poll(void *, unsigned long, int)'),
  close: library.func('int close(int)'),
  clock_gettime: library.func('int clock_gettime(int, int64_t *)'),
  posix_fadvise: library.func('int posix_fadvise(int, int64_t, int64_t, int)'),
};

const AF_INET = 2;
const POLLIN = 1;
const POSIX_FADV_DONTNEED = 4;
/** No waiting for this call alone. */
export const MSG_DONTWAIT = 0x40;
/** Of TCP: bytes are taken off the connection, and copied nowhere (tcp(7)). */
export const MSG_TRUNC = 0x20;
export const kinds = { stream: 1, datagram: 2 } as const;

/** struct sockaddr_in. */
export function socketAddress(address: string, port: number): Uint8Array {
  return Uint8Array.of(AF_INET, 0, port >> 8, port & 0xff, ...address.split('.').map(Number), 0, 0, 0, 0, 0, 0, 0, 0);
}

/** A socket at a local address, at any port. */
export function openSocket(kind: (typeof kinds)[keyof typeof kinds], address: string): number {
  const fd = checked(calls.socket(AF_INET, kind, 0), 'socket');
  checked(calls.bind(fd, socketAddress(address, 0), 16), 'bind');
  return fd;
}

/** Sockets that are waited for together: poll(2). */
export class Waiting {
  readonly #memory: NativeMemory;
  readonly #entries: Int32Array;

  constructor(count: number) {
    this.#memory = allocate(count * 8);
    const { buffer, byteOffset } = this.#memory.bytes;
    this.#entries = new Int32Array(buffer, byteOffset, count * 2).fill(-1);
  }

  /** Puts a socket at a place; -1 for none. */
  set(place: number, fd: number): void {
    this.#entries[place * 2] = fd;
    this.#entries[place * 2 + 1] = POLLIN;
  }

  /** Waits until one can be read; how many can. */
  wait(waitMs: number): number {
    return checked(calls.poll(this.#memory.address, this.#entries.length / 2, waitMs), 'poll');
  }

  /** Whether the last wait found something at this place. */
  isReady(place: number): boolean {
    return (this.#entries[place * 2 + 1] ?? 0) >>> 16 !== 0;
  }
}

const seconds = new BigInt64Array(2);

/** Nanoseconds of processor time of all threads of a process, also of those that have ended. */
export function processClockNs(pid: number): number {
  // MAKE_PROCESS_CPUCLOCK with CPUCLOCK_SCHED: include/linux/posix-timers_types.h.
  checked(calls.clock_gettime((~pid << 3) | 2, seconds), 'clock_gettime');
  return Number(seconds[0]) * 1e9 + Number(seconds[1]);
}

/** What the kernel keeps of an open file in memory is forgotten; what is not on the disk yet stays. */
export function forgetPages(fd: number): void {
  const failed = calls.posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  if (failed !== 0) throw new Error(`posix_fadvise failed with ${failed}`);
}
