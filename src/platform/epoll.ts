import { endianness } from 'node:os';
import { checked, packetCalls } from './packet-calls.ts';

// Linux's numbers: sys/epoll.h.
const EPOLL_CLOEXEC = 0o2000000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLLIN = 1;
/** `struct epoll_event` is packed on x64 alone: 32 bits of events, then 64 of data. */
const layout = process.arch === 'x64' ? { sizeBytes: 12, data: 4 } : { sizeBytes: 16, data: 8 };
const littleEndian = endianness() === 'LE';
const mostEvents = 64;

/** Waits for many descriptors in one call (epoll(7), level-triggered), so that a turn costs the same for one or 1000. */
export class Epoll {
  readonly fd: number;
  readonly #calls = packetCalls();
  readonly #ready = new Map<number, () => void>();
  readonly #events = new Uint8Array(mostEvents * layout.sizeBytes);
  readonly #view = new DataView(this.#events.buffer);

  constructor() {
    this.fd = checked(this.#calls.epoll_create1(EPOLL_CLOEXEC), 'epoll_create1');
  }

  /** Calls `ready` in every turn in which there is something to read. */
  watch(fd: number, ready: () => void): void {
    const event = new DataView(new ArrayBuffer(layout.sizeBytes));
    event.setUint32(0, EPOLLIN, littleEndian);
    event.setUint32(layout.data, fd, littleEndian);
    checked(this.#calls.epoll_ctl(this.fd, EPOLL_CTL_ADD, fd, new Uint8Array(event.buffer)), 'epoll_ctl');
    this.#ready.set(fd, ready);
  }

  /** To be called before the descriptor is closed. */
  forget(fd: number): void {
    if (!this.#ready.delete(fd)) return;
    this.#calls.epoll_ctl(this.fd, EPOLL_CTL_DEL, fd, this.#events);
  }

  /** Calls whoever has something to read, and waits for the first for `waitMs` at most; how many there were. */
  turn(waitMs: number): number {
    // What EINTR and the like mean, the next turn finds out.
    const count = this.#calls.epoll_wait(this.fd, this.#events, mostEvents, waitMs);
    for (let index = 0; index < count; index += 1) {
      const fd = this.#view.getUint32(index * layout.sizeBytes + layout.data, littleEndian);
      this.#ready.get(fd)?.();
    }
    return count;
  }

  close(): void {
    this.#calls.close(this.fd);
  }
}
