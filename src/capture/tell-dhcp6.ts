import { decodeMessage, type Envelope, type Message } from '../dhcp6/packet.ts';
import { attempt6 } from './attempt6.ts';

/** A relay in front of a relay in front of … RFC 8415 §7.6, HOP_COUNT_LIMIT. */
const mostRelays = 8;

/** One DHCPv6 message in words, such as `ADVERTISE 2001:db8::5, boots tftp://…`. Throws DHCP6_MALFORMED. */
export function tellDhcp6(bytes: Uint8Array): string {
  const relays: Envelope[] = [];
  let message = decodeMessage(bytes);
  while ('hops' in message) {
    relays.push(message);
    const inside = attempt6(message.options, 'relayMessage');
    if (inside === undefined || relays.length >= mostRelays) return message.type.toUpperCase();
    message = decodeMessage(inside);
  }
  const relay = relays.at(-1);
  const road = relay === undefined ? '' : ` by relay ${relay.linkAddress}`;
  return `${message.type.toUpperCase()}${road}${details(message)}`;
}

function details({ options }: Message): string {
  const association = attempt6(options, 'association');
  const address = association === undefined ? undefined : attempt6(association.options, 'leasedAddress')?.address;
  const status = attempt6(options, 'status');
  const url = attempt6(options, 'bootFileUrl');
  const vendorClass = attempt6(options, 'vendorClass')?.classes.join(' ');
  return [
    ...(address === undefined ? [] : [` ${address}`]),
    ...(status === undefined || status.code === 0 ? [] : [`, status ${status.code} "${status.message}"`]),
    ...(url === undefined ? [] : [`, boots ${url}`]),
    ...(vendorClass ? [`: "${vendorClass}"`] : []),
  ].join('');
}
