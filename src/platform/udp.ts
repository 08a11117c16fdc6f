/** An IPv4 address in dotted decimal, and a port. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export interface UdpOptions {
  /** The local address to bind; `0.0.0.0` for all. */
  readonly address: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Hear and send on this network interface only (SO_BINDTODEVICE). */
  readonly interface?: string;
  /** Allow sending to broadcast addresses. */
  readonly broadcast?: boolean;
}

export interface UdpSocket {
  readonly local: Endpoint;
  /** Sends one datagram. Losing it is no error: that is what UDP does. `bytes` must not change until `sent` is called. */
  send(bytes: Uint8Array, to: Endpoint, sent?: (error: Error | null) => void): void;
  close(): Promise<void>;
}

/** `bytes` is the receiver's to keep. */
export type OnDatagram = (bytes: Uint8Array, from: Endpoint, socket: UdpSocket) => void;

export interface Udp {
  /**
   * Opens a socket. Throws UDP_PORT_IN_USE, UDP_PORT_FORBIDDEN, UDP_ADDRESS_NOT_HERE or INTERFACE_NOT_FOUND.
   */
  open(options: UdpOptions, onDatagram: OnDatagram): Promise<UdpSocket>;
}
