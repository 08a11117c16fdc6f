import type { BootEvent } from '../boot/timeline.ts';
import type { Draft, Exchange, ReplyStep } from './exchange.ts';
import type { Wanted } from './lease-table.ts';
import { statusCodes } from './option-codecs.ts';
import { encodeOption, mostAssociations, type OptionValue, readAll, readOption } from './options.ts';
import type { Option } from './packet.ts';
import { describePrefix, isOnLink } from './range.ts';

/** What a message asks of one of its addresses. */
interface Asked extends Omit<Wanted, 'taken'> {
  readonly wishes: readonly string[];
}

/** What one of its addresses gets: an option, the address in it if there is one, and what is told of it. */
interface Given {
  readonly option: Option | undefined;
  readonly address?: string;
  readonly events?: readonly BootEvent[];
}

type Give = (asked: Asked, exchange: Exchange, taken: ReadonlySet<string>) => Given;

/** Decides which addresses the machine gets, if any. RFC 8415 §18.3. */
export const assignAddresses: ReplyStep = (draft, exchange) => {
  switch (exchange.request.type) {
    case 'solicit':
      return solicit(draft, exchange);
    case 'request':
      return isForUs(exchange) ? reply(draft, exchange, bindNew) : elsewhere(draft, exchange);
    case 'renew':
      return isForUs(exchange) ? reply(draft, exchange, renew) : draft;
    case 'rebind':
      return readServer(exchange) === undefined ? reply(draft, exchange, rebind) : draft;
    case 'confirm':
      return confirm(draft, exchange);
    case 'release':
    case 'decline':
      return isForUs(exchange) ? giveBack(draft, exchange, exchange.request.type) : draft;
    case 'information-request':
      return inform(draft, exchange);
    case 'advertise':
    case 'reply':
    case 'reconfigure':
      // They go to machines, not to servers.
      return draft;
  }
};

function solicit(draft: Draft, exchange: Exchange): Draft {
  if (readServer(exchange) !== undefined) return draft;
  const isRapid = readOption(exchange.request.options, 'rapidCommit') !== undefined;
  if (!isRapid) return { ...collect(draft, exchange, offer), reply: 'advertise' };
  const bound = reply(draft, exchange, bindNew);
  return { ...bound, options: [...bound.options, encodeOption('rapidCommit', true)] };
}

function reply(draft: Draft, exchange: Exchange, give: Give): Draft {
  const given = collect(draft, exchange, give);
  // Of addresses that another server gave, only that server knows: no word of ours at all.
  return given.options.length === 0 ? given : { ...given, reply: 'reply', isLasting: true };
}

/** A REQUEST that every server hears, and that another one is meant by. */
function elsewhere(draft: Draft, { client, request, interface: name }: Exchange): Draft {
  const server = readOption(request.options, 'serverId');
  if (server === undefined) return draft;
  const rival = { step: 'rival' as const, interface: name, server: Buffer.from(server).toString('hex') };
  return { ...draft, events: [...draft.events, { ...rival, mac: client.name }] };
}

/** Whether the machine's addresses are of the network that it is in now. RFC 8415 §18.3.3. */
function confirm(draft: Draft, exchange: Exchange): Draft {
  const { network } = exchange;
  const addresses = readAsked(exchange).flatMap(({ wishes }) => wishes);
  if (addresses.length === 0 || readServer(exchange) !== undefined) return draft;
  const stranger = addresses.find((address) => !isOnLink(address, network.prefix));
  if (stranger === undefined) return withStatus(draft, 'success', 'all of them are of this network');
  const reason = `${stranger} is not of ${describePrefix(network.prefix)}`;
  const refused = refusal(exchange, stranger, reason);
  return withStatus({ ...draft, events: [...draft.events, refused] }, 'notOnLink', reason);
}

function giveBack(draft: Draft, exchange: Exchange, type: 'release' | 'decline'): Draft {
  const { client, leases, nowMs } = exchange;
  const options: Option[] = [];
  const events: BootEvent[] = [];
  for (const { iaid, wishes } of readAsked(exchange)) {
    const known = wishes.filter((address) => leases[type](client, iaid, address, nowMs));
    for (const address of known) {
      events.push({ step: type === 'release' ? 'released' : 'declined', mac: client.name, address });
    }
    if (known.length === 0) options.push(refuse(iaid, 'noBinding', 'no such lease is known here'));
  }
  const given = {
    ...draft,
    isLasting: true,
    options: [...draft.options, ...options],
    events: [...draft.events, ...events],
  };
  return withStatus(given, 'success', '');
}

/** Everything but an address. RFC 8415 §18.3.6. */
function inform(draft: Draft, exchange: Exchange): Draft {
  const server = readServer(exchange);
  const isOurs = server === undefined || isForUs(exchange);
  // RFC 8415 §16.12: with an association in it, it is none.
  return isOurs && readAsked(exchange).length === 0 ? { ...draft, reply: 'reply' } : draft;
}

const offer: Give = (asked, { leases, network, nowMs, client }, taken) => {
  const address = leases.choose({ ...asked, taken }, nowMs);
  if (address !== undefined) return { option: lease(asked.iaid, address, network.leaseSeconds), address };
  const reason = `there is no address left of ${leases.name}: every one is leased or declined`;
  return {
    option: refuse(asked.iaid, 'noAddresses', reason),
    events: [{ step: 'not-answered', mac: client.name, reason }],
  };
};

const bindNew: Give = (asked, exchange, taken) => {
  const { network, leases, nowMs } = exchange;
  const stranger = asked.wishes.find((address) => !isOnLink(address, network.prefix));
  if (stranger !== undefined) {
    const reason = `${stranger} is not of ${describePrefix(network.prefix)}`;
    return { option: refuse(asked.iaid, 'notOnLink', reason), events: [refusal(exchange, stranger, reason)] };
  }
  const given = offer(asked, exchange, taken);
  if (given.address !== undefined) {
    leases.bind({ ...asked, taken }, given.address, nowMs + network.leaseSeconds * 1000);
  }
  return given;
};

/** Goes on with what the machine has, also where its lease was lost and the address is free. RFC 8415 §18.3.4. */
const extend: Give = (asked, { leases, network, nowMs }, taken) => {
  const wanted = { ...asked, taken };
  const address = leases.keep(wanted, nowMs);
  if (address === undefined) return { option: undefined };
  leases.bind(wanted, address, nowMs + network.leaseSeconds * 1000);
  // An address that it has no more is named with no time left, so that it stops using it.
  const old = asked.wishes.filter((wish) => wish !== address);
  return { option: lease(asked.iaid, address, network.leaseSeconds, old), address };
};

const renew: Give = (asked, exchange, taken) => {
  const given = extend(asked, exchange, taken);
  if (given.option !== undefined) return given;
  const reason = 'no lease of it is known here';
  return {
    option: refuse(asked.iaid, 'noBinding', reason),
    events: asked.wishes.slice(0, 1).map((address) => refusal(exchange, address, reason)),
  };
};

/** It asks whichever server hears it: only what is certainly wrong is refused. RFC 8415 §18.3.5. */
const rebind: Give = (asked, exchange, taken) => {
  const { network, leases } = exchange;
  const wrong = asked.wishes.filter((address) => leases.isOurs(address) || !isOnLink(address, network.prefix));
  // All of them may be another server's, on our wire: whether they are right, only that server knows.
  if (wrong.length === 0) return { option: undefined };
  const given = extend({ ...asked, wishes: wrong }, exchange, taken);
  if (given.option !== undefined) return given;
  const reason = 'it is of another network, or belongs to another machine';
  return {
    option: encodeOption('association', { iaid: asked.iaid, t1: 0, t2: 0, options: wrong.map(ended) }),
    events: wrong.map((address) => refusal(exchange, address, reason)),
  };
};

/** One address after the other, so that no two of a message get the same; then what we don't give at all. */
function collect(draft: Draft, exchange: Exchange, give: Give): Draft {
  const taken = new Set<string>();
  const options: Option[] = [];
  const events: BootEvent[] = [];
  for (const asked of readAsked(exchange)) {
    const given = give(asked, exchange, taken);
    if (given.address !== undefined) taken.add(given.address);
    if (given.option !== undefined) options.push(given.option);
    events.push(...(given.events ?? []));
  }
  return {
    ...draft,
    addresses: [...taken],
    options: [...draft.options, ...options, ...notGiven(exchange)],
    events: [...draft.events, ...events],
  };
}

/** Temporary addresses, which machines make themselves, and prefixes, which are for routers. */
function notGiven({ request }: Exchange): readonly Option[] {
  const temporary = readAll(request.options, 'temporaryAssociation', mostAssociations).map(({ iaid }) => {
    const options = [statusOption('noAddresses', 'temporary addresses are not given here')];
    return encodeOption('temporaryAssociation', { iaid, options });
  });
  const prefixes = readAll(request.options, 'prefixAssociation', mostAssociations).map(({ iaid }) => {
    const options = [statusOption('noPrefixes', 'prefixes are not given here')];
    return encodeOption('prefixAssociation', { iaid, t1: 0, t2: 0, options });
  });
  return [...temporary, ...prefixes];
}

function readAsked({ client, request }: Exchange): readonly Asked[] {
  return readAll(request.options, 'association', mostAssociations).map(({ iaid, options }) => ({
    client,
    iaid,
    wishes: readAll(options, 'leasedAddress', mostAssociations).map(({ address }) => address),
  }));
}

function readServer({ request }: Exchange): Uint8Array | undefined {
  return readOption(request.options, 'serverId');
}

function isForUs(exchange: Exchange): boolean {
  const server = readServer(exchange);
  return server !== undefined && Buffer.compare(server, exchange.serverDuid) === 0;
}

/** T1 and T2 as RFC 8415 §21.4 recommends them. */
function lease(iaid: number, address: string, seconds: number, ends: readonly string[] = []): Option {
  const times: Omit<OptionValue<'leasedAddress'>, 'address'> = {
    preferredSeconds: seconds,
    validSeconds: seconds,
    options: [],
  };
  return encodeOption('association', {
    iaid,
    t1: Math.floor(seconds / 2),
    t2: Math.floor((seconds * 4) / 5),
    options: [encodeOption('leasedAddress', { address, ...times }), ...ends.map(ended)],
  });
}

function ended(address: string): Option {
  return encodeOption('leasedAddress', { address, preferredSeconds: 0, validSeconds: 0, options: [] });
}

type StatusName = keyof typeof statusCodes;

function statusOption(name: StatusName, message: string): Option {
  return encodeOption('status', { code: statusCodes[name], message });
}

function refuse(iaid: number, name: StatusName, reason: string): Option {
  return encodeOption('association', { iaid, t1: 0, t2: 0, options: [statusOption(name, reason)] });
}

function refusal({ client }: Exchange, address: string, reason: string): BootEvent {
  return { step: 'refused', mac: client.name, address, reason };
}

function withStatus(draft: Draft, name: StatusName, message: string): Draft {
  return { ...draft, reply: 'reply', options: [...draft.options, statusOption(name, message)] };
}
