import type { BootEvent } from '../boot/timeline.ts';
import { addBootFile } from './add-boot-file.ts';
import { addNetwork } from './add-network.ts';
import { assignAddresses } from './assign-addresses.ts';
import { identify } from './client.ts';
import type { Draft, Exchange, ReplyStep } from './exchange.ts';
import type { Network6 } from './network.ts';
import { encodeOption, mostAssociations, readAll, readOption } from './options.ts';
import type { Envelope, Message } from './packet.ts';
import { actAsProxy, saySomethingOrNothing } from './proxy.ts';
import { readFirmware } from './read-firmware.ts';
import { unwrap, wrap } from './relay.ts';

/** How an answer comes about, in this order. */
const replySteps: Readonly<Record<Network6['mode'], readonly ReplyStep[]>> = {
  server: [assignAddresses, addBootFile, addNetwork],
  proxy: [actAsProxy, addBootFile, saySomethingOrNothing],
};

/** What to send, and what happened. */
export interface Answer {
  /** `undefined`: silence. It goes where the question came from: to the port of clients, of relays, or of who asked. */
  readonly datagram?: { readonly bytes: Uint8Array; readonly to: 'client' | 'relay' | 'asker' };
  /** It promises or ends something: it must not be sent or told before the leases are saved. */
  readonly isLasting: boolean;
  /** Who asks, as the log has it. */
  readonly mac: string;
  readonly events: readonly BootEvent[];
}

/** A network, and who has which of its addresses. */
export type Served = Pick<Exchange, 'network' | 'leases'>;

/** What an answer depends on, beside the message itself. */
export interface Circumstances
  extends Pick<Exchange, 'bootFor' | 'place' | 'nowMs' | 'serverDuid' | 'interface' | 'port'> {
  /** Where the datagram came from; without a zone. */
  readonly from: string;
  /** The network of the interface; `undefined` where only relays are served there. */
  readonly served: Served | undefined;
  /** The network of a machine behind a relay, by the address that the relay gives. */
  readonly servedAt: (linkAddress: string) => Served | undefined;
}

/** `undefined`: not meant for a server. Throws DHCP6_MALFORMED. */
export function answer(datagram: Uint8Array, circumstances: Circumstances): Answer | undefined {
  const unwrapped = unwrap(datagram);
  if (unwrapped === undefined) return undefined;
  const { message, relays } = unwrapped;
  const nearest = relays.at(-1);
  const source = nearest?.peerAddress ?? circumstances.from;
  const duid = readOption(message.options, 'clientId');
  // RFC 8415 §16: the only message that may come without.
  if (duid === undefined && message.type !== 'information-request') return undefined;
  const client = identify(duid ?? new Uint8Array(), source, nearest?.options ?? []);
  const relay = relays[0] === undefined ? undefined : circumstances.from;
  const served = chooseNetwork(relays, circumstances);
  if (served === undefined) {
    const link = linkOf(relays);
    // On that interface we are there for relays alone.
    if (link === undefined) return undefined;
    const reason = `it asks through the relay ${relay}, for ${link}, and no such network is configured here`;
    return { isLasting: false, mac: client.name, events: [{ step: 'not-answered', mac: client.name, reason }] };
  }
  const { bootFor, place, nowMs, serverDuid, port, interface: name } = circumstances;
  const exchange: Exchange = {
    ...{ bootFor, place, nowMs, serverDuid, port, interface: name },
    ...served,
    request: message,
    client,
    source,
    relay,
  };
  readBySteps(message, relays);
  const blank: Draft = {
    reply: 'none',
    isLasting: false,
    addresses: [],
    bootFile: undefined,
    options: [],
    events: [],
  };
  const draft = replySteps[served.network.mode].reduce((soFar, step) => step(soFar, exchange), blank);
  const { events } = draft;
  // What is handed out last pins the boot to its release, also where no address goes with it.
  const isLasting = draft.isLasting || (draft.reply === 'reply' && draft.bootFile !== undefined);
  if (draft.reply === 'none') return { isLasting, mac: client.name, events };
  return {
    datagram: {
      bytes: wrap(messageOf(draft, draft.reply, exchange, duid), relays),
      to: destination(relays, port),
    },
    isLasting,
    mac: client.name,
    events: [...events, ...answered(draft, exchange)],
  };
}

/** Reads what no step reads before it changes something: a message with a wrong option changes nothing. */
function readBySteps({ options }: Message, relays: readonly Envelope[]): void {
  readFirmware(options);
  for (const name of ['optionRequest', 'rapidCommit', 'serverId'] as const) readOption(options, name);
  for (const name of ['temporaryAssociation', 'prefixAssociation'] as const) readAll(options, name, mostAssociations);
  for (const relay of relays) readOption(relay.options, 'relayPort');
}

/** EDK2 sends from port 4011, and waits there. A relay that listens elsewhere than at 547 says so (RFC 8357). */
function destination(relays: readonly Envelope[], port: Exchange['port']): 'client' | 'relay' | 'asker' {
  const [next] = relays;
  if (next === undefined) return port === 'binl' ? 'asker' : 'client';
  return readOption(next.options, 'relayPort') === undefined ? 'relay' : 'asker';
}

/** Relays on the way that don't say where the machine is, leave `::`. RFC 8415 §13.1. */
function linkOf(relays: readonly Envelope[]): string | undefined {
  return relays.findLast(({ linkAddress }) => linkAddress !== '::')?.linkAddress;
}

function chooseNetwork(relays: readonly Envelope[], { served, servedAt }: Circumstances): Served | undefined {
  const link = linkOf(relays);
  return link === undefined ? served : servedAt(link);
}

/** Identifiers last: see `addBootFile`. */
function messageOf(
  draft: Draft,
  type: 'advertise' | 'reply',
  { request, serverDuid }: Exchange,
  duid: Uint8Array | undefined,
): Message {
  const identity = [
    ...(duid === undefined ? [] : [encodeOption('clientId', duid)]),
    encodeOption('serverId', serverDuid),
  ];
  return { type, transaction: request.transaction, options: [...draft.options, ...identity] };
}

function answered(draft: Draft, { client, request, network, relay }: Exchange): readonly BootEvent[] {
  const vendorClass = readFirmware(request.options)?.vendorClass;
  const isNews = draft.addresses.length > 0 || draft.bootFile !== undefined;
  if (!isNews) return [];
  const addresses = network.mode === 'proxy' || draft.addresses.length === 0 ? ['0.0.0.0'] : draft.addresses;
  return addresses.map((address) => ({
    step: draft.reply === 'advertise' ? 'offered' : 'acknowledged',
    mac: client.name,
    address,
    ...(draft.bootFile === undefined ? {} : { bootFile: draft.bootFile }),
    ...(relay === undefined ? {} : { relay }),
    ...(vendorClass === undefined || vendorClass === '' ? {} : { vendorClass }),
  }));
}
