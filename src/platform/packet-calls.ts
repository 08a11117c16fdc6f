import koffi from 'koffi';
import { BootwrightError } from '../errors.ts';

/** The calls of the C library that sockets need which Node does not open itself. */
interface PacketCalls {
  socket(family: number, type: number, protocol: number): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, length: number): number;
  getsockopt(fd: number, level: number, name: number, value: Uint8Array, length: Uint32Array): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  getsockname(fd: number, address: Uint8Array, length: Uint32Array): number;
  connect(fd: number, address: Uint8Array, length: number): number;
  sendto(fd: number, bytes: Uint8Array, count: number, flags: number, to: Uint8Array, length: number): number;
  recvfrom(fd: number, into: Uint8Array, size: number, flags: number, from: Uint8Array, length: Uint32Array): number;
  recvmmsg(fd: number, messages: bigint, count: number, flags: number, timeout: null): number;
  close(fd: number): number;
  epoll_create1(flags: number): number;
  epoll_ctl(epoll: number, operation: number, fd: number, event: Uint8Array): number;
  epoll_wait(epoll: number, events: Uint8Array, count: number, timeoutMs: number): number;
  if_nametoindex(name: string): number;
  if_indextoname(index: number, name: Uint8Array): unknown;
}

let loaded: PacketCalls | undefined;

/** Throws PLATFORM_UNSUPPORTED where the machine is not Linux. */
export function packetCalls(): PacketCalls {
  if (loaded !== undefined) return loaded;
  if (process.platform !== 'linux') throw new BootwrightError('PLATFORM_UNSUPPORTED', { platform: process.platform });
  const library = koffi.load(null);
  loaded = {
    socket: library.func('int socket(int, int, int)'),
    setsockopt: library.func('int setsockopt(int, int, int, const uint8_t *, uint32_t)'),
    getsockopt: library.func('int getsockopt(int, int, int, uint8_t *, uint32_t *)'),
    bind: library.func('int bind(int, const uint8_t *, uint32_t)'),
    getsockname: library.func('int getsockname(int, uint8_t *, uint32_t *)'),
    sendto: library.func('int64_t sendto(int, const uint8_t *, size_t, int, const uint8_t *, uint32_t)'),
    connect: library.func('int connect(int, const uint8_t *, uint32_t)'),
    recvfrom: library.func('int64_t recvfrom(int, uint8_t *, size_t, int, uint8_t *, uint32_t *)'),
    recvmmsg: library.func('int recvmmsg(int, void *, unsigned int, int, void *)'),
    close: library.func('int close(int)'),
    epoll_create1: library.func('int epoll_create1(int)'),
    epoll_ctl: library.func('int epoll_ctl(int, int, int, uint8_t *)'),
    epoll_wait: library.func('int epoll_wait(int, uint8_t *, int, int)'),
    if_nametoindex: library.func('unsigned int if_nametoindex(const char *)'),
    if_indextoname: library.func('void *if_indextoname(unsigned int, uint8_t *)'),
  };
  return loaded;
}

/** The result of a call. Throws an error with the errno's name as its `code` where it failed. */
export function checked(result: number, call: string): number {
  if (result >= 0) return result;
  const number = koffi.errno();
  const name = Object.entries(koffi.os.errno).find(([, value]) => value === number)?.[0] ?? String(number);
  throw Object.assign(new Error(`${call}: ${name}`), { code: name });
}

/** The errno's number of the call that has just failed. */
export function lastErrno(): number {
  return koffi.errno();
}

export interface NativeMemory {
  readonly address: bigint;
  readonly bytes: Uint8Array;
  /** Nobody may look at `bytes` afterwards. */
  free(): void;
}

/** Memory that stays where it is, so that it can hold addresses of itself. It is all zeros. */
export function allocate(sizeBytes: number): NativeMemory {
  const memory: unknown = koffi.alloc('uint8_t', sizeBytes);
  const bytes = new Uint8Array(koffi.view(memory, sizeBytes)).fill(0);
  return { address: koffi.address(memory), bytes, free: () => koffi.free(memory) };
}

/** Calls `readable` whenever there is something to read, until `stop`; `background` does not keep the process. */
export function whenReadable(fd: number, background: boolean, readable: () => void): { stop(): void } {
  const handle = koffi.node.poll(fd, { readable: true }, readable);
  if (background) handle.unref();
  return {
    stop() {
      handle.stop();
      handle.close();
    },
  };
}
