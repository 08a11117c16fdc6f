import type { Epoll } from './epoll.ts';
import type { HeldDescriptors } from './held-descriptors.ts';
import { checked, lastErrno, packetCalls } from './packet-calls.ts';
import { AF_INET, AF_INET6, endpointOf, socketAddress, socketAddressBytes } from './socket-address.ts';
import type { Endpoint, OnDatagram, UdpOptions, UdpSocket } from './udp.ts';
import { udpFailure } from './udp-failure.ts';

interface NativeSocketOptions extends Omit<UdpOptions, 'join'> {
  readonly epoll: Epoll;
  readonly descriptors: HeldDescriptors;
  readonly onDatagram: OnDatagram;
}

// Linux's numbers: asm-generic/socket.h, linux/in.h, linux/in6.h, linux/udp.h.
const SOCK_DGRAM_CLOEXEC = 0o2 | 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_BROADCAST = 6;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_SNDTIMEO = 21;
const SO_BINDTODEVICE = 25;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const IPPROTO_IP = 0;
const IP_MTU = 14;
const IPPROTO_IPV6 = 41;
const IPV6_MTU = 24;
const IPV6_V6ONLY = 26;
const SOL_UDP = 17;
const UDP_SEGMENT = 103;
const MSG_DONTWAIT = 0x40;

/** The requests of some racks that are switched on at once; on the way out, windows of many machines. */
const bufferBytes = 1024 * 1024;
/** A network card that takes nothing for so long loses datagrams. */
const sendTimeoutMs = 20;
/** UDP_MAX_SEGMENTS of linux/udp.h, and the largest datagram (65,535 less the headers of IP and UDP). */
const mostSegments = 64;
const mostBytes = 65_507;
/** Datagrams that are taken from a port that all know before the others get their turn. */
const mostAtOnce = 16;
/** EIO, EINVAL, EMSGSIZE and EOPNOTSUPP of asm-generic/errno.h: the way, or the network card, takes no such send. */
const refusals: ReadonlySet<number> = new Set([5, 22, 90, 95]);

const calls = packetCalls();
/** One thread, one datagram at a time. */
const received = new Uint8Array(65_536);
const receivedFrom = new Uint8Array(socketAddressBytes);
const receivedFromWords = new Uint32Array(receivedFrom.buffer);
const fromLength = new Uint32Array(1);
/** An ACK (RFC 1350 §5), which is nearly all that a server of files hears. */
const fourBytes = received.subarray(0, 4);

/** One socket of `NativeUdp`. */
export class NativeUdpSocket implements UdpSocket {
  readonly local: Endpoint;
  readonly #options: NativeSocketOptions;
  readonly #fd: number;
  readonly #family: number;
  readonly #atOnce: number;
  /** Who was heard last: mostly it is the same one. */
  #from: Endpoint = { address: '', port: 0 };
  #fromWords = new Uint32Array(socketAddressBytes / 4);
  /** What the kernel cuts each send into; 0: nothing is cut. */
  #segmentBytes = 0;
  #cannotCut = false;
  #isOpen = true;
  #lastTo: Endpoint | undefined;
  #lastAddress: Uint8Array = new Uint8Array();
  readonly #addresses = new WeakMap<Endpoint, Uint8Array>();

  /** Throws what `Udp.open` throws. */
  constructor(options: NativeSocketOptions) {
    this.#options = options;
    this.#family = options.address.includes(':') ? AF_INET6 : AF_INET;
    // On a port of its own is one client that waits for the answer to each datagram.
    this.#atOnce = options.port === 0 ? 1 : mostAtOnce;
    this.#fd = this.#openDescriptor();
    const own = new Uint8Array(socketAddressBytes);
    calls.getsockname(this.#fd, own, Uint32Array.of(own.length));
    this.local = endpointOf(own);
    options.epoll.watch(this.#fd, () => this.#receive());
  }

  send(bytes: Uint8Array, to: Endpoint, sent?: (error: Error | null) => void): void {
    if (this.#segmentBytes !== 0 && bytes.length > this.#segmentBytes) this.#cutInto(0);
    const isSent = this.#isOpen && this.#sendTo(bytes, to);
    if (sent === undefined) return;
    sent(isSent || !this.#isOpen ? null : new Error(`a datagram to ${to.address} could not be sent`));
  }

  sendSegments(bytes: Uint8Array, segmentBytes: number, to: Endpoint): void {
    const most = Math.max(Math.min(mostSegments, Math.floor(mostBytes / segmentBytes)), 1) * segmentBytes;
    for (let start = 0; start < bytes.length; start += most) {
      this.#sendRun(
        start === 0 && bytes.length <= most ? bytes : bytes.subarray(start, start + most),
        segmentBytes,
        to,
      );
    }
  }

  /** What the kernel says of the way that a connected socket's datagrams take (ip(7), IP_MTU). */
  pathMtuBytes(to: Endpoint): number | undefined {
    const fd = calls.socket(this.#family, SOCK_DGRAM_CLOEXEC, 0);
    if (fd < 0) return undefined;
    try {
      const { local } = this;
      this.#bindToInterface(fd);
      const [from, there] = [socketAddress({ ...local, port: 0 }), this.#addressOf(to)];
      if (calls.bind(fd, from, from.length) < 0 || calls.connect(fd, there, there.length) < 0) return undefined;
      const value = new Int32Array(1);
      const bytes = new Uint8Array(value.buffer);
      const [level, name] = this.#family === AF_INET6 ? [IPPROTO_IPV6, IPV6_MTU] : [IPPROTO_IP, IP_MTU];
      return calls.getsockopt(fd, level, name, bytes, Uint32Array.of(4)) < 0 ? undefined : value[0];
    } finally {
      calls.close(fd);
    }
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#options.epoll.forget(this.#fd);
    this.#options.descriptors.close(this.#fd);
  }

  #openDescriptor(): number {
    const { address, port, reuse, broadcast, descriptors } = this.#options;
    let fd = -1;
    try {
      fd = checked(calls.socket(this.#family, SOCK_DGRAM_CLOEXEC, 0), 'socket');
      descriptors.hold(fd);
      if (reuse === true) setNumber(fd, SOL_SOCKET, SO_REUSEADDR, 1);
      if (broadcast === true) setNumber(fd, SOL_SOCKET, SO_BROADCAST, 1);
      if (this.#family === AF_INET6) setNumber(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
      // Beyond net.core.rmem_max and wmem_max, which on most systems are 200 KiB, only with CAP_NET_ADMIN.
      if (!setNumber(fd, SOL_SOCKET, SO_RCVBUFFORCE, bufferBytes)) setNumber(fd, SOL_SOCKET, SO_RCVBUF, bufferBytes);
      if (!setNumber(fd, SOL_SOCKET, SO_SNDBUFFORCE, bufferBytes)) setNumber(fd, SOL_SOCKET, SO_SNDBUF, bufferBytes);
      // struct timeval: seconds and microseconds, 64 bits each.
      set(fd, SOL_SOCKET, SO_SNDTIMEO, BigInt64Array.of(0n, BigInt(sendTimeoutMs * 1000)));
      this.#bindToInterface(fd);
      const own = socketAddress({ address, port });
      checked(calls.bind(fd, own, own.length), 'bind');
      return fd;
    } catch (error) {
      if (fd >= 0) descriptors.close(fd);
      throw udpFailure(error, this.#options);
    }
  }

  #bindToInterface(fd: number): void {
    const { interface: device } = this.#options;
    if (device === undefined) return;
    const name = new TextEncoder().encode(`${device}\0`);
    checked(calls.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, name.length), 'setsockopt');
  }

  #receive(): void {
    for (let count = 0; count < this.#atOnce && this.#isOpen; count += 1) {
      fromLength[0] = socketAddressBytes;
      const length = calls.recvfrom(this.#fd, received, received.length, MSG_DONTWAIT, receivedFrom, fromLength);
      if (length < 0) return;
      const bytes = length === 4 ? fourBytes : received.subarray(0, length);
      this.#options.onDatagram(bytes, this.#sender(), this);
    }
  }

  /** Who sent the datagram; the same object as long as it is the same one. */
  #sender(): Endpoint {
    const words = this.#family === AF_INET ? 2 : 7;
    for (let word = 0; word < words; word += 1) {
      if (receivedFromWords[word] === this.#fromWords[word]) continue;
      this.#fromWords.set(receivedFromWords);
      const address = receivedFrom.slice(0, this.#family === AF_INET ? 16 : 28);
      this.#from = endpointOf(address);
      this.#addresses.set(this.#from, address);
      break;
    }
    return this.#from;
  }

  #addressOf(to: Endpoint): Uint8Array {
    if (to === this.#lastTo) return this.#lastAddress;
    let address = this.#addresses.get(to);
    if (address === undefined) {
      address = socketAddress(to);
      this.#addresses.set(to, address);
    }
    this.#lastTo = to;
    this.#lastAddress = address;
    return address;
  }

  #sendTo(bytes: Uint8Array, to: Endpoint): boolean {
    const address = this.#addressOf(to);
    return calls.sendto(this.#fd, bytes, bytes.length, 0, address, address.length) >= 0;
  }

  #sendRun(bytes: Uint8Array, segmentBytes: number, to: Endpoint): void {
    if (!this.#isOpen) return;
    const isCut = bytes.length > segmentBytes && this.#cutInto(segmentBytes);
    if (isCut && (this.#sendTo(bytes, to) || !refusals.has(lastErrno()))) return;
    this.#cutInto(0);
    for (let start = 0; start < bytes.length; start += segmentBytes) {
      this.send(bytes.subarray(start, start + segmentBytes), to);
    }
  }

  /** Has the kernel cut what is sent into datagrams of this size (udp(7), UDP_SEGMENT). */
  #cutInto(segmentBytes: number): boolean {
    if (this.#segmentBytes === segmentBytes) return true;
    if (this.#cannotCut) return false;
    this.#cannotCut = !setNumber(this.#fd, SOL_UDP, UDP_SEGMENT, segmentBytes);
    if (!this.#cannotCut) this.#segmentBytes = segmentBytes;
    return !this.#cannotCut;
  }
}

function setNumber(fd: number, level: number, name: number, value: number): boolean {
  return set(fd, level, name, Int32Array.of(value));
}

function set(fd: number, level: number, name: number, value: Int32Array | BigInt64Array): boolean {
  const bytes = new Uint8Array(value.buffer);
  return calls.setsockopt(fd, level, name, bytes, bytes.length) === 0;
}
