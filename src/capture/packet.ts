/** One packet of a capture. */
export interface CapturedPacket {
  /** Nanoseconds since 1970, UTC. */
  readonly timeNs: bigint;
  /** What `bytes` begins with: a value of `linkTypes`, or another one of LINKTYPE_. */
  readonly linkType: number;
  readonly bytes: Uint8Array;
  /** On the wire; more than `bytes` holds where the recorder cut it. */
  readonly sizeBytes: number;
  readonly comment?: string;
}

/** The link types that are understood. https://www.tcpdump.org/linktypes.html. */
export const linkTypes = {
  ethernet: 1,
  /** IPv4 or IPv6, told by their version. 12 and 14 are the numbers that BSDs write. */
  rawIp: 101,
  linuxCooked: 113,
  ipv4: 228,
  ipv6: 229,
  linuxCooked2: 276,
} as const;

/** The largest packet that is taken, as in tcpdump (MAXIMUM_SNAPLEN). */
export const largestPacketBytes = 262_144;
