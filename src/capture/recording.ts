import { type DhcpPacket, decodePacket, noAddress } from '../dhcp/packet.ts';
import { hasCode } from '../errors.ts';
import { formatMac } from '../wire/addresses.ts';
import { attempt } from './attempt.ts';
import { Dissector } from './dissect.ts';
import { type Given, readGiven, releaseIn } from './given.ts';
import type { CapturedPacket } from './packet.ts';

/** A server that speaks in a recording, and what it says of its network. */
export interface RecordedServer {
  /** Option 54. */
  readonly address: string;
  readonly netmask: string;
  readonly router?: string;
}

interface RecordedReply extends Given {
  readonly timeNs: bigint;
}

/** More than fit into any recording that a person looks at; the rest is not compared. */
const mostReplies = 100_000;
/** Firmware waits up to 32 s for offers (EDK2 PxeBcDhcp4.c, mPxeDhcpTimeout). */
const patienceNs = 40_000_000_000n;

/** What DHCP servers said in a recording: what to compare with, and which network it was. */
export class Recording {
  readonly #replies = new Map<string, RecordedReply[]>();
  /** The last address that each machine was given. */
  readonly #addresses = new Map<string, string>();
  #server: RecordedServer | undefined;
  #proxy: string | undefined;
  #releaseId: string | undefined;
  #count = 0;

  /** The first that gave an address without a relay. */
  get server(): RecordedServer | undefined {
    return this.#server;
  }

  /** The first that said what to boot, and left the address to another server; in the network of that one. */
  get proxy(): RecordedServer | undefined {
    if (this.#proxy === undefined || this.#server === undefined) return undefined;
    return { address: this.#proxy, netmask: this.#server.netmask };
  }

  /** The first release that a Bootwright named. */
  get releaseId(): string | undefined {
    return this.#releaseId;
  }

  /** By MAC address. */
  get addresses(): ReadonlyMap<string, string> {
    return this.#addresses;
  }

  /** The answers to a message with that xid which came after it, one of each server and kind. */
  repliesTo({ chaddr, xid }: DhcpPacket, timeNs: bigint): readonly Given[] {
    const found = new Map<string, Given>();
    for (const { timeNs: at, ...given } of this.#replies.get(keyOf(chaddr, xid)) ?? []) {
      const key = `${given.server} ${given.type}`;
      if (at >= timeNs && at - timeNs < patienceNs && !found.has(key)) found.set(key, given);
    }
    return [...found.values()];
  }

  add(reply: DhcpPacket, from: string, timeNs: bigint): void {
    if (this.#count >= mostReplies) return;
    this.#count += 1;
    const given = readGiven(reply, from);
    this.#releaseId ??= releaseIn(given);
    const key = keyOf(reply.chaddr, reply.xid);
    const replies = this.#replies.get(key);
    if (replies === undefined) this.#replies.set(key, [{ ...given, timeNs }]);
    else replies.push({ ...given, timeNs });
    if (given.address === undefined) {
      if (given.type === 'offer' && given.shape !== undefined) this.#proxy ??= given.server;
      return;
    }
    this.#addresses.set(formatMac(reply.chaddr), given.address);
    const netmask = attempt(reply.options, 'subnetMask');
    if (this.#server !== undefined || netmask === undefined || reply.giaddr !== noAddress) return;
    const [router] = attempt(reply.options, 'router') ?? [];
    this.#server = { address: given.server, netmask, ...(router === undefined ? {} : { router }) };
  }
}

/** UDP ports of DHCP servers: what goes there asks, what comes from there answers. */
export const serverPorts: readonly number[] = [67, 4011];

/** Reads a whole capture, and keeps what DHCP servers said in it. */
export async function readRecording(packets: AsyncIterable<CapturedPacket>): Promise<Recording> {
  const recording = new Recording();
  const dissector = new Dissector();
  for await (const packet of packets) {
    const content = dissector.dissect(packet);
    if (content.kind !== 'udp' || !serverPorts.includes(content.from.port)) continue;
    const message = decodeDhcp(content.payload);
    if (typeof message !== 'string' && message.op === 'reply') {
      recording.add(message, content.from.address, packet.timeNs);
    }
  }
  return recording;
}

/** A text where it is none, which says why. */
export function decodeDhcp(bytes: Uint8Array): DhcpPacket | string {
  try {
    return decodePacket(bytes);
  } catch (error) {
    if (hasCode(error, 'DHCP_MALFORMED')) return error.message;
    throw error;
  }
}

function keyOf(chaddr: Uint8Array, xid: number): string {
  return `${formatMac(chaddr)} ${xid}`;
}
