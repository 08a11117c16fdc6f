import { BootwrightError } from '../errors.ts';
import { encodeOption, readOption } from './options.ts';
import { decodeMessage, type Envelope, encodeMessage, type Message, type Options } from './packet.ts';

/** How many relays a message may come through. HOP_COUNT_LIMIT of RFC 8415 §7.6 counts from 0. */
const mostRelays = 9;

/** A message of a client, and the way that it came. */
export interface Unwrapped {
  readonly message: Message;
  /** The one next to us first, the one next to the machine last; none where the machine asks by itself. */
  readonly relays: readonly Envelope[];
}

/** Throws DHCP6_MALFORMED. `undefined`: for a client or for a relay, not for a server. */
export function unwrap(bytes: Uint8Array): Unwrapped | undefined {
  const relays: Envelope[] = [];
  let inner = decodeMessage(bytes);
  while ('hops' in inner) {
    if (inner.type === 'relay-reply') return undefined;
    if (relays.length === mostRelays) {
      throw new BootwrightError('DHCP6_MALFORMED', { what: `it came through more than ${mostRelays} relays` });
    }
    relays.push(inner);
    const carried = readOption(inner.options, 'relayMessage');
    if (carried === undefined) {
      throw new BootwrightError('DHCP6_MALFORMED', { what: 'a relay hands on nothing' });
    }
    inner = decodeMessage(carried);
  }
  return { message: inner, relays };
}

/** Puts the answer back into the envelopes that the question came in. RFC 8415 §19.3. */
export function wrap(answer: Message, relays: readonly Envelope[]): Uint8Array {
  return relays.reduceRight<Uint8Array>((inner, relay) => {
    const { hops, linkAddress, peerAddress } = relay;
    const options = [...echoed(relay.options), encodeOption('relayMessage', inner)];
    return encodeMessage({ type: 'relay-reply', hops, linkAddress, peerAddress, options });
  }, encodeMessage(answer));
}

/** What a relay gets back as it was, since that is all it knows of the machine's whereabouts. */
function echoed(options: Options): Options {
  const interfaceId = readOption(options, 'interfaceId');
  const relayPort = readOption(options, 'relayPort');
  return [
    ...(interfaceId === undefined ? [] : [encodeOption('interfaceId', interfaceId)]),
    ...(relayPort === undefined ? [] : [encodeOption('relayPort', relayPort)]),
  ];
}
