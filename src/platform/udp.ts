/**
 * An IP address and a port. IPv4 in dotted decimal; IPv6 as RFC 5952 wants it, with the zone where it is a link-local
 * one: `fe80::1%eth0`.
 */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export interface UdpOptions {
  /** The local address to bind; `0.0.0.0` for all of IPv4, `::` for all of IPv6 (and IPv6 alone). */
  readonly address: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Hear and send on this network interface only (SO_BINDTODEVICE). */
  readonly interface?: string;
  /** Allow sending to broadcast addresses. */
  readonly broadcast?: boolean;
  /** Hear what is sent to these IPv6 multicast groups on `interface`, such as `ff02::1:2`. */
  readonly join?: readonly string[];
  /** Share the port with others who allow that too (SO_REUSEADDR). All of them hear what is broadcast. */
  readonly reuse?: boolean;
}

export interface UdpSocket {
  readonly local: Endpoint;
  /** Sends one datagram. Losing it is no error: that is what UDP does. `bytes` must not change until `sent` is called. */
  send(bytes: Uint8Array, to: Endpoint, sent?: (error: Error | null) => void): void;
  /**
   * Sends datagrams of `segmentBytes` each, the last of which may be shorter, in as few calls as it can. Nobody reads
   * `bytes` afterwards. Absent where it is no better than one `send` after the other.
   */
  sendSegments?(bytes: Uint8Array, segmentBytes: number, to: Endpoint): void;
  /** The largest IP packet that reaches `to` whole, as far as the kernel knows; absent where nobody knows. */
  pathMtuBytes?(to: Endpoint): number | undefined;
  close(): Promise<void>;
}

/** `bytes` is the receiver's to keep, unless whoever opened the socket says otherwise. */
export type OnDatagram = (bytes: Uint8Array, from: Endpoint, socket: UdpSocket) => void;

export interface Udp {
  /**
   * Opens a socket. Throws UDP_PORT_IN_USE, UDP_PORT_FORBIDDEN, UDP_ADDRESS_NOT_HERE or INTERFACE_NOT_FOUND.
   */
  open(options: UdpOptions, onDatagram: OnDatagram): Promise<UdpSocket>;
}
