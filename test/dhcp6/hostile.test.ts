import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeMessage } from '../../src/dhcp6/packet.ts';
import { hasCode } from '../../src/errors.ts';
import { ipxeRequest, ovmfHttpSolicit, ovmfRequest, ovmfSolicit } from '../packets/dhcp6-ovmf.ts';
import {
  addressIn,
  counter,
  duidLL,
  duidUuid,
  given,
  heard,
  message,
  network,
  options,
  serverDuid,
  uefiX64,
  wants,
} from './machine.ts';

const id = options({ clientId: duidLL('52:54:00:00:00:0a') });
const toUs = options({ serverId: serverDuid });

function relayed(bytes: Uint8Array): Uint8Array {
  return encodeMessage({
    type: 'relay-forward',
    hops: 0,
    linkAddress: 'fd00::fe',
    peerAddress: 'fe80::1',
    options: options({ interfaceId: Uint8Array.of(1), relayMessage: bytes }),
  });
}

/** Messages that lead into every branch, to be cut and changed. */
const seeds: readonly Uint8Array[] = [
  ovmfSolicit,
  ovmfRequest,
  ovmfHttpSolicit,
  ipxeRequest,
  message('solicit', id, wants(1, 'fd00::111'), wants(2), options({ rapidCommit: true, optionRequest: [23, 24, 56] })),
  message('request', id, toUs, wants(1, 'fd00::100'), uefiX64),
  message('renew', id, toUs, wants(1, 'fd00::100')),
  message('rebind', id, wants(1, 'fd00::100', 'fd01::1')),
  message('confirm', id, wants(1, 'fd00::100')),
  message('release', id, toUs, wants(1, 'fd00::100')),
  message('decline', id, toUs, wants(1, 'fd00::100')),
  message('information-request', id, uefiX64),
  relayed(message('request', id, toUs, wants(1))),
  relayed(relayed(message('solicit', id, wants(1)))),
];

const change = fc.record({
  at: fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 250 })),
  value: fc.oneof(fc.constantFrom(0, 1, 3, 5, 9, 12, 13, 255), fc.integer({ min: 0, max: 255 })),
});

const changed = fc
  .tuple(fc.constantFrom(...seeds), fc.array(change, { maxLength: 8 }), fc.option(fc.nat({ max: 250 })))
  .map(([seed, changes, end]) => {
    const bytes = seed.slice(0, end ?? seed.length);
    for (const { at, value } of changes) if (at < bytes.length) bytes[at] = value;
    return bytes;
  });

const anyDatagram = fc.oneof({ weight: 9, arbitrary: changed }, fc.uint8Array({ maxLength: 600 }));
const anyMode = fc.constantFrom('server' as const, 'proxy' as const);

describe('any datagram at all', () => {
  it('is answered, reported or named malformed; answers stay small, and no address is given twice', () => {
    fc.assert(
      fc.property(anyMode, fc.array(anyDatagram, { maxLength: 12 }), (mode, datagrams) => {
        const { ask, leases } = counter({ network: { mode, ranges: mode === 'proxy' ? [] : network.ranges } });
        for (const bytes of datagrams) {
          try {
            const { datagram } = ask(bytes) ?? {};
            if (datagram === undefined) continue;
            expect(datagram.bytes.length).toBeLessThanOrEqual(1452);
          } catch (error) {
            if (!hasCode(error, 'DHCP6_MALFORMED')) throw error;
          }
        }
        if (mode === 'proxy') expect(leases.leases()).toEqual([]);
        const addresses = leases.leases().map(({ address }) => address);
        expect(new Set(addresses).size).toBe(addresses.length);
      }),
      { seed: 6, numRuns: 1500 },
    );
  });

  it('that is malformed changes no lease', () => {
    const { ask, leases } = counter();
    for (const broken of [
      { code: 61, bytes: Uint8Array.of(7) },
      { code: 6, bytes: Uint8Array.of(7) },
      { code: 25, bytes: Uint8Array.of(7) },
      { code: 3, bytes: Uint8Array.of(7) },
    ]) {
      expect(() => ask(message('request', id, toUs, wants(1), [broken]))).toThrow(`option ${broken.code}: `);
    }
    expect(leases.takeChanges().leases).toEqual([]);
  });

  it('that asks for a thousand addresses gets eight', () => {
    const { ask } = counter();
    const many = Array.from({ length: 1000 }, (_, iaid) => wants(iaid)).flat();
    const answer = heard(ask(message('request', id, toUs, many)));
    expect(given(answer)).toHaveLength(8);
  });
});

describe('machines that nobody has', () => {
  it('use up no memory beyond the addresses that may be kept; after them comes who left longest ago', () => {
    const small = { ranges: [{ first: 'fd00::1:0', last: 'fd00::1:1ff' }] };
    const { ask, leases, pass } = counter({ network: small });
    const request = (number: number) => {
      const clientId = Uint8Array.of(0, 2, number >>> 8, number & 0xff);
      return given(heard(ask(message('request', options({ clientId }), toUs, wants(1)))))[0]?.addresses.length;
    };
    const gotOne = Array.from({ length: 600 }, (_, number) => request(number)).filter((count) => count === 1);
    expect(gotOne).toHaveLength(512);
    pass(2000);
    expect(request(60_000)).toBe(1);
    expect(leases.leases()).toHaveLength(512);
  });

  it('leave room for a machine that comes back', () => {
    const { hear } = counter();
    const before = addressIn(hear(message('request', id, toUs, wants(1))));
    for (let flood = 0; flood < 400; flood += 1) {
      const clientId = Uint8Array.of(...duidUuid(1), flood >>> 8, flood & 0xff);
      hear(message('request', options({ clientId }), toUs, wants(flood)));
    }
    expect(addressIn(hear(message('solicit', id, wants(1))))).toBe(before);
  });
});
