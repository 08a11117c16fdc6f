import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Dissector } from '../../src/capture/dissect.ts';
import { linkTypes } from '../../src/capture/packet.ts';
import { arpCodec } from '../../src/wire/arp.ts';
import { ethernet, type FrameEnds, ipv4, lan, tcpFrame, udpFrame, udpSegment } from './frames.ts';

const ends: FrameEnds = { from: { address: lan(5), port: 2070 }, to: { address: lan(1), port: 69 } };
const payload = Buffer.from('hello');
const timeNs = 0n;

function dissect(bytes: Uint8Array, linkType: number = linkTypes.ethernet) {
  return new Dissector().dissect({ linkType, bytes, timeNs });
}

describe('headers come off', () => {
  it('UDP over IPv4, with the padding of Ethernet behind it', () => {
    const frame = Uint8Array.from(Buffer.concat([udpFrame(ends, payload), new Uint8Array(13)]));
    expect(dissect(frame)).toEqual({
      kind: 'udp',
      vlans: [],
      sourceMac: '52:54:00:00:00:01',
      destinationMac: '52:54:00:00:00:fe',
      ...ends,
      payload: new Uint8Array(payload),
      cutBytes: 0,
    });
  });

  it('UDP over IPv6', () => {
    const six = { from: { address: 'fe80::1', port: 546 }, to: { address: 'ff02::1:2', port: 547 } };
    expect(dissect(udpFrame(six, payload))).toMatchObject({ kind: 'udp', ...six });
  });

  it('a VLAN inside of a VLAN', () => {
    const inner = udpFrame(ends, payload);
    const tags = Buffer.from('88a800648100000a', 'hex');
    const frame = Buffer.concat([inner.subarray(0, 12), tags, inner.subarray(12)]);
    expect(dissect(frame)).toMatchObject({ kind: 'udp', vlans: [100, 10] });
  });

  it('what Linux calls cooked, and raw IP', () => {
    const packet = ipv4(17, ends, udpSegment(ends, payload));
    const cooked = Buffer.from('0000000100065254000000010000 0800'.replace(' ', ''), 'hex');
    expect(dissect(Buffer.concat([cooked, packet]), linkTypes.linuxCooked)).toMatchObject({
      kind: 'udp',
      sourceMac: '52:54:00:00:00:01',
    });
    const cooked2 = Buffer.from('0800000000000002000100065254000000010000', 'hex');
    expect(dissect(Buffer.concat([cooked2, packet]), linkTypes.linuxCooked2)).toMatchObject({
      kind: 'udp',
      sourceMac: '52:54:00:00:00:01',
    });
    expect(dissect(packet, linkTypes.rawIp)).toMatchObject({ kind: 'udp', ...ends });
  });

  it('ARP, TCP, and what the recorder cut', () => {
    const arp = {
      operation: 'request',
      senderMac: '52:54:00:00:00:01',
      senderAddress: '0.0.0.0',
      targetMac: '00:00:00:00:00:00',
      targetAddress: lan(5),
    } as const;
    expect(dissect(ethernet(0x0806, arpCodec.encode(arp)))).toMatchObject({ kind: 'arp', arp });
    expect(dissect(tcpFrame(ends, 'GET / HTTP/1.1\r\n'))).toMatchObject({ kind: 'tcp', flags: 0x18 });
    expect(dissect(udpFrame(ends, payload).subarray(0, -2))).toMatchObject({ kind: 'udp', cutBytes: 2 });
  });
});

describe('a packet in fragments', () => {
  const whole = udpSegment(
    ends,
    Uint8Array.from({ length: 3000 }, (_, index) => index & 0xff),
  );
  const fragment = (start: number, end: number, identification = 1) =>
    ethernet(
      0x0800,
      ipv4(17, ends, whole.subarray(start, end), { identification, offsetBytes: start, more: end < whole.length }),
    );

  it('is one packet when the last of them is here, in whatever order they come', () => {
    const dissector = new Dissector();
    const kinds = [fragment(1480, 2960), fragment(0, 1480), fragment(0, 1480), fragment(2960, 3008)].map(
      (bytes) => dissector.dissect({ linkType: linkTypes.ethernet, bytes, timeNs }).kind,
    );
    expect(kinds).toEqual(['other', 'other', 'other', 'udp']);
  });

  it('nobody waits for ever, or for more than a few', () => {
    const dissector = new Dissector();
    const see = (bytes: Uint8Array, at: bigint) =>
      dissector.dissect({ linkType: linkTypes.ethernet, bytes, timeNs: at });
    see(fragment(0, 1480), 0n);
    expect(see(fragment(1480, 3008), 31_000_000_000n).kind).toBe('other');
    for (let number = 0; number < 1000; number += 1) see(fragment(0, 1480, number), 40_000_000_000n);
    expect(see(fragment(1480, 3008, 1), 40_000_000_000n).kind).toBe('other');
    expect(see(fragment(1480, 3008, 999), 40_000_000_000n).kind).toBe('udp');
  });
});

it('any bytes on any link are dissected, or are something else', () => {
  const seeds = [
    udpFrame(ends, payload),
    tcpFrame(ends, 'GET /'),
    udpFrame({ from: { address: 'fe80::1', port: 546 }, to: { address: 'ff02::1:2', port: 547 } }, payload),
  ];
  const changed = fc
    .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat({ max: 70 }), fc.nat({ max: 255 })), { maxLength: 5 }))
    .map(([seed, changes]) => {
      const bytes = seed.slice();
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      return bytes;
    });
  const dissector = new Dissector();
  fc.assert(
    fc.property(
      fc.oneof(changed, fc.uint8Array({ maxLength: 80 })),
      fc.constantFrom(1, 12, 101, 113, 276, 147),
      (bytes, linkType) => {
        expect(dissector.dissect({ linkType, bytes, timeNs }).kind).toBeTypeOf('string');
      },
    ),
    { numRuns: 5000, seed: 2 },
  );
});
