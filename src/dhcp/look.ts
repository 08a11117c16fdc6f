import { onOneLine } from '../format.ts';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { Udp } from '../platform/udp.ts';
import { formatMac, parseMac } from '../wire/addresses.ts';
import { encodeOptions, readOption } from './options.ts';
import { type DhcpPacket, decodePacket, encodePacket, noAddress } from './packet.ts';

export interface LookOptions {
  readonly udp: Udp;
  readonly clock: Clock;
  /** Such as `eth0`. */
  readonly interface: string;
  /** Ours on that interface, dotted decimal: what comes under it is no other server. */
  readonly ourAddress: string;
  /** How long servers have to answer; 3500 unless said otherwise. */
  readonly waitMs?: number;
  /**
   * Who asks; a random one, locally administered, unless said otherwise. A switch with DHCP snooping may let only the
   * address of the interface itself through.
   */
  readonly mac?: string;
  /** 67 and 68 unless said otherwise. */
  readonly serverPort?: number;
  readonly clientPort?: number;
}

/** A DHCP server that would give machines addresses, and the first address that it offered. Dotted decimal. */
interface OtherServer {
  readonly server: string;
  readonly offered: string;
  readonly netmask?: string;
  readonly router?: string;
  /** `siaddr`: where machines are told to go on, whether there is a boot file or not. */
  readonly nextServer?: string;
}

/** `reason` continues "whether there is another DHCP server is not known: …". */
export type Look =
  | { readonly looked: true; readonly servers: readonly OtherServer[] }
  | { readonly looked: false; readonly reason: string };

/** dnsmasq pings an address for 3 s before it offers it (dhcp-common.h, PING_WAIT). */
const patienceMs = 3500;
/** Once one server answered, others have this long. */
const furtherMs = 300;
const discovers = 3;
/** Anybody on the wire may answer under any number of names. */
const mostServers = 16;

/**
 * Looks for other DHCP servers on the network of one interface, with at most three DISCOVERs that no machine would send,
 * so that nobody's lease is touched; no offer is taken. For before a server of our own answers there. Never rejects.
 */
export async function lookForServers(options: LookOptions): Promise<Look> {
  const { udp, clock, ourAddress, waitMs = patienceMs, serverPort = 67, clientPort = 68 } = options;
  const chaddr = parseMac(options.mac ?? '') ?? randomMac();
  const xid = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  const found = new Map<string, OtherServer>();
  const { promise: over, resolve: end, reject: fail } = Promise.withResolvers<void>();
  const cancels: Cancel[] = [];

  const hear = (bytes: Uint8Array, from: string): void => {
    const other = readOffer(bytes, xid, chaddr, from);
    if (other === undefined || other.server === ourAddress || found.size >= mostServers) return;
    if (found.has(other.server)) return;
    found.set(other.server, other);
    if (found.size === 1) cancels.push(clock.after(furtherMs, end));
  };

  try {
    const socket = await udp.open(
      // The DHCP client of this machine has the same port open.
      { address: '0.0.0.0', port: clientPort, interface: options.interface, broadcast: true, reuse: true },
      (bytes, from) => hear(bytes, from.address),
    );
    cancels.push(clock.after(waitMs, end));
    const ask = (seconds: number): void => {
      const bytes = encodePacket(discover(xid, chaddr, seconds));
      socket.send(bytes, { address: '255.255.255.255', port: serverPort }, (error) => {
        if (error !== null) fail(error);
      });
    };
    for (let count = 1; count < discovers; count += 1) {
      const afterMs = (waitMs * count) / discovers;
      cancels.push(clock.after(afterMs, () => ask(Math.round(afterMs / 1000))));
    }
    ask(0);
    try {
      await over;
    } finally {
      for (const cancel of cancels) cancel();
      await socket.close();
    }
  } catch (error) {
    return { looked: false, reason: onOneLine(error instanceof Error ? error.message : String(error)) };
  }
  return { looked: true, servers: [...found.values()] };
}

/** Of no vendor, and no group. IEEE 802-2014 §8.2.2. */
function randomMac(): Uint8Array {
  const mac = crypto.getRandomValues(new Uint8Array(6));
  mac[0] = ((mac[0] ?? 0) & 0xfc) | 0x02;
  return mac;
}

function discover(xid: number, chaddr: Uint8Array, secs: number): DhcpPacket {
  return {
    op: 'request',
    htype: 1,
    hops: 0,
    xid,
    secs,
    // Under an address that nobody has, only broadcasts are heard.
    broadcast: true,
    ciaddr: noAddress,
    yiaddr: noAddress,
    siaddr: noAddress,
    giaddr: noAddress,
    chaddr,
    sname: '',
    file: '',
    options: encodeOptions({ messageType: 'discover', parameterList: [1, 3] }),
  };
}

/** What others send may be anything; it is no offer then. */
function readOffer(bytes: Uint8Array, xid: number, chaddr: Uint8Array, from: string): OtherServer | undefined {
  try {
    const { op, xid: answered, chaddr: asked, yiaddr, siaddr, options } = decodePacket(bytes);
    if (op !== 'reply' || answered !== xid || formatMac(asked) !== formatMac(chaddr)) return undefined;
    if (readOption(options, 'messageType') !== 'offer' || yiaddr === noAddress) return undefined;
    const netmask = readLeniently(() => readOption(options, 'subnetMask'));
    const router = readLeniently(() => readOption(options, 'router')?.[0]);
    return {
      server: readOption(options, 'serverIdentifier') ?? from,
      offered: yiaddr,
      ...(netmask === undefined ? {} : { netmask }),
      ...(router === undefined ? {} : { router }),
      ...(siaddr === noAddress ? {} : { nextServer: siaddr }),
    };
  } catch {
    return undefined;
  }
}

/** A server with a fault in what it says is another server all the same. */
function readLeniently<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
