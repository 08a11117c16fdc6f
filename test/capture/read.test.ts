import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CapturedPacket } from '../../src/capture/packet.ts';
import { fileHeader, packetBlock, statisticsBlock } from '../../src/capture/pcapng-write.ts';
import { readCapture } from '../../src/capture/read.ts';
import { BootwrightError } from '../../src/errors.ts';
import { bytesSource } from '../../src/platform/files.ts';
import { hex } from '../support/hex.ts';

interface Read {
  readonly packets: readonly CapturedPacket[];
  readonly isCut: boolean;
  readonly code?: string;
}

async function read(bytes: Uint8Array): Promise<Read> {
  const packets: CapturedPacket[] = [];
  let isCut = false;
  try {
    for await (const packet of readCapture(bytesSource(bytes), 'boot.pcapng', () => {
      isCut = true;
    })) {
      packets.push(packet);
    }
    return { packets, isCut };
  } catch (error) {
    if (error instanceof BootwrightError) return { packets, isCut, code: error.code };
    throw error;
  }
}

const header = { application: 'Bootwright test', interface: 'eth0' };
const timeNs = 1_700_000_000_123_456_789n;
const one = { timeNs, bytes: Uint8Array.of(1, 2, 3, 4, 5), sizeBytes: 1500 };

describe('what was written is read', () => {
  it('packets with their times, their sizes on the wire and comments', async () => {
    const two = { timeNs: timeNs + 1n, bytes: new Uint8Array(64), sizeBytes: 64, comment: 'the offer' };
    const file = Buffer.concat([
      fileHeader({ ...header, comment: 'OVMF 2022.11' }),
      packetBlock(one),
      packetBlock(two),
      statisticsBlock(timeNs, 2, 0),
    ]);
    const { packets, isCut, code } = await read(file);
    expect(packets).toEqual([
      { ...one, linkType: 1 },
      { ...two, linkType: 1 },
    ]);
    expect([isCut, code]).toEqual([false, undefined]);
  });

  it('golden bytes, which Wireshark reads', () => {
    expect(Buffer.from(packetBlock(one)).toString('hex')).toBe(
      Buffer.from(
        hex(`
        06000000 28000000  # enhanced packet, 40 bytes
        00000000  # interface 0
        fe9c9717 15cd853d  # time, upper and lower half
        05000000 dc050000  # 5 bytes of 1500
        0102030405 000000  # padded
        28000000
      `),
      ).toString('hex'),
    );
  });

  it('a file that was cut anywhere, as by kill -9, up to its last whole packet', async () => {
    const file = Buffer.concat([fileHeader(header), packetBlock(one), packetBlock(one)]);
    const start = fileHeader(header).length;
    const block = packetBlock(one).length;
    for (let end = start; end <= file.length; end += 1) {
      const { packets, isCut, code } = await read(file.subarray(0, end));
      expect([packets.length, code]).toEqual([Math.floor((end - start) / block), undefined]);
      expect(isCut).toBe((end - start) % block !== 0);
    }
  });
});

describe('files of others', () => {
  const record = '0badcafe 00000001';
  const kinds: readonly [string, string, (value: number) => string, bigint][] = [
    ['microseconds, little-endian', 'd4c3b2a1', little, 1000n],
    ['microseconds, big-endian', 'a1b2c3d4', big, 1000n],
    ['nanoseconds, little-endian', '4d3cb2a1', little, 1n],
    ['nanoseconds, big-endian', 'a1b23c4d', big, 1n],
  ];
  for (const [title, magic, u32, unitNs] of kinds) {
    it(`pcap with ${title}`, async () => {
      const start = `${magic} ${u32 === little ? '02000400' : '00020004'} 00000000 00000000 ${u32(65535)} ${u32(113)}`;
      const file = hex(`${start} ${u32(7)} ${u32(8)} ${u32(2)} ${u32(60)} aabb`);
      expect((await read(file)).packets).toEqual([
        { timeNs: 7_000_000_000n + 8n * unitNs, linkType: 113, bytes: hex('aabb'), sizeBytes: 60 },
      ]);
    });
  }

  it('pcapng in network order, with times in 2^-10 s, an unknown block, a simple and an old packet', async () => {
    const file = hex(`
      0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ffffffffffffffff 0000001c
      00000001 00000020 0065 0000 00000000  0009 0001 8a000000  00000000  00000020  # LINKTYPE_RAW
      0000abcd 00000010 ${record.slice(0, 8)} 00000010
      00000006 00000024 00000000 00000000 00000400 00000001 00000001 45000000 00000024
      00000003 00000014 00000002 60000000 00000014
      00000002 00000024 0000 0000 00000000 00000800 00000001 00000003 45000000 00000024
    `);
    const { packets, code } = await read(file);
    expect(code).toBeUndefined();
    expect(
      packets.map(({ linkType, sizeBytes, bytes, timeNs: at }) => [linkType, sizeBytes, bytes.length, at]),
    ).toEqual([
      [101, 1, 1, 1_000_000_000n],
      [101, 2, 2, 1_000_000_000n],
      [101, 3, 1, 2_000_000_000n],
    ]);
  });
});

describe('what is no capture, or a damaged one, is named', () => {
  it.each([
    ['nothing', '', 'CAPTURE_UNKNOWN_FORMAT'],
    ['a few bytes', 'a1b2', 'CAPTURE_UNKNOWN_FORMAT'],
    ['a gzip file', '1f8b0800 00000000', 'CAPTURE_UNKNOWN_FORMAT'],
    ['pcap with a header that ends', 'd4c3b2a1 02000400', 'CAPTURE_MALFORMED'],
    [
      'a packet above all bounds',
      `d4c3b2a1 02000400 ${'00'.repeat(16)} ${'00'.repeat(8)} ffffffff 01000000`,
      'CAPTURE_MALFORMED',
    ],
    ['no byte order', '0a0d0d0a 0000001c 00000000', 'CAPTURE_MALFORMED'],
    ['a block of no size', `${sectionHex()} 06000000 00000000 00000000`, 'CAPTURE_MALFORMED'],
    ['lengths that differ', `${sectionHex()} 01000000 14000000 01000000 00000000 18000000`, 'CAPTURE_MALFORMED'],
    [
      'an interface that is not there',
      `${sectionHex()} ${Buffer.from(packetBlock(one)).toString('hex')}`,
      'CAPTURE_MALFORMED',
    ],
    ['version 2', '0a0d0d0a 1c000000 4d3c2b1a 0200 0000 ffffffffffffffff 1c000000', 'CAPTURE_MALFORMED'],
  ])('%s', async (_, text, code) => {
    expect((await read(hex(text))).code).toBe(code);
  });

  it('any change of a good file ends in packets or in a code', async () => {
    const good = Buffer.concat([fileHeader(header), packetBlock({ ...one, comment: 'x' }), packetBlock(one)]);
    const change = fc.record({
      at: fc.nat({ max: good.length - 1 }),
      value: fc.constantFrom(0, 1, 3, 4, 6, 127, 128, 255),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), fc.nat({ max: 40 }), async (changes, cut) => {
        const bytes = Uint8Array.from(good.subarray(0, good.length - cut));
        for (const { at, value } of changes) if (at < bytes.length) bytes[at] = value;
        const { packets, code } = await read(bytes);
        expect(packets.length).toBeLessThanOrEqual(2);
        expect(['undefined', 'CAPTURE_MALFORMED', 'CAPTURE_UNKNOWN_FORMAT']).toContain(String(code));
      }),
      { numRuns: 2000, seed: 1 },
    );
  });
});

function sectionHex(): string {
  return '0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000';
}

function big(value: number): string {
  return value.toString(16).padStart(8, '0');
}

function little(value: number): string {
  return Buffer.from(big(value), 'hex').reverse().toString('hex');
}
