import { createSocket, type Socket } from 'node:dgram';
import { parseIpv4, parseIpv6 } from '../wire/addresses.ts';
import { openDeviceSocket } from './libc.ts';
import type { Endpoint, OnDatagram, Udp, UdpOptions, UdpSocket } from './udp.ts';
import { udpFailure } from './udp-failure.ts';

/** Enough for the DISCOVERs of a whole rack that is switched on at once. */
const receiveBufferBytes = 1024 * 1024;
/**
 * What is sent to an address that nobody has stays in the kernel for the three seconds in which it asks by ARP who has
 * it: 200 KiB, the usual, are full of 55 such answers a second, and everything else waits behind them.
 */
const sendBufferBytes = 8 * 1024 * 1024;
/** What waits for room there; beyond, it is lost as on a full network. Else a flood would be answered minutes later. */
const mostWaitingBytes = 64 * 1024;

function isIpv6({ address }: UdpOptions): boolean {
  return address.includes(':');
}

function ipv4Bytes(address: string): Uint8Array {
  const value = new DataView(new ArrayBuffer(4));
  value.setUint32(0, parseIpv4(address) ?? 0);
  return new Uint8Array(value.buffer);
}

function bind(socket: Socket, options: UdpOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('listening', () => {
      socket.off('error', reject);
      resolve();
    });
    if (options.interface === undefined) {
      socket.bind({ address: options.address, port: options.port, exclusive: true });
    } else {
      const fd = openDeviceSocket({
        address: isIpv6(options) ? (parseIpv6(options.address) ?? new Uint8Array(16)) : ipv4Bytes(options.address),
        port: options.port,
        interface: options.interface,
        broadcast: options.broadcast === true,
        reuse: options.reuse === true,
        receiveBufferBytes,
        sendBufferBytes,
      });
      socket.bind({ fd, exclusive: true });
    }
  });
}

class NodeUdpSocket implements UdpSocket {
  readonly local: Endpoint;
  readonly #socket: Socket;
  #closed: Promise<void> | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    const { address, port } = socket.address();
    this.local = { address, port };
  }

  send(bytes: Uint8Array, to: Endpoint, sent?: (error: Error | null) => void): void {
    if (this.#closed !== undefined) {
      sent?.(null);
      return;
    }
    if (this.#socket.getSendQueueSize() > mostWaitingBytes) {
      sent?.(new Error('the network takes no more'));
      return;
    }
    try {
      this.#socket.send(bytes, to.port, to.address, (error) => sent?.(error));
    } catch (error) {
      // A port of 0 in a spoofed datagram: dgram throws for it instead of calling back.
      sent?.(error instanceof Error ? error : new Error(String(error)));
    }
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => this.#socket.close(() => resolve()));
    return this.#closed;
  }
}

/** UDP by Node's dgram, and by the C library where a socket belongs to one interface. */
export const nodeUdp: Udp = {
  async open(options: UdpOptions, onDatagram: OnDatagram): Promise<UdpSocket> {
    const reuseAddr = options.reuse === true;
    const socket = createSocket(
      isIpv6(options) ? { type: 'udp6', ipv6Only: true, reuseAddr } : { type: 'udp4', reuseAddr },
    );
    try {
      await bind(socket, options);
      for (const group of options.join ?? []) socket.addMembership(group, `::%${options.interface ?? ''}`);
    } catch (error) {
      socket.close();
      throw udpFailure(error, options);
    }
    if (options.broadcast === true) socket.setBroadcast(true);
    if (options.interface === undefined) socket.setRecvBufferSize(receiveBufferBytes);
    const opened = new NodeUdpSocket(socket);
    // An ICMP "port unreachable" of a machine that went away is reported here: no reason to stop.
    socket.on('error', () => {});
    socket.on('message', (bytes, { address, port }) => onDatagram(bytes, { address, port }, opened));
    return opened;
  },
};
