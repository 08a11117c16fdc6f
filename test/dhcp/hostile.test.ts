import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasCode } from '../../src/errors.ts';
import { ovmfDiscover, ovmfRequest } from '../packets/dhcp-ovmf.ts';
import { hex } from '../support/hex.ts';
import { counter, message, network, networkOf, replyIn, uefiX64 } from './machine.ts';

/** Messages that lead into every branch, to be cut and changed. */
const seeds: readonly Uint8Array[] = [
  ovmfDiscover,
  ovmfRequest,
  message({
    messageType: 'discover',
    requestedAddress: '10.0.0.11',
    clientIdentifier: Uint8Array.of(1, 2),
    ...uefiX64,
  }),
  message({
    messageType: 'request',
    requestedAddress: '10.0.0.10',
    serverIdentifier: network.serverAddress,
    hostName: 'm',
  }),
  message({ messageType: 'request' }, { ciaddr: '10.0.0.10' }),
  message({ messageType: 'inform' }, { ciaddr: '10.0.0.77' }),
  message({ messageType: 'decline', requestedAddress: '10.0.0.10' }),
  message({ messageType: 'release' }, { ciaddr: '10.0.0.10' }),
  message({ messageType: 'discover', relayAgent: hex('05 04 0a020000 0b 04 0a020001 13 00') }, { giaddr: '10.2.0.1' }),
  message({ messageType: 'discover', subnetSelection: '10.2.0.0' }, { giaddr: '10.2.0.1', hops: 1 }),
  message({ messageType: 'request', clientIdentifier: hex('ff 01 02 03') }, { htype: 32, chaddr: new Uint8Array() }),
];

const behindRelay = networkOf('10.2.0', [{ first: '10.2.0.10', last: '10.2.0.11' }], {
  serverAddress: network.serverAddress,
  reservations: [{ clientId: 'ff010203', address: '10.2.0.200', hostName: 'ib' }],
});

const change = fc.record({
  at: fc.oneof(fc.nat({ max: 45 }), fc.integer({ min: 236, max: 420 })),
  value: fc.oneof(fc.constantFrom(0, 1, 52, 53, 54, 255), fc.integer({ min: 0, max: 255 })),
});

const changed = fc
  .tuple(fc.constantFrom(...seeds), fc.array(change, { maxLength: 8 }), fc.option(fc.nat({ max: 400 })))
  .map(([seed, changes, end]) => {
    const bytes = seed.slice(0, end ?? seed.length);
    for (const { at, value } of changes) if (at < bytes.length) bytes[at] = value;
    return bytes;
  });

const anyDatagram = fc.oneof({ weight: 9, arbitrary: changed }, fc.uint8Array({ maxLength: 600 }));

describe('any datagram at all', () => {
  it('is answered, reported or named malformed; answers stay small, in this network and without overload', () => {
    fc.assert(
      fc.property(fc.array(anyDatagram, { maxLength: 12 }), fc.boolean(), (datagrams, isBinl) => {
        const { ask } = counter({ relayed: [behindRelay], port: isBinl ? 'binl' : 'server' });
        for (const bytes of datagrams) {
          try {
            const given = ask(bytes);
            if (given?.datagram === undefined) continue;
            const { to, port, sizeBytes, packet } = replyIn(given);
            expect(sizeBytes).toBeLessThanOrEqual(1472);
            expect(packet.options.has(52)).toBe(false);
            // Where a relay is, only the relay knows: its link may be another than its address.
            if (port === 'client') expect(to).toMatch(/^(255\.255\.255\.255|10\.[02]\.0\.\d+)$/);
            if (packet.giaddr !== '0.0.0.0' && !isBinl) expect(to).toBe(packet.giaddr);
          } catch (error) {
            if (!hasCode(error, 'DHCP_MALFORMED')) throw error;
          }
        }
      }),
      { seed: 4, numRuns: 1500 },
    );
  });

  it('that is malformed changes no lease', () => {
    const { ask, leases } = counter();
    const takes = {
      messageType: 'request',
      requestedAddress: '10.0.0.10',
      serverIdentifier: network.serverAddress,
    } as const;
    const bad = message({ ...takes, ...uefiX64, machineIdentifier: new Uint8Array(5) });
    expect(() => ask(bad)).toThrow('option 97: 5 bytes instead of 0 or 17');
    expect(leases.takeChanges()).toEqual([]);
  });
});
