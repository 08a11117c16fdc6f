import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasCode } from '../../src/errors.ts';
import { type Packet, packetCodec } from '../../src/tftp/packet.ts';

/** Hexadecimal and 'text' between quotes; what follows `#` on a line is for people. */
function bytesOf(golden: string): Uint8Array {
  const code = golden.replace(/#.*$/gm, '');
  const hex = code.replace(/'([^']*)'/g, (_, text: string) => Buffer.from(text, 'latin1').toString('hex'));
  return Uint8Array.from(Buffer.from(hex.replace(/\s/g, ''), 'hex'));
}

const golden: readonly (readonly [string, string, Packet])[] = [
  [
    'the first request of OVMF, which asks for the size only',
    `0001                  # RRQ
     'bootx64.efi' 00
     'octet' 00
     'tsize' 00 '0' 00
     'blksize' 00 '1468' 00
     'windowsize' 00 '4' 00`,
    {
      kind: 'read',
      path: 'bootx64.efi',
      mode: 'octet',
      options: new Map([
        ['tsize', '0'],
        ['blksize', '1468'],
        ['windowsize', '4'],
      ]),
    },
  ],
  [
    'a request that writes',
    `0002 'core' 00 'netascii' 00`,
    { kind: 'write', path: 'core', mode: 'netascii', options: new Map() },
  ],
  ['a block', `0003 ffff 'MZ'`, { kind: 'data', block: 0xffff, bytes: Uint8Array.of(0x4d, 0x5a) }],
  ['an empty last block', `0003 0000`, { kind: 'data', block: 0, bytes: new Uint8Array() }],
  ['an acknowledgement', `0004 0102`, { kind: 'acknowledgement', block: 0x0102 }],
  [
    "EDK2's ERROR after it has heard the size",
    `0005 0008 'User aborted the transfer' 00`,
    { kind: 'error', errorCode: 8, message: 'User aborted the transfer' },
  ],
  [
    'an OACK in lower case, as Red Hat GRUB needs it',
    `0006 'blksize' 00 '1024' 00 'tsize' 00 '965304' 00`,
    {
      kind: 'options',
      options: new Map([
        ['blksize', '1024'],
        ['tsize', '965304'],
      ]),
    },
  ],
];

describe('TFTP datagrams, byte for byte', () => {
  it.each(golden)('%s', (_, text, packet) => {
    expect(packetCodec.decode(bytesOf(text))).toEqual(packet);
    expect(Uint8Array.from(packetCodec.encode(packet))).toEqual(bytesOf(text));
  });

  it('block numbers are cut to 16 bits on the wire and nowhere before', () => {
    expect(Buffer.from(packetCodec.encode({ kind: 'acknowledgement', block: 65_537 })).toString('hex')).toBe(
      '00040001',
    );
  });
});

describe('what real clients send beside the standard is understood', () => {
  it.each([
    ['mode and option names in capitals', `0001 'a' 00 'OCTET' 00 'BlkSize' 00 '1024' 00`, [['blksize', '1024']]],
    ['zeros after the request', `0001 'a' 00 'octet' 00 0000000000`, []],
    [
      'an option given twice: the first counts',
      `0001 'a' 00 'octet' 00 'blksize' 00 '8' 00 'blksize' 00 '9' 00`,
      [['blksize', '8']],
    ],
  ])('%s', (_, text, options) => {
    const packet = packetCodec.decode(bytesOf(text));
    expect(packet).toMatchObject({ kind: 'read', path: 'a', mode: 'octet' });
    if (packet.kind === 'read') expect([...packet.options]).toEqual(options);
  });

  it.each([
    ['an ERROR without a NUL at its end', `0005 0001 'no'`, { kind: 'error', errorCode: 1, message: 'no' }],
    ['an ERROR without text', `0005 0000`, { kind: 'error', errorCode: 0, message: '' }],
    ['an ACK with padding', `0004 0001 0000`, { kind: 'acknowledgement', block: 1 }],
  ])('%s', (_, text, packet) => {
    expect(packetCodec.decode(bytesOf(text))).toEqual(packet);
  });
});

describe('a malformed datagram ends in TFTP_MALFORMED, which says what is wrong', () => {
  it.each([
    ['nothing', '', /ends too early/],
    ['one byte', '00', /ends too early/],
    ['an unknown opcode', '0009', /opcode 9/],
    ['a file name without an end', `0001 'bootx64.efi'`, /the file name has no end/],
    ['no mode', `0001 'a' 00`, /names no mode/],
    ['an ACK without a number', '0004 00', /ends too early/],
    ['a request above 512 bytes', `0001 '${'a'.repeat(600)}' 00 'octet' 00`, /where 512 are the most/],
  ])('%s', (_, text, reason) => {
    expect(() => packetCodec.decode(bytesOf(text))).toThrow(reason);
  });

  it('whatever the bytes are', () => {
    const bytes = fc.uint8Array({ maxLength: 600 });
    const opcode = fc.integer({ min: 0, max: 7 });
    fc.assert(
      fc.property(opcode, bytes, (first, rest) => {
        try {
          packetCodec.decode(Uint8Array.of(0, first, ...rest));
        } catch (error) {
          expect(hasCode(error, 'TFTP_MALFORMED')).toBe(true);
        }
      }),
      { numRuns: 2000, seed: 1350 },
    );
  });
});
