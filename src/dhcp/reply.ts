import type { BootEvent } from '../boot/timeline.ts';
import { formatMac } from '../wire/addresses.ts';
import { addBootFile } from './add-boot-file.ts';
import { addNetwork } from './add-network.ts';
import { assignLease } from './assign-lease.ts';
import { chooseNetwork, type Networks } from './choose-network.ts';
import { encodeReply } from './encode-reply.ts';
import type { Draft, Exchange, ReplyStep } from './exchange.ts';
import { type OptionName, optionTable, readOption } from './options.ts';
import { type DhcpPacket, decodePacket, noAddress } from './packet.ts';
import { answerAtBinl, offerAsProxy } from './proxy.ts';
import { type RelayOptions, readRelayOptions } from './relay-options.ts';
import { hexOf } from './reservations.ts';
import { isMachineOf } from './subnet.ts';

/** How an answer comes about, in this order. */
const serverSteps: readonly ReplyStep[] = [assignLease, addNetwork, addBootFile];
const proxySteps: readonly ReplyStep[] = [offerAsProxy];
/** For what comes in on port 4011, whatever else we do in that network. */
const binlSteps: readonly ReplyStep[] = [answerAtBinl];

/** To whom an answer goes: to the port of machines, to that of relays, or to the port that asked. */
interface Destination {
  readonly address: string;
  readonly port: 'client' | 'relay' | 'asker';
}

/** What to send, and what happened. */
export interface Answer {
  /** `undefined`: silence. */
  readonly datagram?: { readonly bytes: Uint8Array; readonly to: Destination };
  /** Silence for now: the message is to be answered again, once it is known whether somebody has this address. */
  readonly probe?: string;
  /** It promises or ends something: it must not be sent or told before the leases are saved. */
  readonly isLasting: boolean;
  readonly mac: string;
  readonly events: readonly BootEvent[];
}

/** What an answer depends on, beside the message itself. */
export interface Circumstances
  extends Pick<Exchange, 'port' | 'interface' | 'mayProbe' | 'nowMs' | 'bootFor' | 'shapeFor' | 'place'> {
  readonly networks: Networks;
  /** Who sent the datagram, dotted decimal: where an answer from port 4011 goes. */
  readonly from: string;
}

/** Read once before any step decides, so that a message with a wrong option changes nothing. */
const readBySteps: readonly OptionName[] = [
  'requestedAddress',
  'hostName',
  'serverIdentifier',
  'maximumMessageSize',
  'vendorClass',
  'clientIdentifier',
  'architectures',
  'machineIdentifier',
  'subnetSelection',
];

const everybody = '255.255.255.255';
const ethernet = { htype: 1, bytes: 6 };
/** What fits into one option. A longer one is nobody's. */
const longestIdentifier = 255;
const noRelay: RelayOptions = {};
const blank: Draft = { reply: 'none', address: noAddress, nextServer: noAddress, file: '', options: {}, events: [] };

/** `undefined`: not meant for a server. Throws DHCP_MALFORMED. */
export function answer(datagram: Uint8Array, circumstances: Circumstances): Answer | undefined {
  const request = decodePacket(datagram);
  if (request.op === 'reply') return undefined;
  const identity = identify(request);
  const mac = identity ?? formatMac(request.chaddr);
  const notAnswered = (reason: string): Answer => ({
    isLasting: false,
    mac,
    events: [{ step: 'not-answered', mac, reason }],
  });
  if (identity === undefined) {
    const what = `its hardware type ${request.htype} with ${request.chaddr.length} bytes is not Ethernet's`;
    return notAnswered(`${what}, and it sends no client identifier`);
  }
  const type = readOption(request.options, 'messageType');
  if (type === undefined) return notAnswered('it speaks BOOTP, without the message type of DHCP');
  for (const name of readBySteps) if (request.options.has(optionTable[name].code)) readOption(request.options, name);
  const relay = request.giaddr === noAddress ? noRelay : readRelayOptions(request.options);
  const { networks } = circumstances;
  const chosen = chooseNetwork(request, relay, networks, circumstances.interface);
  if (chosen === undefined) return undefined;
  if (typeof chosen === 'string') return notAnswered(chosen);
  const exchange: Exchange = {
    request,
    type,
    mac,
    nowMs: circumstances.nowMs,
    port: circumstances.port,
    interface: circumstances.interface,
    network: chosen.network,
    range: chosen.range,
    leases: chosen.leases,
    relay,
    ownAddresses: networks.ownAddresses,
    // What is behind a relay does not answer ARP.
    mayProbe: circumstances.mayProbe && networks.on(circumstances.interface) === chosen,
    bootFor: circumstances.bootFor,
    shapeFor: circumstances.shapeFor,
    place: circumstances.place,
  };
  let draft = blank;
  for (const step of stepsOf(exchange)) {
    draft = step(draft, exchange);
    if (draft.probe !== undefined) return { probe: draft.probe, isLasting: false, mac, events: [] };
  }
  if (draft.reply === 'none') {
    // A RELEASE that ends nothing needs no disk.
    const ends = (type === 'release' || type === 'decline') && draft.events.length > 0;
    return { isLasting: ends, mac, events: draft.events };
  }
  return {
    datagram: { bytes: encodeReply(draft, exchange), to: destination(draft, exchange, circumstances.from) },
    isLasting: draft.reply === 'ack' || (chosen.network.mode === 'proxy' && draft.options.bootFile !== undefined),
    mac,
    events: [...draft.events, ...answered(draft, exchange)],
  };
}

/** Machines on Ethernet are their address; on InfiniBand, which has none to show here, the identifier. RFC 4390 §2.1. */
function identify({ htype, chaddr, options }: DhcpPacket): string | undefined {
  if (htype === ethernet.htype && chaddr.length === ethernet.bytes) return formatMac(chaddr);
  const identifier = options.get(optionTable.clientIdentifier.code);
  if (identifier === undefined || identifier.length < 2 || identifier.length > longestIdentifier) return undefined;
  return `id:${hexOf(identifier)}`;
}

function stepsOf({ port, network }: Exchange): readonly ReplyStep[] {
  if (port === 'binl') return binlSteps;
  return network.mode === 'proxy' ? proxySteps : serverSteps;
}

/** RFC 2131 §4.1. A machine that has an address already gets it there; any other hears broadcasts only. */
function destination(draft: Draft, { request, port, network, range, relay }: Exchange, from: string): Destination {
  if (port === 'binl') return { address: from, port: 'asker' };
  if (request.giaddr !== noAddress) {
    return { address: request.giaddr, port: relay.repliesToItsPort ? 'asker' : 'relay' };
  }
  const isReachable = draft.reply !== 'nak' && isMachineOf(range, request.ciaddr, network.serverAddress);
  return { address: isReachable ? request.ciaddr : everybody, port: 'client' };
}

function answered(draft: Draft, { request, type, mac, network, port }: Exchange): readonly BootEvent[] {
  if (draft.reply !== 'offer' && draft.reply !== 'ack') return [];
  const vendorClass = readOption(request.options, 'vendorClass');
  const { bootFile } = draft.options;
  const givesAddress = network.mode === 'server' && port === 'server';
  const own = givesAddress || type === 'inform' ? request.ciaddr : noAddress;
  return [
    {
      step: draft.reply === 'offer' ? 'offered' : 'acknowledged',
      mac,
      address: draft.address === noAddress ? own : draft.address,
      ...(bootFile === undefined ? {} : { bootFile }),
      ...(request.giaddr === noAddress ? {} : { relay: request.giaddr }),
      ...(vendorClass === undefined ? {} : { vendorClass }),
    },
  ];
}
