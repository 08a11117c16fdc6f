import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agree, type Limits } from '../../src/tftp/options.ts';
import { packetCodec } from '../../src/tftp/packet.ts';

const ethernet: Limits = { mtuBytes: 1500, maxWindowBlocks: 64 };
const sizeBytes = 965_304;

/** 'text' between quotes and hexadecimal. */
function bytesOf(golden: string): Uint8Array {
  const hex = golden.replace(/'([^']*)'/g, (_, text: string) => Buffer.from(text, 'latin1').toString('hex'));
  return Uint8Array.from(Buffer.from(hex.replace(/\s/g, ''), 'hex'));
}

/** The OACK; `undefined` where the first block is the answer. */
function oackFor(request: Uint8Array, limits = ethernet): Uint8Array | undefined {
  const packet = packetCodec.decode(request);
  if (packet.kind !== 'read') throw new Error('no read request');
  const { granted } = agree(packet.options, sizeBytes, limits);
  return granted.size === 0 ? undefined : Uint8Array.from(packetCodec.encode({ kind: 'options', options: granted }));
}

/**
 * What machines ask after the name and the mode, and what they take for an answer. Sources: EDK2
 * NetworkPkg/UefiPxeBcDxe/PxeBcMtftp.c (and PxeBcImpl.c for the sizes), shim netboot.c, GRUB grub-core/net/tftp.c
 * (the same in Red Hat's, Debian's and GNU's), iPXE src/net/udp/tftp.c, U-Boot net/tftp.c, SYSLINUX core/pxelinux.asm;
 * for the programs, what they send.
 */
const machines: readonly (readonly [string, string, string | undefined])[] = [
  [
    'EDK2, which looks for the size',
    `'tsize' 00 '0' 00 'blksize' 00 '1468' 00 'windowsize' 00 '4' 00`,
    `'tsize' 00 '965304' 00 'blksize' 00 '1468' 00 'windowsize' 00 '4' 00`,
  ],
  [
    'EDK2, which gets the file',
    `'blksize' 00 '1468' 00 'windowsize' 00 '4' 00`,
    `'blksize' 00 '1468' 00 'windowsize' 00 '4' 00`,
  ],
  [
    'EDK2 without a window, as it was before 2019',
    `'tsize' 00 '0' 00 'blksize' 00 '1468' 00`,
    `'tsize' 00 '965304' 00 'blksize' 00 '1468' 00`,
  ],
  ['shim', `'blksize' 00 '512' 00 'windowsize' 00 '4' 00`, `'blksize' 00 '512' 00 'windowsize' 00 '4' 00`],
  ['GRUB', `'blksize' 00 '1024' 00 'tsize' 00 '0' 00`, `'blksize' 00 '1024' 00 'tsize' 00 '965304' 00`],
  ['iPXE', `'blksize' 00 '1432' 00 'tsize' 00 '0' 00`, `'blksize' 00 '1432' 00 'tsize' 00 '965304' 00`],
  [
    'iPXE that would take multicast',
    `'blksize' 00 '1432' 00 'tsize' 00 '0' 00 'multicast' 00 00`,
    `'blksize' 00 '1432' 00 'tsize' 00 '965304' 00`,
  ],
  [
    'U-Boot, with the size of what it loaded before',
    `'timeout' 00 '5' 00 'tsize' 00 '4711' 00 'blksize' 00 '1468' 00`,
    `'timeout' 00 '5' 00 'tsize' 00 '965304' 00 'blksize' 00 '1468' 00`,
  ],
  [
    'U-Boot that puts IP packets together again',
    `'timeout' 00 '5' 00 'blksize' 00 '65464' 00 'windowsize' 00 '32' 00`,
    `'timeout' 00 '5' 00 'blksize' 00 '1468' 00 'windowsize' 00 '32' 00`,
  ],
  ['PXELINUX', `'tsize' 00 '0' 00 'blksize' 00 '1408' 00`, `'tsize' 00 '965304' 00 'blksize' 00 '1408' 00`],
  ['a PXE ROM that looks for the size', `'tsize' 00 '0' 00`, `'tsize' 00 '965304' 00`],
  ['a PXE ROM that gets the file', `'blksize' 00 '1456' 00`, `'blksize' 00 '1456' 00`],
  [
    'Windows',
    `'tsize' 00 '0' 00 'blksize' 00 '1456' 00 'windowsize' 00 '4' 00 'msftwindow' 00 '31416' 00`,
    `'tsize' 00 '965304' 00 'blksize' 00 '1456' 00 'windowsize' 00 '4' 00`,
  ],
  ['the ROM of a Raspberry Pi 3', '', undefined],
  [
    'curl',
    `'tsize' 00 '0' 00 'blksize' 00 '512' 00 'timeout' 00 '6' 00`,
    `'tsize' 00 '965304' 00 'blksize' 00 '512' 00 'timeout' 00 '6' 00`,
  ],
  ['tftp-hpa', '', undefined],
];

const oddities: readonly (readonly [string, string, string | undefined])[] = [
  ['capitals', `'BLKSIZE' 00 '1024' 00 'TSize' 00 '0' 00`, `'blksize' 00 '1024' 00 'tsize' 00 '965304' 00`],
  ['zeros before a number', `'blksize' 00 '01024' 00`, `'blksize' 00 '1024' 00`],
  ['a block of 65465 bytes, more than there may be', `'blksize' 00 '65465' 00`, `'blksize' 00 '1468' 00`],
  ['a block of 7 bytes, less than there may be', `'blksize' 00 '7' 00`, undefined],
  ['a power of two, which no RFC knows', `'blksize2' 00 '1024' 00`, undefined],
  ['options that nobody knows', `'foo' 00 'bar' 00 'tsize' 00 '0' 00 'rollover' 00 '0' 00`, `'tsize' 00 '965304' 00`],
  ['a window of no block', `'windowsize' 00 '0' 00 'tsize' 00 '0' 00`, `'tsize' 00 '965304' 00`],
  ['a window of 65535 blocks', `'windowsize' 00 '65535' 00`, `'windowsize' 00 '64' 00`],
  ['a timeout of four minutes', `'timeout' 00 '240' 00 'tsize' 00 '0' 00`, `'tsize' 00 '965304' 00`],
  ['numbers that are none', `'blksize' 00 'max' 00 'tsize' 00 '-1' 00 'windowsize' 00 '4.5' 00`, undefined],
  ['the same option twice', `'blksize' 00 '1024' 00 'blksize' 00 '2048' 00`, `'blksize' 00 '1024' 00`],
  ['zeros at the end', `'tsize' 00 '0' 00 00000000`, `'tsize' 00 '965304' 00`],
  ['0xFF at the end', `'tsize' 00 '0' 00 ffffff`, `'tsize' 00 '965304' 00`],
  ['0xFF and a zero at the end', `'tsize' 00 '0' 00 ffffff 00`, `'tsize' 00 '965304' 00`],
  [
    'a value without its zero',
    `'blksize' 00 '1024' 00 'tsize' 00 '0'`,
    `'blksize' 00 '1024' 00 'tsize' 00 '965304' 00`,
  ],
  ['a name without a value', `'tsize' 00 '0' 00 'blksize' 00`, `'tsize' 00 '965304' 00`],
];

describe('the answer, byte for byte, to', () => {
  it.each([...machines, ...oddities])('%s', (_, options, oack) => {
    const request = bytesOf(`0001 'boot/grubx64.efi' 00 'octet' 00 ${options}`);
    expect(oackFor(request)).toEqual(oack === undefined ? undefined : bytesOf(`0006 ${oack}`));
  });

  it('a mode without its zero', () => {
    expect(packetCodec.decode(bytesOf(`0001 'a' 00 'octet'`))).toMatchObject({ mode: 'octet', options: new Map() });
  });
});

describe('no block is larger than one packet of the path', () => {
  const largest = (limits: Partial<Limits>) => {
    const { blockSizeBytes } = agree(new Map([['blksize', '65464']]), sizeBytes, { ...ethernet, ...limits });
    return blockSizeBytes;
  };

  it.each([
    ['Ethernet', { mtuBytes: 1500 }, 1468],
    ['Ethernet, IPv6', { mtuBytes: 1500, ipHeaderBytes: 40 }, 1448],
    ['PPPoE', { mtuBytes: 1492 }, 1460],
    ['the smallest IPv6, as EDK2 asks for', { mtuBytes: 1280, ipHeaderBytes: 40 }, 1228],
    ['a tunnel in a tunnel', { mtuBytes: 576 }, 544],
    ['the loopback interface', { mtuBytes: 65_536 }, 65_464],
    ['a path that says nonsense', { mtuBytes: 0 }, 8],
  ] as const)('on %s', (_, limits, blockSizeBytes) => {
    expect(largest(limits)).toBe(blockSizeBytes);
  });
});

describe('whatever is asked', () => {
  const name = fc.constantFrom('blksize', 'BLKSIZE', 'tsize', 'timeout', 'windowsize', 'multicast', 'x');
  const value = fc.oneof(fc.nat(70_000).map(String), fc.string({ maxLength: 6 }));

  it('the OACK holds nothing else, and nothing larger', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 6 }), fc.nat(10_000), (asked, size) => {
        const options = new Map(asked.map(([key, text]) => [key.toLowerCase(), text]));
        const { granted, blockSizeBytes, windowBlocks } = agree(options, size, ethernet);
        for (const [key, text] of granted) {
          expect(text).toMatch(/^(0|[1-9]\d*)$/);
          expect(options.has(key)).toBe(true);
          if (key !== 'tsize') expect(Number(text)).toBeLessThanOrEqual(Number(options.get(key)));
        }
        expect(blockSizeBytes).toBeGreaterThanOrEqual(8);
        expect(blockSizeBytes).toBeLessThanOrEqual(1468);
        expect(windowBlocks).toBeGreaterThanOrEqual(1);
        expect(windowBlocks).toBeLessThanOrEqual(64);
      }),
      { numRuns: 1000, seed: 2347 },
    );
  });

  it('bytes at the end of a request never take away what was asked before them', () => {
    const request = bytesOf(`0001 'a' 00 'octet' 00 'blksize' 00 '1024' 00`);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (garbage) => {
        const oack = oackFor(Uint8Array.of(...request, ...garbage));
        expect(Buffer.from(oack ?? []).toString('latin1')).toContain('\0\x06blksize\x001024\0');
      }),
      { numRuns: 1000, seed: 2348 },
    );
  });
});
