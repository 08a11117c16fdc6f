import { readAll } from '../dhcp6/options.ts';
import { decodeMessage, type Message } from '../dhcp6/packet.ts';
import { isOnLink } from '../dhcp6/range.ts';
import { hasCode } from '../errors.ts';
import { attempt6 } from './attempt6.ts';
import { Dissector } from './dissect.ts';
import { type Given, releaseIn } from './given.ts';
import { readGiven6 } from './given6.ts';
import type { CapturedPacket } from './packet.ts';

/** A server that speaks in a recording, and what can be told of its network. */
export interface RecordedServer6 {
  readonly duid: Uint8Array;
  /** The host of the boot file's URL; `undefined`: none is named by its address. */
  readonly address: string | undefined;
  /** An address that it gave: of the machines' own network, which has 64 bits. */
  readonly gave: string;
}

/** An address that a machine was given, and what it is known by. */
interface RecordedAddress {
  readonly address: string;
  /** Lower-case hexadecimal digits. */
  readonly duid: string;
  readonly iaid: number;
}

/** More than fit into any recording that a person looks at; the rest is not compared. */
const mostReplies = 100_000;
/** Each is a range of its own in a replay; those beyond get no address there. */
const mostAddresses = 256;
/** EDK2 asks again after 1, 2, 4 and 8 s (PxeBcDhcp6.c, Retransmission). */
const patienceNs = 20_000_000_000n;

/** UDP ports of DHCPv6 servers; at 4011 a proxy is asked. */
export const serverPorts6: readonly number[] = [547, 4011];

/** What DHCPv6 servers said in a recording. */
export class Recording6 {
  readonly #replies = new Map<string, (Given & { readonly timeNs: bigint })[]>();
  readonly #addresses = new Map<string, RecordedAddress>();
  #server: RecordedServer6 | undefined;
  #releaseId: string | undefined;
  #count = 0;

  /** The first that gave an address. */
  get server(): RecordedServer6 | undefined {
    return this.#server;
  }

  /** The first release that a Bootwright named. */
  get releaseId(): string | undefined {
    return this.#releaseId;
  }

  get addresses(): readonly RecordedAddress[] {
    return [...this.#addresses.values()];
  }

  /** The answers to a message which came after it, one of each server and kind. */
  repliesTo(request: Message, timeNs: bigint): readonly Given[] {
    const found = new Map<string, Given>();
    for (const { timeNs: at, ...given } of this.#replies.get(keyOf(request)) ?? []) {
      const key = `${given.server} ${given.type}`;
      if (at >= timeNs && at - timeNs < patienceNs && !found.has(key)) found.set(key, given);
    }
    return [...found.values()];
  }

  add(reply: Message, from: string, timeNs: bigint): void {
    if (this.#count >= mostReplies) return;
    this.#count += 1;
    const given = readGiven6(reply, from);
    this.#releaseId ??= releaseIn(given);
    const key = keyOf(reply);
    const replies = this.#replies.get(key);
    if (replies === undefined) this.#replies.set(key, [{ ...given, timeNs }]);
    else replies.push({ ...given, timeNs });
    const duid = attempt6(reply.options, 'serverId');
    const address = /^\w+:\/\/\[([0-9a-f:]+)\]/i.exec(given.bootFile)?.[1];
    if (given.address !== undefined) {
      this.#note(reply, given.address);
      if (duid !== undefined) this.#server ??= { duid, address, gave: given.address };
    }
    // The firmware's IP stack asks before its PXE does, and is told of no boot file.
    const before = this.#server;
    if (before?.address === undefined && address !== undefined && before !== undefined) {
      if (isOnLink(given.address ?? address, networkOf6(before))) this.#server = { ...before, address };
    }
  }

  #note({ options }: Message, address: string): void {
    const client = attempt6(options, 'clientId');
    const iaid = attempt6(options, 'association')?.iaid;
    if (client === undefined || iaid === undefined || this.#addresses.size >= mostAddresses) return;
    this.#addresses.set(address, { address, duid: Buffer.from(client).toString('hex'), iaid });
  }
}

/** The network of a machine that has the address, as nearly all networks of IPv6 are. */
export function networkOf6({ gave }: RecordedServer6): { readonly address: string; readonly prefixBits: 64 } {
  return { address: gave, prefixBits: 64 };
}

/** The message of a client or server itself, out of all relays' envelopes. A text where it is none, which says why. */
export function decodeDhcp6(bytes: Uint8Array): Message | string {
  try {
    let message = decodeMessage(bytes);
    for (let relays = 0; 'hops' in message && relays < 9; relays += 1) {
      const [inside] = readAll(message.options, 'relayMessage', 1);
      if (inside === undefined) return 'a relay hands on nothing';
      message = decodeMessage(inside);
    }
    return 'hops' in message ? 'it came through too many relays' : message;
  } catch (error) {
    if (hasCode(error, 'DHCP6_MALFORMED')) return error.message;
    throw error;
  }
}

/** Whether a server says it. */
export function isReply6({ type }: Message): boolean {
  return type === 'advertise' || type === 'reply' || type === 'reconfigure';
}

/** Reads a whole capture, and keeps what DHCPv6 servers said in it. */
export async function readRecording6(packets: AsyncIterable<CapturedPacket>): Promise<Recording6> {
  const recording = new Recording6();
  const dissector = new Dissector();
  for await (const packet of packets) {
    const content = dissector.dissect(packet);
    if (content.kind !== 'udp' || !content.from.address.includes(':')) continue;
    if (!serverPorts6.includes(content.from.port)) continue;
    const message = decodeDhcp6(content.payload);
    if (typeof message !== 'string' && isReply6(message)) recording.add(message, content.from.address, packet.timeNs);
  }
  return recording;
}

function keyOf({ transaction, options }: Message): string {
  return `${Buffer.from(attempt6(options, 'clientId') ?? []).toString('hex')} ${transaction}`;
}
