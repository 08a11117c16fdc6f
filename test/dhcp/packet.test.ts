import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeOptions, readOption } from '../../src/dhcp/options.ts';
import { type DhcpPacket, decodePacket, encodePacket } from '../../src/dhcp/packet.ts';
import { BootwrightError, hasCode } from '../../src/errors.ts';
import { ackToOvmf, offerToOvmf, ovmfDiscover, ovmfRequest } from '../packets/dhcp-ovmf.ts';
import { hex, zeros } from '../support/hex.ts';

const blank = decodePacket(hex(`01 01 06 00 00000001 ${zeros(228)} 63825363 ff`));

/** A message with these bytes where the options begin, and others in `sname` and `file`. */
function withOptions(options: string, { file = '', sname = '' } = {}): DhcpPacket {
  const field = (bytes: string, size: number) => bytes + zeros(size - hex(bytes).length);
  return decodePacket(
    hex(`01 01 06 00 00000001 ${zeros(36)} ${field(sname, 64)} ${field(file, 128)} 63825363 ${options}`),
  );
}

function failure(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (hasCode(error, 'DHCP_MALFORMED')) return error.message;
    throw error;
  }
  return 'nothing failed';
}

describe('what OVMF sends', () => {
  it('says which firmware asks for what', () => {
    const discover = decodePacket(ovmfDiscover);
    expect(discover).toMatchObject({ op: 'request', xid: 0xc2b274a9, broadcast: true, ciaddr: '0.0.0.0', file: '' });
    expect(readOption(discover.options, 'messageType')).toBe('discover');
    expect(readOption(discover.options, 'architectures')).toEqual([7]);
    expect(readOption(discover.options, 'vendorClass')).toBe('PXEClient:Arch:00007:UNDI:003000');
    expect(readOption(discover.options, 'networkInterface')).toEqual({ type: 1, major: 3, minor: 0 });
    expect(readOption(discover.options, 'machineIdentifier')).toEqual(new Uint8Array(17));
    expect(readOption(discover.options, 'maximumMessageSize')).toBe(1472);
    expect(readOption(discover.options, 'leaseTime')).toBeUndefined();
  });

  it('names the offer that it takes', () => {
    const { options } = decodePacket(ovmfRequest);
    expect(readOption(options, 'serverIdentifier')).toBe('10.98.0.1');
    expect(readOption(options, 'requestedAddress')).toBe('10.98.0.10');
  });
});

describe('what OVMF gets', () => {
  it.each([
    ['OFFER', offerToOvmf],
    ['ACK', ackToOvmf],
  ])('%s is written with the bytes that were read', (_, golden) => {
    expect(encodePacket(decodePacket(golden))).toEqual(golden);
  });

  it('is at least as long as BOOTP, and keeps a Pad before the End', () => {
    const bytes = encodePacket({ ...blank, options: encodeOptions({ messageType: 'discover' }) });
    expect(bytes.length).toBe(300);
    expect(bytes.subarray(240)).toEqual(hex(`35 01 01 00 ff ${zeros(55)}`));
  });
});

describe('options', () => {
  it('that come in pieces are one (RFC 3396)', () => {
    const { options } = withOptions('43 03 626f6f  0c 01 78  43 04 742e6566  43 01 69 ff');
    expect(readOption(options, 'bootFile')).toBe('boot.efi');
  });

  it('that are too long for one go out in pieces', () => {
    const long = encodePacket({ ...blank, options: new Map([[224, new Uint8Array(600).fill(7)]]) });
    expect(decodePacket(long).options.get(224)).toEqual(new Uint8Array(600).fill(7));
    expect([long[241], long[241 + 257], long[241 + 514]]).toEqual([255, 255, 90]);
  });

  it('are also read from file and sname, where option 52 says so', () => {
    const packet = withOptions('35 01 01 34 01 03 43 02 6162 ff', {
      file: '43 02 6364 ff',
      sname: '43 01 65 0c 01 6d ff',
    });
    expect(readOption(packet.options, 'bootFile')).toBe('abcde');
    expect(readOption(packet.options, 'hostName')).toBe('m');
    expect(packet).toMatchObject({ file: '', sname: '' });
  });

  it('that nobody here knows are kept', () => {
    expect(withOptions('e0 02 abcd ff').options.get(224)).toEqual(hex('abcd'));
  });

  it('may end without an End', () => {
    expect(readOption(withOptions('35 01 03').options, 'messageType')).toBe('request');
  });

  it('after the End are none', () => {
    expect(readOption(withOptions('ff 35 01 03').options, 'messageType')).toBeUndefined();
  });
});

describe('a malformed message says what is wrong with it', () => {
  it.each([
    ['an option that runs out of the message', '35 05 01', 'the data ends too early'],
    ['an option without its length', '35', 'the data ends too early'],
    ['option 52 with a value that has no meaning', '34 01 09', 'option 52: 9 is none of 1, 2 and 3'],
    ['option 52 without a value', '34 00', 'option 52: the data ends too early'],
  ])('%s', (_, options, reason) => {
    expect(failure(() => withOptions(options))).toContain(reason);
  });

  it.each([
    ['no bytes', '', 'ends too early'],
    ['neither request nor reply', `03 01 06 00 ${zeros(232)} 63825363`, 'op is 3'],
    ['a hardware address that is too long', `01 01 11 00 ${zeros(232)} 63825363`, 'a hardware address of 17 bytes'],
    ['no magic cookie', `01 01 06 00 ${zeros(232)} 00000000`, 'without the magic cookie'],
  ])('%s', (_, bytes, reason) => {
    expect(failure(() => decodePacket(hex(bytes)))).toContain(reason);
  });
});

const address = fc.ipV4();
const anyPacket: fc.Arbitrary<DhcpPacket> = fc.record({
  op: fc.constantFrom('request' as const, 'reply' as const),
  htype: fc.integer({ min: 0, max: 255 }),
  hops: fc.integer({ min: 0, max: 255 }),
  xid: fc.integer({ min: 0, max: 0xffffffff }),
  secs: fc.integer({ min: 0, max: 0xffff }),
  broadcast: fc.boolean(),
  ciaddr: address,
  yiaddr: address,
  siaddr: address,
  giaddr: address,
  chaddr: fc.uint8Array({ maxLength: 16 }),
  sname: fc.stringMatching(/^[ -~]{0,63}$/),
  file: fc.stringMatching(/^[ -~]{0,127}$/),
  options: fc
    .uniqueArray(
      fc.tuple(
        fc.integer({ min: 1, max: 254 }).filter((code) => code !== 52),
        fc.uint8Array({ maxLength: 600 }),
      ),
      { selector: ([code]) => code, maxLength: 8 },
    )
    .map((entries) => new Map(entries)),
});

describe('any message', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(anyPacket, (packet) => {
        expect(decodePacket(encodePacket(packet))).toEqual(packet);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('that was cut short or changed on the way is read or named malformed', () => {
    const packets = [ovmfDiscover, offerToOvmf, ovmfRequest, ackToOvmf];
    const change = fc.record({ at: fc.nat({ max: 400 }), value: fc.integer({ min: 0, max: 255 }) });
    fc.assert(
      fc.property(
        fc.constantFrom(...packets),
        fc.nat({ max: 400 }),
        fc.array(change, { maxLength: 6 }),
        (golden, end, changes) => {
          const bytes = golden.slice(0, end);
          for (const { at, value } of changes) if (at < bytes.length) bytes[at] = value;
          try {
            const { options } = decodePacket(bytes);
            for (const name of ['messageType', 'architectures', 'requestedAddress', 'userClasses'] as const)
              readOption(options, name);
          } catch (error) {
            expect(error).toBeInstanceOf(BootwrightError);
            expect(error).toHaveProperty('code', 'DHCP_MALFORMED');
          }
        },
      ),
      { seed: 2, numRuns: 1000 },
    );
  });
});
