import type { BootEvent } from '../boot/timeline.ts';
import type { Draft, Exchange, ReplyStep } from './exchange.ts';
import type { LeaseTable, Refusal } from './lease-table.ts';
import { readOption } from './options.ts';
import { noAddress } from './packet.ts';
import { describePool } from './pool.ts';
import { isMachineOf } from './subnet.ts';

/** DNS allows no longer name; a machine may send 64 KiB of it. */
const longestHostName = 255;

/** Decides which address the machine gets, if any. RFC 2131 §4.3.1 to §4.3.5. */
export const assignLease: ReplyStep = (draft, exchange) => {
  switch (exchange.type) {
    case 'discover':
      return discover(draft, exchange);
    case 'request':
      return request(draft, exchange);
    case 'inform':
      return inform(draft, exchange);
    case 'decline':
    case 'release':
      return giveBack(draft, exchange, exchange.type);
    case 'offer':
    case 'ack':
    case 'nak':
      return notAnswered(draft, exchange, `it sends the message type "${exchange.type}", which only servers send`);
  }
};

function discover(draft: Draft, { request, mac, leases, nowMs, mayProbe }: Exchange): Draft {
  const reserved = leases.reservations.of(mac, request.options);
  const address = leases.offer(mac, readOption(request.options, 'requestedAddress'), nowMs, reserved);
  if (address === undefined) return withEvents(draft, { step: 'not-answered', mac, reason: describeFull(leases) });
  const offer: Draft = { ...draft, reply: 'offer', address };
  return mayProbe && leases.isUncertain(mac, address, nowMs) ? { ...offer, probe: address } : offer;
}

/** A REQUEST means four things; options 54 and 50 and ciaddr tell which. RFC 2131 §4.3.2, table 4. */
function request(draft: Draft, exchange: Exchange): Draft {
  const { request, mac, network, range, leases, nowMs } = exchange;
  const server = readOption(request.options, 'serverIdentifier');
  if (server !== undefined && !isOurs(server, exchange)) {
    leases.withdrawOffer(mac);
    if (exchange.ownAddresses.has(server)) return draft;
    return withEvents(draft, { step: 'rival', interface: exchange.interface, server, mac });
  }
  const wanted = readOption(request.options, 'requestedAddress') ?? request.ciaddr;
  if (wanted === noAddress) return notAnswered(draft, exchange, 'its REQUEST names no address');
  const reserved = leases.reservations.of(mac, request.options);
  const refusal = leases.refusal(mac, wanted, nowMs, reserved);
  if (refusal !== undefined) {
    // Another server's machine, on our wire: whether it is right to ask for that address, only that server knows.
    if (server === undefined && refusal === 'outside' && isMachineOf(range, wanted, network.serverAddress)) {
      return notAnswered(draft, exchange, `it asks for ${wanted}, which is not ours to give; another server may`);
    }
    const reason = describeRefusal(refusal, wanted, reserved?.address ?? leases.addressOf(mac), leases);
    const refused = { ...draft, reply: 'nak' as const, options: { ...draft.options, message: reason } };
    return withEvents(refused, { step: 'refused', mac, address: wanted, reason });
  }
  const remembers = server === undefined && request.ciaddr === noAddress;
  if (remembers && leases.addressOf(mac) !== wanted && reserved?.address !== wanted) {
    return notAnswered(draft, exchange, `it remembers ${wanted}, but no lease of it is known here; another server may`);
  }
  const hostName = readOption(request.options, 'hostName')?.slice(0, longestHostName);
  const expiresMs = nowMs + network.leaseSeconds * 1000;
  leases.bind(hostName ? { mac, address: wanted, expiresMs, hostName } : { mac, address: wanted, expiresMs });
  return { ...draft, reply: 'ack', address: wanted };
}

/** A machine with a fixed address asks for the rest: no lease, no lease times. RFC 2131 §4.3.5. */
function inform(draft: Draft, exchange: Exchange): Draft {
  const { request, network, range } = exchange;
  const { ciaddr } = request;
  // The answer goes to that address: into other networks it would be a gift to whoever forges it.
  if (isMachineOf(range, ciaddr, network.serverAddress)) return { ...draft, reply: 'ack' };
  return notAnswered(draft, exchange, `its INFORM comes from ${ciaddr}, which is no address of this network`);
}

function giveBack(draft: Draft, exchange: Exchange, type: 'decline' | 'release'): Draft {
  const { request, mac, leases, nowMs } = exchange;
  const server = readOption(request.options, 'serverIdentifier');
  if (server !== undefined && !isOurs(server, exchange)) return draft;
  if (type === 'release') {
    const address = request.ciaddr;
    const known = leases.release(mac, address, nowMs);
    return known ? withEvents(draft, { step: 'released', mac, address }) : draft;
  }
  const address = readOption(request.options, 'requestedAddress') ?? noAddress;
  const known = leases.decline(mac, address, nowMs);
  return known ? withEvents(draft, { step: 'declined', mac, address }) : draft;
}

/** By our own address, or by the one that the relay has us use. RFC 5107 §4. */
function isOurs(server: string, { network, relay }: Exchange): boolean {
  return server === network.serverAddress || server === relay.serverIdentifier;
}

function describePools({ pools }: LeaseTable): string {
  return `the ${pools.length > 1 ? 'pools' : 'pool'} ${pools.map(describePool).join(', ')}`;
}

function describeFull(leases: LeaseTable): string {
  if (leases.pools.length === 0) return 'its network has no pool, and no address is reserved for it';
  const are = leases.pools.length > 1 ? 'are' : 'is';
  return `${describePools(leases)} ${are} full: every address is leased, offered or declined`;
}

function describeRefusal(refusal: Refusal, wanted: string, own: string | undefined, leases: LeaseTable): string {
  switch (refusal) {
    case 'outside':
      return leases.pools.length === 0 ? `${wanted} is not reserved` : `${wanted} is not in ${describePools(leases)}`;
    case 'reserved':
      return `${wanted} is reserved for another machine`;
    case 'taken':
      return `${wanted} belongs to another machine, or was declined`;
    case 'other-address':
      return `${wanted} is not the address of this machine, which is ${own}`;
  }
}

function notAnswered(draft: Draft, { mac }: Exchange, reason: string): Draft {
  return withEvents(draft, { step: 'not-answered', mac, reason });
}

function withEvents(draft: Draft, ...events: readonly BootEvent[]): Draft {
  return { ...draft, events: [...draft.events, ...events] };
}
