import { describe, expect, it } from 'vitest';
import type { Network6 } from '../../src/dhcp6/network.ts';
import { readOption } from '../../src/dhcp6/options.ts';
import { decodeMessage, type Envelope, encodeMessage, type Options } from '../../src/dhcp6/packet.ts';
import { parseMac } from '../../src/wire/addresses.ts';
import {
  addressIn,
  counter,
  duidLL,
  duidUuid,
  linkLocal,
  message,
  network,
  options,
  serverDuid,
  wants,
} from './machine.ts';

const mac = '52:54:00:00:00:0a';
const id = options({ clientId: duidLL(mac) });
const toUs = options({ serverId: serverDuid });
const far: Network6 = {
  ...network,
  name: 'fd00:2::/64',
  prefix: { address: 'fd00:2::', prefixBits: 64 },
  ranges: [{ first: 'fd00:2::100', last: 'fd00:2::1ff' }],
};

interface Relay {
  readonly link?: string;
  readonly peer?: string;
  readonly hops?: number;
  readonly more?: Options;
}

function relayed(bytes: Uint8Array, { link = 'fd00:2::fe', peer = linkLocal(mac), hops = 0, more = [] }: Relay = {}) {
  return encodeMessage({
    type: 'relay-forward',
    hops,
    linkAddress: link,
    peerAddress: peer,
    options: [...options({ relayMessage: bytes }), ...more],
  });
}

/** The envelopes of an answer, the outer one first, and what is inside. */
function unpack(bytes: Uint8Array | undefined) {
  const envelopes: Envelope[] = [];
  let inner = decodeMessage(bytes ?? new Uint8Array());
  while ('hops' in inner) {
    envelopes.push(inner);
    inner = decodeMessage(readOption(inner.options, 'relayMessage') ?? new Uint8Array());
  }
  return { envelopes, message: inner };
}

describe('a machine behind a relay', () => {
  it('gets an address of the network that the relay names, by the way that it asked', () => {
    const { ask } = counter({ relayed: [far] });
    const answer = ask(relayed(message('solicit', id, wants(1))), 'fd00::fe');
    expect(answer?.datagram?.to).toBe('relay');
    const { envelopes, message: inner } = unpack(answer?.datagram?.bytes);
    expect(envelopes).toMatchObject([
      { type: 'relay-reply', hops: 0, linkAddress: 'fd00:2::fe', peerAddress: linkLocal(mac) },
    ]);
    expect(addressIn(inner)).toMatch(/^fd00:2::1/);
    expect(answer?.events).toMatchObject([{ step: 'offered', mac, relay: 'fd00::fe' }]);
  });

  it('may be behind several, each of which gets its own back; the one next to the machine knows the network', () => {
    const { ask } = counter({ relayed: [far] });
    const port = options({ interfaceId: Uint8Array.of(1, 2, 3) });
    const first = relayed(message('solicit', id, wants(1)), { link: '::', more: port });
    const second = relayed(first, { link: 'fd00:2::fe', peer: 'fe80::11', hops: 1 });
    const third = relayed(second, { link: 'fd00:9::1', peer: 'fe80::22', hops: 2, more: options({ relayPort: 0 }) });
    const answer = ask(third, 'fd00::fe');
    // The relay next to us listens at a port of its own. RFC 8357.
    expect(answer?.datagram?.to).toBe('asker');
    const { envelopes, message: inner } = unpack(answer?.datagram?.bytes);
    expect(envelopes.map(({ hops, linkAddress }) => [hops, linkAddress])).toEqual([
      [2, 'fd00:9::1'],
      [1, 'fd00:2::fe'],
      [0, '::'],
    ]);
    expect(envelopes.map((one) => readOption(one.options, 'interfaceId'))).toEqual([
      undefined,
      undefined,
      Uint8Array.of(1, 2, 3),
    ]);
    expect(readOption(envelopes[0]?.options ?? [], 'relayPort')).toBe(0);
    expect(addressIn(inner)).toMatch(/^fd00:2::1/);
  });

  it('is on the network of the interface where no relay names one', () => {
    const { ask } = counter();
    const answer = ask(relayed(message('solicit', id, wants(1)), { link: '::' }));
    expect(addressIn(unpack(answer?.datagram?.bytes).message)).toMatch(/^fd00::1/);
  });

  it('of a network that is not configured is not answered, and that is said', () => {
    const { ask } = counter();
    const reason = 'it asks through the relay fd00::fe, for fd00:7::1, and no such network is configured here';
    expect(ask(relayed(message('solicit', id, wants(1)), { link: 'fd00:7::1' }), 'fd00::fe')).toEqual({
      isLasting: false,
      mac,
      events: [{ step: 'not-answered', mac, reason }],
    });
  });

  it('is known by the card that the relay saw', () => {
    const { ask } = counter({ relayed: [far] });
    const seen = options({ linkLayerAddress: { hardware: 1, address: parseMac(mac) ?? new Uint8Array() } });
    const take = (clientId: Uint8Array, iaid: number) => {
      const bytes = message('request', options({ clientId }), toUs, wants(iaid));
      const answer = ask(relayed(bytes, { peer: 'fe80::1234:5678:9abc:def0', more: seen }));
      expect(answer?.mac).toBe(mac);
      return addressIn(unpack(answer?.datagram?.bytes).message);
    };
    expect(take(duidUuid(1), 0x1234)).toBe(take(duidLL(mac), 1));
  });
});

describe('what a relay may send', () => {
  it('is bounded in depth', () => {
    const { ask } = counter();
    let bytes = message('solicit', id, wants(1));
    for (let depth = 0; depth < 9; depth += 1) bytes = relayed(bytes, { link: 'fd00::fe' });
    expect(ask(bytes)?.datagram).toBeDefined();
    expect(() => ask(relayed(bytes))).toThrow('it came through more than 9 relays');
  });

  it('is a message', () => {
    const { ask } = counter();
    const empty = { hops: 0, linkAddress: '::', peerAddress: '::', options: [] };
    expect(() => ask(encodeMessage({ type: 'relay-forward', ...empty }))).toThrow('a relay hands on nothing');
    expect(ask(encodeMessage({ type: 'relay-reply', ...empty }))).toBeUndefined();
  });
});
