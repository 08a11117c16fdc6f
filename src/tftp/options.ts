import type { Options } from './packet.ts';

export interface Limits {
  /** The largest IP packet that reaches the client without being cut. */
  readonly mtuBytes: number;
  /** Default 20, IPv4's; IPv6's has 40 (RFC 8200 §3). */
  readonly ipHeaderBytes?: 20 | 40;
  readonly maxWindowBlocks: number;
}

export interface Agreement {
  readonly blockSizeBytes: number;
  readonly windowBlocks: number;
  /** Absent: the sender chooses. */
  readonly timeoutMs?: number;
  /** What goes into the OACK; empty: there is none. Never an option that was not asked for. */
  readonly granted: Options;
}

/** 8 bytes of UDP, 4 of TFTP. */
const headerBytes = 12;
/** RFC 2348. */
const smallestBlockBytes = 8;
const largestBlockBytes = 65_464;
/** RFC 1350 §2. */
export const plainBlockBytes = 512;
/** RFC 2349 allows 255: a client that vanishes would hold its transfer for half an hour. */
const longestTimeoutSeconds = 30;

type Grant = (asked: number, sizeBytes: number, limits: Limits) => number | undefined;

/** What is granted for a value that was asked for; `undefined`: the option is left out, as if it were unknown. */
const grants: ReadonlyMap<string, Grant> = new Map<string, Grant>([
  // RFC 2348. Never larger than asked, or EDK2 refuses the OACK.
  [
    'blksize',
    (asked, _, { mtuBytes, ipHeaderBytes = 20 }) => {
      if (asked < smallestBlockBytes) return undefined;
      return Math.min(asked, Math.max(mtuBytes - ipHeaderBytes - headerBytes, smallestBlockBytes), largestBlockBytes);
    },
  ],
  // RFC 2349 §2. EDK2 takes back the value it sent, or none.
  ['timeout', (asked) => (asked < 1 || asked > longestTimeoutSeconds ? undefined : asked)],
  // RFC 2349 §3.
  ['tsize', (_, sizeBytes) => sizeBytes],
  // RFC 7440 §3.
  ['windowsize', (asked, _, { maxWindowBlocks }) => (asked < 1 ? undefined : Math.min(asked, maxWindowBlocks))],
]);

/** A whole number of at most ten digits; `undefined` for all else. */
export function parseOptionNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

/**
 * What a read request gets of the options it asks for (RFC 2347), in the order it asked. All names are in lower case
 * and numbers in decimal without a zero before them, whatever the client wrote: GRUB compares names letter by letter
 * and reads `010` as 8 (grub-core/net/tftp.c). EDK2 refuses an option that it did not ask for and a larger value
 * (NetworkPkg/Mtftp4Dxe/Mtftp4Rrq.c, Mtftp4RrqOackValid), U-Boot another timeout than its own (net/tftp.c,
 * tftp_handler); iPXE and PXE ROMs take any order and ignore what they don't know (src/net/udp/tftp.c, tftp_rx_oack).
 */
export function agree(asked: Options, sizeBytes: number, limits: Limits): Agreement {
  const values = new Map<string, number>();
  for (const [name, text] of asked) {
    const number = parseOptionNumber(text);
    const value = number === undefined ? undefined : grants.get(name)?.(number, sizeBytes, limits);
    if (value !== undefined) values.set(name, value);
  }
  const timeoutSeconds = values.get('timeout');
  return {
    blockSizeBytes: values.get('blksize') ?? plainBlockBytes,
    windowBlocks: values.get('windowsize') ?? 1,
    ...(timeoutSeconds === undefined ? {} : { timeoutMs: timeoutSeconds * 1000 }),
    granted: new Map(Array.from(values, ([name, value]) => [name, String(value)])),
  };
}
