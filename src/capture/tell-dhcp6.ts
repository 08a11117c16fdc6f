import { type OptionName, type OptionValue, readOption } from '../dhcp6/options.ts';
import { decodeMessage, type Envelope, type Message, type Options } from '../dhcp6/packet.ts';
import { hasCode } from '../errors.ts';

/** A relay in front of a relay in front of … RFC 8415 §7.6, HOP_COUNT_LIMIT. */
const mostRelays = 8;

/** One DHCPv6 message in words, such as `ADVERTISE 2001:db8::5, boots tftp://…`. Throws DHCP6_MALFORMED. */
export function tellDhcp6(bytes: Uint8Array): string {
  const relays: Envelope[] = [];
  let message = decodeMessage(bytes);
  while ('hops' in message) {
    relays.push(message);
    const inside = attempt(message.options, 'relayMessage');
    if (inside === undefined || relays.length >= mostRelays) return message.type.toUpperCase();
    message = decodeMessage(inside);
  }
  const relay = relays.at(-1);
  const road = relay === undefined ? '' : ` by relay ${relay.linkAddress}`;
  return `${message.type.toUpperCase()}${road}${details(message)}`;
}

function details({ options }: Message): string {
  const association = attempt(options, 'association');
  const address = association === undefined ? undefined : attempt(association.options, 'leasedAddress')?.address;
  const status = attempt(options, 'status');
  const url = attempt(options, 'bootFileUrl');
  const vendorClass = attempt(options, 'vendorClass')?.classes.join(' ');
  return [
    ...(address === undefined ? [] : [` ${address}`]),
    ...(status === undefined || status.code === 0 ? [] : [`, status ${status.code} "${status.message}"`]),
    ...(url === undefined ? [] : [`, boots ${url}`]),
    ...(vendorClass ? [`: "${vendorClass}"`] : []),
  ].join('');
}

/** The value of an option that a stranger sent; `undefined` also where its bytes are wrong. */
function attempt<Name extends OptionName>(options: Options, name: Name): OptionValue<Name> | undefined {
  try {
    return readOption(options, name);
  } catch (error) {
    if (hasCode(error, 'DHCP6_MALFORMED')) return undefined;
    throw error;
  }
}
