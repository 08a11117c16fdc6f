import koffi from 'koffi';

// Linux's numbers: bits/socket.h, sys/epoll.h.
const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const SO_SNDBUFFORCE = 32;
const MSG_DONTWAIT = 0x40;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLLIN = 1;
/** `struct epoll_event` is packed on x64 alone. */
const event = process.arch === 'x64' ? { sizeBytes: 12, data: 4 } : { sizeBytes: 16, data: 8 };
const mostEvents = 64;
const bufferBytes = 4 * 1024 * 1024;

const library = koffi.load(null);
const calls = {
  socket: library.func('int socket(int, int, int)'),
  setsockopt: library.func('int setsockopt(int, int, int, const uint8_t *, uint32_t)'),
  bind: library.func('int bind(int, const uint8_t *, uint32_t)'),
  getsockname: library.func('int getsockname(int, uint8_t *, uint32_t *)'),
  recvfrom: library.func('int64_t recvfrom(int, uint8_t *, size_t, int, uint8_t *, uint32_t *)'),
  sendto: library.func('int64_t sendto(int, const uint8_t *, size_t, int, const uint8_t *, uint32_t)'),
  close: library.func('int close(int)'),
  create: library.func('int epoll_create1(int)'),
  control: library.func('int epoll_ctl(int, int, int, uint8_t *)'),
  wait: library.func('int epoll_pwait2(int, uint8_t *, int, const uint8_t *, const void *, size_t)'),
};

function checked(result: number, call: string): number {
  if (result < 0) throw new Error(`${call}: errno ${koffi.errno()}`);
  return result;
}

/** `struct sockaddr_in`. */
export function socketAddress(address: string, port: number): Uint8Array {
  const parts = address.split('.').map(Number);
  return Uint8Array.of(AF_INET, 0, port >>> 8, port & 0xff, ...parts, 0, 0, 0, 0, 0, 0, 0, 0);
}

export function portOf(address: Uint8Array): number {
  return ((address[2] ?? 0) << 8) | (address[3] ?? 0);
}

/** Whoever it stands for, as a key. */
export function keyOf(address: Uint8Array): number {
  const view = new DataView(address.buffer, address.byteOffset);
  return view.getUint32(4) * 65_536 + view.getUint16(2);
}

/** A new socket's descriptor. */
export function openUdp(address: string, port: number): number {
  const fd = checked(calls.socket(AF_INET, SOCK_DGRAM, 0), 'socket');
  const size = new Uint8Array(Int32Array.of(bufferBytes).buffer);
  // Without privileges what the system gives must do.
  calls.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, size, 4);
  calls.setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, size, 4);
  checked(calls.bind(fd, socketAddress(address, port), 16), 'bind');
  return fd;
}

export function boundPort(fd: number): number {
  const address = new Uint8Array(16);
  checked(calls.getsockname(fd, address, Uint32Array.of(16)), 'getsockname');
  return portOf(address);
}

const received = new Uint8Array(65_536);
const receivedFrom = new Uint8Array(16);
const fromLength = Uint32Array.of(16);

/** All that waits at the socket; both arrays are only good until `take` returns. */
export function receiveAll(fd: number, take: (bytes: Uint8Array, from: Uint8Array) => void): void {
  for (let count = 0; count < 256; count += 1) {
    fromLength[0] = 16;
    const length = calls.recvfrom(fd, received, received.length, MSG_DONTWAIT, receivedFrom, fromLength);
    if (length < 0) return;
    take(received.subarray(0, length), receivedFrom);
  }
}

/** Losing it is what a network does. */
export function send(fd: number, bytes: Uint8Array, to: Uint8Array): void {
  calls.sendto(fd, bytes, bytes.length, MSG_DONTWAIT, to, 16);
}

/** Waits for many descriptors, as long as a thousandth of a millisecond or for ever. */
export class Watch {
  readonly #fd = checked(calls.create(0), 'epoll_create1');
  readonly #ready = new Map<number, () => void>();
  readonly #events = new Uint8Array(mostEvents * event.sizeBytes);
  readonly #view = new DataView(this.#events.buffer);
  /** `struct timespec`. */
  readonly #timeout = new BigInt64Array(2);
  readonly #timeoutBytes = new Uint8Array(this.#timeout.buffer);

  add(fd: number, ready: () => void): void {
    const what = new DataView(new ArrayBuffer(event.sizeBytes));
    what.setUint32(0, EPOLLIN, true);
    what.setUint32(event.data, fd, true);
    checked(calls.control(this.#fd, EPOLL_CTL_ADD, fd, new Uint8Array(what.buffer)), 'epoll_ctl');
    this.#ready.set(fd, ready);
  }

  close(fd: number): void {
    this.#ready.delete(fd);
    calls.control(this.#fd, EPOLL_CTL_DEL, fd, this.#events);
    calls.close(fd);
  }

  /** Calls whoever has something to read. */
  turn(waitMs: number): void {
    const isBounded = Number.isFinite(waitMs);
    if (isBounded) this.#timeout[1] = BigInt(Math.max(Math.floor(Math.min(waitMs, 999) * 1e6), 0));
    const count = calls.wait(this.#fd, this.#events, mostEvents, isBounded ? this.#timeoutBytes : null, null, 8);
    for (let index = 0; index < count; index += 1) {
      this.#ready.get(this.#view.getUint32(index * event.sizeBytes + event.data, true))?.();
    }
  }
}
