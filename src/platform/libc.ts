import koffi from 'koffi';
import { BootwrightError } from '../errors.ts';

/**
 * The calls that Node has no word for. A UDP socket that hears and sends on one network interface only needs
 * SO_BINDTODEVICE before bind(2); a folder that replaces another one in a single step needs renameat2(2); a lock that
 * ends with its process, however that ends, needs flock(2).
 */
interface Libc {
  socket(family: number, type: number, protocol: number): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, length: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  close(fd: number): number;
  renameat2(oldFolder: number, oldPath: string, newFolder: number, newPath: string, flags: number): number;
  flock(fd: number, operation: number): number;
}

let loaded: Libc | undefined;

/** The C library of this machine. Throws PLATFORM_UNSUPPORTED where it is not Linux's. */
function libc(): Libc {
  if (loaded !== undefined) return loaded;
  if (process.platform !== 'linux') throw new BootwrightError('PLATFORM_UNSUPPORTED', { platform: process.platform });
  const library = koffi.load(null);
  loaded = {
    socket: library.func('int socket(int, int, int)'),
    setsockopt: library.func('int setsockopt(int, int, int, const uint8_t *, uint32_t)'),
    bind: library.func('int bind(int, const uint8_t *, uint32_t)'),
    close: library.func('int close(int)'),
    renameat2: library.func('int renameat2(int, const char *, int, const char *, unsigned int)'),
    flock: library.func('int flock(int, int)'),
  };
  return loaded;
}

// Linux's numbers (include/uapi/asm-generic/socket.h, include/linux/net.h), the same on x64 and arm64.
const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_DGRAM_NONBLOCK_CLOEXEC = 0o2 | 0o4000 | 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_BROADCAST = 6;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_BINDTODEVICE = 25;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const AT_FDCWD = -100;
const RENAME_EXCHANGE = 2;
const LOCK_EX_NB = 2 | 4;

function check(result: number, call: string): number {
  if (result >= 0) return result;
  const number = koffi.errno();
  const name = Object.entries(koffi.os.errno).find(([, value]) => value === number)?.[0] ?? String(number);
  throw Object.assign(new Error(`${call}: ${name}`), { code: name });
}

export interface DeviceSocketOptions {
  /** Four bytes for IPv4; sixteen for IPv6, and IPv6 alone. */
  readonly address: Uint8Array;
  readonly port: number;
  readonly interface: string;
  readonly broadcast: boolean;
  readonly reuse: boolean;
  readonly receiveBufferBytes: number;
  readonly sendBufferBytes: number;
}

/** A bound UDP socket that belongs to one network interface; its file descriptor is the caller's to close. */
export function openDeviceSocket(options: DeviceSocketOptions): number {
  const c = libc();
  const isIpv6 = options.address.length === 16;
  const fd = check(c.socket(isIpv6 ? AF_INET6 : AF_INET, SOCK_DGRAM_NONBLOCK_CLOEXEC, 0), 'socket');
  try {
    const one = new Uint8Array(Int32Array.of(1).buffer);
    const set = (level: number, name: number, value: Uint8Array): number =>
      check(c.setsockopt(fd, level, name, value, value.length), 'setsockopt');
    if (options.reuse) set(SOL_SOCKET, SO_REUSEADDR, one);
    if (options.broadcast) set(SOL_SOCKET, SO_BROADCAST, one);
    if (isIpv6) set(IPPROTO_IPV6, IPV6_V6ONLY, one);
    // Beyond net.core.rmem_max and wmem_max, which on most systems are 200 KiB, only with CAP_NET_ADMIN.
    const enlarge = (forced: number, plain: number, sizeBytes: number): void => {
      const size = new Uint8Array(Int32Array.of(sizeBytes).buffer);
      if (c.setsockopt(fd, SOL_SOCKET, forced, size, size.length) < 0) set(SOL_SOCKET, plain, size);
    };
    enlarge(SO_RCVBUFFORCE, SO_RCVBUF, options.receiveBufferBytes);
    enlarge(SO_SNDBUFFORCE, SO_SNDBUF, options.sendBufferBytes);
    set(SOL_SOCKET, SO_BINDTODEVICE, new TextEncoder().encode(`${options.interface}\0`));
    const address = isIpv6 ? socketAddress6(options) : socketAddress4(options);
    check(c.bind(fd, address, address.length), 'bind');
    return fd;
  } catch (error) {
    c.close(fd);
    throw error;
  }
}

/** struct sockaddr_in: the family in the machine's order, port and address in network order, eight zeros. */
function socketAddress4({ address, port }: DeviceSocketOptions): Uint8Array {
  const bytes = new Uint8Array(16);
  writeFamilyAndPort(bytes, AF_INET, port);
  bytes.set(address, 4);
  return bytes;
}

/** struct sockaddr_in6: the same, then flow information, the address, and a scope, which the interface gives. */
function socketAddress6({ address, port }: DeviceSocketOptions): Uint8Array {
  const bytes = new Uint8Array(28);
  writeFamilyAndPort(bytes, AF_INET6, port);
  bytes.set(address, 8);
  return bytes;
}

function writeFamilyAndPort(bytes: Uint8Array, family: number, port: number): void {
  const view = new DataView(bytes.buffer);
  view.setUint16(0, family, true);
  view.setUint16(2, port);
}

/** Swaps two paths of one file system in a single step. Throws an error with the errno's name as its `code`. */
export function exchangePaths(one: string, other: string): void {
  check(libc().renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE), 'renameat2');
}

/**
 * Takes the lock of an open file or folder for as long as it is open; false where another process has it. Throws an
 * error with the errno's name as its `code` where the file system has no locks.
 */
export function lockOpenFile(fd: number): boolean {
  try {
    check(libc().flock(fd, LOCK_EX_NB), 'flock');
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EAGAIN' || code === 'EWOULDBLOCK') return false;
    throw error;
  }
}
