import { describe, expect, it } from 'vitest';
import { parseExtraOptions6 } from '../../src/dhcp6/extra-options.ts';
import { encodeOption, type OptionName, type OptionValue, optionTable, readOption } from '../../src/dhcp6/options.ts';
import { hasCode } from '../../src/errors.ts';
import { hex } from '../support/hex.ts';

type Values = { readonly [Name in OptionName]?: OptionValue<Name> };

const address = 'fd000000000000000000000000000100';

/** The value bytes of each option, and what they mean: read and written. */
const goldens: readonly (readonly [string, Values])[] = [
  ['0003 0001 525400123456', { clientId: hex('00030001525400123456') }],
  ['0004 00112233445566778899aabbccddeeff', { serverId: hex('000400112233445566778899aabbccddeeff') }],
  [
    `00000001 00000e10 00001518  0005 0018 ${address} 00000e10 00001c20`,
    {
      association: {
        iaid: 1,
        t1: 3600,
        t2: 5400,
        options: [
          encodeOption('leasedAddress', {
            address: 'fd00::100',
            preferredSeconds: 3600,
            validSeconds: 7200,
            options: [],
          }),
        ],
      },
    },
  ],
  ['00000002', { temporaryAssociation: { iaid: 2, options: [] } }],
  [
    `${address} 00000001 ffffffff`,
    { leasedAddress: { address: 'fd00::100', preferredSeconds: 1, validSeconds: 0xffffffff, options: [] } },
  ],
  ['0017 0018 003b', { optionRequest: [23, 24, 59] }],
  ['ff', { preference: 255 }],
  ['01 000001', { relayMessage: hex('01000001') }],
  ['0002 6e6f', { status: { code: 2, message: 'no' } }],
  ['', { rapidCommit: true }],
  ['0004 69505845', { userClasses: ['iPXE'] }],
  ['00000157 0009 505845436c69656e74', { vendorClass: { enterprise: 343, classes: ['PXEClient'] } }],
  ['657468302f31', { interfaceId: hex('657468302f31') }],
  [`${address} 20010db8000000000000000000000053`, { dns: ['fd00::100', '2001:db8::53'] }],
  ['07 6578616d706c65 03 6e6574 00  03 6c616e 00', { domains: ['example.net', 'lan'] }],
  ['00000003 00000000 00000000', { prefixAssociation: { iaid: 3, t1: 0, t2: 0, options: [] } }],
  [`0001 0010 ${address}`, { ntp: ['fd00::100'] }],
  ['687474703a2f2f5b3a3a315d2f61', { bootFileUrl: 'http://[::1]/a' }],
  ['0004 726f6f74 0001 78', { bootFileParameters: ['root', 'x'] }],
  ['0007 0009', { architectures: [7, 9] }],
  ['01 03 10', { networkInterface: { type: 1, major: 3, minor: 16 } }],
  ['0001 525400123456', { linkLayerAddress: { hardware: 1, address: hex('525400123456') } }],
  ['0000', { relayPort: 0 }],
];

function nameOf(values: Values): OptionName {
  return Object.keys(values)[0] as OptionName;
}

describe('every option of the table', () => {
  it.each(goldens)('%s', (text, values) => {
    const name = nameOf(values);
    const { code } = optionTable[name];
    expect(readOption([{ code, bytes: hex(text) }], name)).toEqual(values[name]);
    expect(encodeOption(name, values[name] as never)).toEqual({ code, bytes: hex(text) });
  });

  it('is read and written here', () => {
    expect(new Set(goldens.map(([, values]) => nameOf(values)))).toEqual(new Set(Object.keys(optionTable)));
  });

  it('has a code of its own', () => {
    const codes = Object.values(optionTable).map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
  });
});

describe('an option', () => {
  it.each([
    ['clientId', '', 'option 1: a DUID of 0 bytes instead of 1 to 130'],
    ['clientId', '00'.repeat(131), 'option 1: a DUID of 131 bytes instead of 1 to 130'],
    ['preference', '0000', 'option 7: 2 bytes, where 1 are the value'],
    ['rapidCommit', '00', 'option 14: 1 bytes, where 0 are the value'],
    ['optionRequest', '001700', 'option 6: the data ends too early: 2 bytes needed at offset 2, 1 there'],
    ['userClasses', '0005 41', 'option 15: the data ends too early: 5 bytes needed at offset 2, 1 there'],
    ['domains', '40', 'option 24: a label of 64 characters in a domain name'],
    ['association', '00000001', 'option 3: the data ends too early: 4 bytes needed at offset 4, 0 there'],
  ] as const)('%s with the bytes %s is named', (name, bytes, what) => {
    expect(() => readOption([{ code: optionTable[name].code, bytes: hex(bytes) }], name)).toThrow(what);
  });

  it('that is there twice counts once, and is not joined', () => {
    const [one, two] = [encodeOption('preference', 1), encodeOption('preference', 2)];
    expect(readOption([one, two], 'preference')).toBe(1);
  });
});

describe('options that the configuration adds', () => {
  it('go by name or by code, each in the form of its value', () => {
    const made = parseExtraOptions6({
      'ntp-server': 'fd00::100',
      31: ['fd00::100', 'fd00::100'],
      32: 600,
      'domain-list': 'a.b, c',
      41: 'UTC',
      60: ['root', 'é'],
      65001: 'hex:0a:ff',
      65002: ['u8:1', 'u16:2', 'u32:3', 'ip:fd00::100', 'text:x:y', 'plain'],
    });
    const bytes = Object.fromEntries(made.map((option) => [option.code, Buffer.from(option.bytes).toString('hex')]));
    expect(bytes).toEqual({
      24: '0161016200016300',
      31: `${address}${address}`,
      32: '00000258',
      41: '555443',
      56: `00010010${address}`,
      60: '0004726f6f740002c3a9',
      65001: '0aff',
      65002: `01000200000003${address}783a79706c61696e`,
    });
  });

  it.each([
    [{ 3: 'x' }, 'the server itself decides what it says'],
    [{ colour: 'red' }, 'neither a code from 1 to 65535 nor one of dns-servers'],
    [{ 65536: 'x' }, 'neither a code'],
    [{ 99: 5 }, 'say how many bytes the number has'],
    [{ 99: true }, 'options of DHCPv6 are no yes or no'],
    [{ 'dns-servers': ['10.0.0.1'] }, '"10.0.0.1" is no IPv6 address'],
    [{ 32: 'soon' }, '"soon" is no whole number from 0 to 4294967295'],
    [{ 99: 'u8:256' }, '"256" is no whole number from 0 to 255'],
    [{ 99: 'hex:abc' }, '"abc" is no bytes in hexadecimal'],
    [{ 'domain-list': 'a..b' }, '"a..b" is no domain name'],
    [{ 99: 'x'.repeat(1025) }, '1025 bytes are more than 1024'],
    [{ 23: 'fd00::1', 'dns-servers': 'fd00::1' }, 'it is set twice, by name and by code'],
  ])('are refused where they cannot be meant: %j', (list, reason) => {
    const complaint = (() => {
      try {
        return parseExtraOptions6(list);
      } catch (error) {
        return error;
      }
    })();
    expect(hasCode(complaint, 'DHCP6_OPTION_INVALID') && complaint.message).toContain(reason);
  });
});
