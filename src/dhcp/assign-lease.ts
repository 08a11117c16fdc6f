import type { BootEvent } from '../boot/timeline.ts';
import type { Draft, Exchange, ReplyStep } from './exchange.ts';
import type { Refusal } from './lease-table.ts';
import { readOption } from './options.ts';
import { noAddress } from './packet.ts';
import { describePool, isNeighbour } from './pool.ts';

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

function discover(draft: Draft, { request, mac, leases, nowMs }: Exchange): Draft {
  const address = leases.offer(mac, readOption(request.options, 'requestedAddress'), nowMs);
  if (address !== undefined) return { ...draft, reply: 'offer', address };
  const reason = `the pool ${describePool(leases.pool)} is full: every address is leased, offered or declined`;
  return withEvents(draft, { step: 'not-answered', mac, reason });
}

/** A REQUEST means four things; options 54 and 50 and ciaddr tell which. RFC 2131 §4.3.2, table 4. */
function request(draft: Draft, exchange: Exchange): Draft {
  const { request, mac, network, leases, nowMs } = exchange;
  const server = readOption(request.options, 'serverIdentifier');
  if (server !== undefined && server !== network.address) {
    leases.withdrawOffer(mac);
    return draft;
  }
  const wanted = readOption(request.options, 'requestedAddress') ?? request.ciaddr;
  if (wanted === noAddress) return notAnswered(draft, exchange, 'its REQUEST names no address');
  const refusal = leases.refusal(mac, wanted, nowMs);
  if (refusal !== undefined) {
    // Another server's machine, on our wire: whether it is right to ask for that address, only that server knows.
    if (server === undefined && refusal === 'outside' && isNeighbour(wanted, network)) {
      return notAnswered(draft, exchange, `it asks for ${wanted}, which is not ours to give; another server may`);
    }
    const reason = describeRefusal(refusal, wanted, exchange);
    const refused = { ...draft, reply: 'nak' as const, options: { ...draft.options, message: reason } };
    return withEvents(refused, { step: 'refused', mac, address: wanted, reason });
  }
  const remembers = server === undefined && request.ciaddr === noAddress;
  if (remembers && leases.addressOf(mac) !== wanted) {
    return notAnswered(draft, exchange, `it remembers ${wanted}, but no lease of it is known here; another server may`);
  }
  const hostName = readOption(request.options, 'hostName')?.slice(0, longestHostName);
  const expiresMs = nowMs + network.leaseSeconds * 1000;
  leases.bind({ mac, address: wanted, expiresMs, ...(hostName ? { hostName } : {}) });
  return { ...draft, reply: 'ack', address: wanted };
}

/** A machine with a fixed address asks for the rest: no lease, no lease times. RFC 2131 §4.3.5. */
function inform(draft: Draft, exchange: Exchange): Draft {
  const { ciaddr } = exchange.request;
  // The answer goes to that address: into other networks it would be a gift to whoever forges it.
  if (isNeighbour(ciaddr, exchange.network)) return { ...draft, reply: 'ack' };
  return notAnswered(draft, exchange, `its INFORM comes from ${ciaddr}, which is no address of this network`);
}

function giveBack(
  draft: Draft,
  { request, mac, network, leases, nowMs }: Exchange,
  type: 'decline' | 'release',
): Draft {
  const server = readOption(request.options, 'serverIdentifier');
  if (server !== undefined && server !== network.address) return draft;
  if (type === 'release') {
    const address = request.ciaddr;
    const known = leases.release(mac, address, nowMs);
    return known ? withEvents(draft, { step: 'released', mac, address }) : draft;
  }
  const address = readOption(request.options, 'requestedAddress') ?? noAddress;
  const known = leases.decline(mac, address, nowMs);
  return known ? withEvents(draft, { step: 'declined', mac, address }) : draft;
}

function describeRefusal(refusal: Refusal, wanted: string, { mac, leases }: Exchange): string {
  switch (refusal) {
    case 'outside':
      return `${wanted} is not in the pool ${describePool(leases.pool)}`;
    case 'taken':
      return `${wanted} belongs to another machine, or was declined`;
    case 'other-address':
      return `${wanted} is not the address of this machine, which is ${leases.addressOf(mac)}`;
  }
}

function notAnswered(draft: Draft, { mac }: Exchange, reason: string): Draft {
  return withEvents(draft, { step: 'not-answered', mac, reason });
}

function withEvents(draft: Draft, ...events: readonly BootEvent[]): Draft {
  return { ...draft, events: [...draft.events, ...events] };
}
