import type { BootEvent } from '../boot/timeline.ts';
import { formatMac } from '../wire/addresses.ts';
import { addBootFile } from './add-boot-file.ts';
import { addNetwork } from './add-network.ts';
import { assignLease } from './assign-lease.ts';
import type { Draft, Exchange, ReplyStep } from './exchange.ts';
import { encodeOptions, type OptionName, type OptionValues, readOption } from './options.ts';
import { type DhcpPacket, decodePacket, encodePacket, noAddress } from './packet.ts';
import { isNeighbour } from './pool.ts';

/** How an answer comes about, in this order. */
const replySteps: readonly ReplyStep[] = [assignLease, addNetwork, addBootFile];

/** What to send, and what happened. */
export interface Answer {
  /** `undefined`: silence. */
  readonly datagram?: { readonly bytes: Uint8Array; readonly address: string };
  /** It promises or ends something: it must not be sent or told before the leases are saved. */
  readonly isLasting: boolean;
  readonly mac: string;
  readonly events: readonly BootEvent[];
}

/** What an answer depends on, beside the message itself. */
export type Circumstances = Pick<Exchange, 'network' | 'leases' | 'bootFor' | 'nowMs'>;

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
];

const everybody = '255.255.255.255';
const ethernet = { htype: 1, bytes: 6 };

/** `undefined`: not meant for a server. Throws DHCP_MALFORMED. */
export function answer(datagram: Uint8Array, circumstances: Circumstances): Answer | undefined {
  const request = decodePacket(datagram);
  if (request.op === 'reply') return undefined;
  const mac = formatMac(request.chaddr);
  const notAnswered = (reason: string): Answer => ({
    isLasting: false,
    mac,
    events: [{ step: 'not-answered', mac, reason }],
  });
  if (request.htype !== ethernet.htype || request.chaddr.length !== ethernet.bytes) {
    return notAnswered(`its hardware type ${request.htype} with ${request.chaddr.length} bytes is not Ethernet's`);
  }
  if (request.giaddr !== noAddress) return notAnswered(`it asks through the relay ${request.giaddr}`);
  const type = readOption(request.options, 'messageType');
  if (type === undefined) return notAnswered('it speaks BOOTP, without the message type of DHCP');
  for (const name of readBySteps) readOption(request.options, name);
  const exchange: Exchange = { ...circumstances, request, type, mac };
  const blank: Draft = {
    reply: 'none',
    address: noAddress,
    nextServer: noAddress,
    file: '',
    options: {},
    events: [],
  };
  const draft = replySteps.reduce((soFar, step) => step(soFar, exchange), blank);
  if (draft.reply === 'none') {
    return { isLasting: type === 'release' || type === 'decline', mac, events: draft.events };
  }
  return {
    datagram: { bytes: encodeReply(draft, request), address: destination(draft, exchange) },
    isLasting: draft.reply === 'ack',
    mac,
    events: [...draft.events, ...answered(draft, exchange)],
  };
}

/** RFC 2131 §4.1. A machine that has an address already gets it there; any other hears broadcasts only. */
function destination(draft: Draft, { request, network }: Exchange): string {
  const isReachable = draft.reply !== 'nak' && isNeighbour(request.ciaddr, network);
  return isReachable ? request.ciaddr : everybody;
}

function answered(draft: Draft, { request, mac }: Exchange): readonly BootEvent[] {
  if (draft.reply !== 'offer' && draft.reply !== 'ack') return [];
  const vendorClass = readOption(request.options, 'vendorClass');
  return [
    {
      step: draft.reply === 'offer' ? 'offered' : 'acknowledged',
      mac,
      address: draft.address === noAddress ? request.ciaddr : draft.address,
      ...(draft.file === '' ? {} : { bootFile: draft.file }),
      ...(vendorClass === undefined ? {} : { vendorClass }),
    },
  ];
}

function encodeReply(draft: Draft, request: DhcpPacket): Uint8Array {
  const encode = (options: OptionValues): Uint8Array =>
    encodePacket({
      op: 'reply',
      htype: request.htype,
      hops: 0,
      xid: request.xid,
      secs: 0,
      broadcast: request.broadcast,
      ciaddr: draft.reply === 'ack' ? request.ciaddr : noAddress,
      yiaddr: draft.address,
      siaddr: draft.nextServer,
      giaddr: noAddress,
      chaddr: request.chaddr,
      sname: '',
      file: draft.file,
      options: encodeOptions(options),
    });
  return encodeWithin(largestReplyBytes(request), encode, draft.options);
}

/** What a machine can do without where its buffer is small: the last first. Without them every answer fits. */
const spareOptions: readonly OptionName[] = ['clientIdentifier', 'broadcast', 'dns', 'domain'];

function encodeWithin(
  limitBytes: number,
  encode: (options: OptionValues) => Uint8Array,
  options: OptionValues,
  spare: readonly OptionName[] = spareOptions,
): Uint8Array {
  const bytes = encode(options);
  const name = spare.at(-1);
  if (bytes.length <= limitBytes || name === undefined) return bytes;
  return encodeWithin(limitBytes, encode, { ...options, [name]: undefined }, spare.slice(0, -1));
}

/** IPv4's and UDP's. Whether option 57 counts them, clients do not agree; whoever counts them is on the safe side. */
const headerBytes = 28;

/** Option 57, within what every client takes (576, RFC 2132 §9.10) and what Ethernet carries in one frame. */
function largestReplyBytes(request: DhcpPacket): number {
  const asked = readOption(request.options, 'maximumMessageSize') ?? 576;
  return Math.min(Math.max(asked, 576), 1500) - headerBytes;
}
