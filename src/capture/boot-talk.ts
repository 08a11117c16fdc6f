import { decodePacket } from '../dhcp/packet.ts';
import { hasCode } from '../errors.ts';
import { formatMac } from '../wire/addresses.ts';
import type { Content, Dissected, End } from './dissect.ts';
import { HttpTalk } from './http-talk.ts';
import type { Part } from './part.ts';
import { tellDhcp } from './tell-dhcp.ts';
import { tellDhcp6 } from './tell-dhcp6.ts';
import { tellIcmp } from './tell-icmp.ts';
import { TftpTalk } from './tftp-talk.ts';

/** A packet that is part of booting. */
export interface Sight {
  /** The MAC address of the machine, or the address that stands for it. */
  readonly machine: string;
  /** It is meant for every machine. */
  readonly isForAll?: boolean;
  /** A line for a person, where the packet is worth one. */
  readonly text?: string;
  readonly part: Part;
}

export interface BootTalkOptions {
  /** Only what this machine sends and hears. Lower case with colons. */
  readonly machine?: string;
  readonly httpPorts: readonly number[];
}

/** 67, 68: RFC 2131 §4.1; 4011: PXE 2.1 §2.2. */
const dhcpPorts: readonly number[] = [67, 68, 4011];
/** RFC 8415 §7.2. */
const dhcp6Ports: readonly number[] = [546, 547];
const dnsPort = 53;
/** RFC 4861 §4.2: it tells every machine of the network how addresses are to be had. */
const routerAdvertisement = 134;
/** One machine has few addresses; whoever forges answers may name many. */
const mostAddresses = 64;

/** Tells what is part of booting from what is not. Packets must come in their order. */
export class BootTalk {
  readonly #machine: string | undefined;
  readonly #tftp = new TftpTalk();
  readonly #http: HttpTalk;
  /** That the machine was given. */
  readonly #addresses = new Set<string>();

  constructor({ machine, httpPorts }: BootTalkOptions) {
    this.#machine = machine;
    this.#http = new HttpTalk(httpPorts);
  }

  /** `undefined`: it has nothing to do with booting, or with that machine. */
  see(packet: Dissected, timeNs: bigint): Sight | undefined {
    const sight = this.#sight(packet, timeNs);
    if (sight === undefined || this.#machine === undefined || sight.machine === this.#machine) return sight;
    if (sight.isForAll === true) return sight;
    // A broadcast for another machine reaches this one, too, but is not about it.
    return packet.sourceMac === this.#machine || packet.destinationMac === this.#machine ? sight : undefined;
  }

  #sight(packet: Dissected, timeNs: bigint): Sight | undefined {
    switch (packet.kind) {
      case 'arp':
        return this.#arp(packet);
      case 'udp':
        return this.#udp(packet, timeNs);
      case 'tcp':
        return withMachine(packet, this.#http.see(packet));
      case 'icmp':
      case 'icmp6': {
        const text = tellIcmp(packet);
        const isForAll = packet.kind === 'icmp6' && packet.type === routerAdvertisement;
        const machine = packet.sourceMac ?? packet.from;
        return { machine, isForAll, part: 'message', ...(text === undefined ? {} : { text }) };
      }
      case 'other':
        return undefined;
    }
  }

  #arp({ arp }: Extract<Dissected, { kind: 'arp' }>): Sight {
    const isAbout = this.#addresses.has(arp.targetAddress) || arp.targetMac === this.#machine;
    return { machine: isAbout ? (this.#machine ?? arp.senderMac) : arp.senderMac, part: 'message' };
  }

  #udp(packet: Dissected & Extract<Content, { kind: 'udp' }>, timeNs: bigint): Sight | undefined {
    const { from, to, payload } = packet;
    const has = (ports: readonly number[]) => ports.includes(from.port) || ports.includes(to.port);
    if (has(dhcpPorts)) return this.#dhcp(from, payload);
    if (has(dhcp6Ports)) {
      const isAnswer = from.port === 547 && to.port !== 547;
      const machine = (isAnswer ? packet.destinationMac : packet.sourceMac) ?? (isAnswer ? to : from).address;
      return { machine, text: `DHCPv6 ${orMalformed(() => tellDhcp6(payload))}`, part: 'message' };
    }
    if (has([dnsPort])) return { machine: packet.sourceMac ?? from.address, part: 'message' };
    return withMachine(packet, this.#tftp.see(packet, timeNs));
  }

  #dhcp(from: End, payload: Uint8Array): Sight {
    let machine = from.address;
    const text = orMalformed(() => {
      const message = decodePacket(payload);
      machine = formatMac(message.chaddr);
      if (machine === this.#machine && message.op === 'reply' && this.#addresses.size < mostAddresses) {
        this.#addresses.add(message.yiaddr);
      }
      return tellDhcp(message, from.address);
    });
    return { machine, text, part: 'message' };
  }
}

function withMachine(
  packet: Dissected & Extract<Content, { kind: 'udp' | 'tcp' }>,
  found: { readonly client: End; readonly text?: string; readonly part: Part } | undefined,
): Sight | undefined {
  if (found === undefined) return undefined;
  const { client, text, part } = found;
  const isFromClient = packet.from.address === client.address && packet.from.port === client.port;
  const machine = (isFromClient ? packet.sourceMac : packet.destinationMac) ?? client.address;
  return { machine, part, ...(text === undefined ? {} : { text }) };
}

function orMalformed(tell: () => string): string {
  try {
    return tell();
  } catch (error) {
    if (hasCode(error, 'DHCP_MALFORMED') || hasCode(error, 'DHCP6_MALFORMED')) return `damaged: ${error.message}`;
    throw error;
  }
}
