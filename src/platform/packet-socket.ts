import { networkInterfaces } from 'node:os';
import { BootwrightError } from '../errors.ts';
import { formatMac, parseMac } from '../wire/addresses.ts';
import { allocate, checked, packetCalls, whenReadable } from './packet-calls.ts';
import { PacketRing, type ReceivedPacket, type RingSize } from './packet-ring.ts';

export interface PacketSocketOptions {
  readonly interface: string;
  /** EtherType; `everyProtocol` for all. */
  readonly protocol: number;
  /** Whole frames with their Ethernet headers, or payloads only. */
  readonly frames: boolean;
  readonly ring: RingSize;
  readonly receiveBufferBytes?: number;
  /** Hear frames for other machines, too. */
  readonly promiscuous?: boolean;
  /** A classic BPF program, 8 bytes an instruction: how many bytes of which packet are wanted. */
  readonly filter?: Uint8Array;
  /** Does not keep the process from ending. */
  readonly background?: boolean;
  readonly onPacket: (packet: ReceivedPacket) => void;
  /** Nothing more will come: the interface went away, or was switched off. */
  readonly onFailure: (error: unknown) => void;
}

export interface PacketSocket {
  /** Of the interface, lower case with colons. */
  readonly mac: string;
  /** ARPHRD: 1 is Ethernet, 772 loopback (with Ethernet headers, too). */
  readonly hardware: number;
  /** Sends a payload; the kernel writes the Ethernet header. Throws an error with the errno's name as its `code`. */
  send(bytes: Uint8Array, toMac: string): void;
  /** Packets that were lost since the last call, because nobody fetched them in time. */
  takeDrops(): number;
  /** Hands over what has come in until now, to be called before `close` by whom every packet counts. */
  drain(): void;
  close(): void;
}

/** ETH_P_ALL. */
export const everyProtocol = 3;

// Linux's numbers: asm-generic/socket.h, linux/if_packet.h.
const AF_PACKET = 17;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const NONBLOCK_CLOEXEC = 0o4000 | 0o2000000;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_ATTACH_FILTER = 26;
const SO_RCVBUFFORCE = 33;
const SO_TIMESTAMPNS = 35;
const SOL_PACKET = 263;
const PACKET_ADD_MEMBERSHIP = 1;
const PACKET_STATISTICS = 6;
const PACKET_AUXDATA = 8;
const PACKET_MR_PROMISC = 1;
/** `struct sockaddr_ll`. */
const linkAddressBytes = 20;
/** So that a fast transfer does not keep the event loop from everything else. */
const mostBatches = 8;
/** A network that never falls silent must not keep anybody from the end. */
const mostBatchesAtTheEnd = 4096;

/** Throws PACKET_SOCKET_FORBIDDEN, INTERFACE_NOT_FOUND or PLATFORM_UNSUPPORTED. */
export function openPacketSocket(options: PacketSocketOptions): PacketSocket {
  const calls = packetCalls();
  const index = calls.if_nametoindex(options.interface);
  if (index === 0) throw notFound(options.interface);
  // Protocol 0 hears nothing yet: until bind(2), any other would hear every interface.
  const fd = openDescriptor(options.frames ? SOCK_RAW : SOCK_DGRAM);
  try {
    setNumbers(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
    setNumbers(fd, SOL_PACKET, PACKET_AUXDATA, 1);
    if (options.receiveBufferBytes !== undefined) setReceiveBuffer(fd, options.receiveBufferBytes);
    if (options.filter !== undefined) attachFilter(fd, options.filter);
    // struct packet_mreq: the interface, what is wanted, and an address that nobody looks at.
    if (options.promiscuous === true) {
      setNumbers(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, index, PACKET_MR_PROMISC, 0, 0);
    }
    checked(calls.bind(fd, linkAddress(index, options.protocol), linkAddressBytes), 'bind');
    return start(fd, index, options);
  } catch (cause) {
    calls.close(fd);
    throw (cause as NodeJS.ErrnoException).code === 'ENODEV' ? notFound(options.interface, cause) : cause;
  }
}

/** Throws PACKET_SOCKET_FORBIDDEN or PLATFORM_UNSUPPORTED where no packet socket could be opened. */
export function checkPacketSockets(): void {
  packetCalls().close(openDescriptor(SOCK_DGRAM));
}

function start(fd: number, index: number, options: PacketSocketOptions): PacketSocket {
  const calls = packetCalls();
  const own = new Uint8Array(linkAddressBytes);
  checked(calls.getsockname(fd, own, Uint32Array.of(own.length)), 'getsockname');
  const ring = new PacketRing(options.ring);
  let isOpen = true;
  let isReading = false;
  const watch = whenReadable(fd, options.background === true, () => receive(mostBatches));

  function receive(batches: number): void {
    isReading = true;
    try {
      let received = 1;
      for (let batch = 0; received > 0 && batch < batches && isOpen; batch += 1) {
        received = ring.receive(fd, (packet) => isOpen && options.onPacket(packet));
      }
    } catch (error) {
      close();
      options.onFailure(error);
    }
    isReading = false;
    if (!isOpen) ring.free();
  }

  function close(): void {
    if (!isOpen) return;
    isOpen = false;
    watch.stop();
    calls.close(fd);
    // Whoever closes it when a packet is handed over still has the bytes of that packet.
    if (!isReading) ring.free();
  }

  return {
    mac: formatMac(own.subarray(12, 18)),
    hardware: new DataView(own.buffer).getUint16(8, true),
    send(bytes, toMac) {
      const to = linkAddress(index, options.protocol, toMac);
      checked(isOpen ? calls.sendto(fd, bytes, bytes.length, 0, to, to.length) : 0, 'sendto');
    },
    drain() {
      if (isOpen && !isReading) receive(mostBatchesAtTheEnd);
    },
    takeDrops() {
      // struct tpacket_stats: packets and drops; reading sets both to 0.
      const counts = new Uint32Array(2);
      const bytes = new Uint8Array(counts.buffer);
      if (isOpen) calls.getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, bytes, Uint32Array.of(bytes.length));
      return counts[1] ?? 0;
    },
    close,
  };
}

function openDescriptor(type: number): number {
  try {
    return checked(packetCalls().socket(AF_PACKET, type | NONBLOCK_CLOEXEC, 0), 'socket');
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    if (code !== 'EPERM' && code !== 'EACCES') throw cause;
    throw new BootwrightError('PACKET_SOCKET_FORBIDDEN', {}, { cause });
  }
}

function notFound(name: string, cause?: unknown): BootwrightError {
  const known = Object.keys(networkInterfaces()).join(', ');
  return new BootwrightError('INTERFACE_NOT_FOUND', { interface: name, known }, { cause });
}

function setNumbers(fd: number, level: number, name: number, ...numbers: readonly number[]): void {
  const value = new Uint8Array(Int32Array.from(numbers).buffer);
  checked(packetCalls().setsockopt(fd, level, name, value, value.length), 'setsockopt');
}

/** As large as asked where the process may (CAP_NET_ADMIN), otherwise as large as net.core.rmem_max allows. */
function setReceiveBuffer(fd: number, sizeBytes: number): void {
  const value = new Uint8Array(Int32Array.of(sizeBytes).buffer);
  const { setsockopt } = packetCalls();
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, value, value.length) < 0) {
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, value, value.length);
  }
}

function attachFilter(fd: number, program: Uint8Array): void {
  // struct sock_fprog: the number of instructions, and where they are.
  const memory = allocate(16 + program.length);
  try {
    const view = new DataView(memory.bytes.buffer, memory.bytes.byteOffset);
    view.setUint16(0, program.length / 8, true);
    view.setBigUint64(8, memory.address + 16n, true);
    memory.bytes.set(program, 16);
    const value = memory.bytes.slice(0, 16);
    checked(packetCalls().setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, value, value.length), 'setsockopt');
  } finally {
    memory.free();
  }
}

/** `struct sockaddr_ll`: family, protocol in network order, interface, hardware, kind, length, address. */
function linkAddress(index: number, protocol: number, mac?: string): Uint8Array {
  const bytes = new Uint8Array(linkAddressBytes);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_PACKET, true);
  view.setUint16(2, protocol);
  view.setInt32(4, index, true);
  const address = mac === undefined ? undefined : parseMac(mac);
  if (address !== undefined) {
    view.setUint8(11, address.length);
    bytes.set(address, 12);
  }
  return bytes;
}
