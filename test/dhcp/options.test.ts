import { describe, expect, it } from 'vitest';
import { encodeOptions, type OptionName, type OptionValues, optionTable, readOption } from '../../src/dhcp/options.ts';
import { hasCode } from '../../src/errors.ts';
import { hex } from '../support/hex.ts';

/** The value bytes of each option, and what they mean: read and written. */
const goldens: readonly (readonly [string, OptionValues])[] = [
  ['ffffff00', { subnetMask: '255.255.255.0' }],
  ['0a000001 0a000002', { router: ['10.0.0.1', '10.0.0.2'] }],
  ['08080808', { dns: ['8.8.8.8'] }],
  ['6e6f6465 2d31', { hostName: 'node-1' }],
  ['6c616e', { domain: 'lan' }],
  ['0a0000ff', { broadcast: '10.0.0.255' }],
  ['0a000001', { ntp: ['10.0.0.1'] }],
  ['06 01 08 ff', { vendorOptions: hex('060108ff') }],
  ['0a000005', { requestedAddress: '10.0.0.5' }],
  ['0000a8c0', { leaseTime: 43200 }],
  ['05', { messageType: 'ack' }],
  ['c0a80001', { serverIdentifier: '192.168.0.1' }],
  ['01 03 06', { parameterList: [1, 3, 6] }],
  ['6e6f', { message: 'no' }],
  ['05c0', { maximumMessageSize: 1472 }],
  ['ffffffff', { renewalTime: 0xffffffff }],
  ['00000001', { rebindingTime: 1 }],
  ['505845436c69656e74', { vendorClass: 'PXEClient' }],
  ['01 525400123456', { clientIdentifier: hex('01525400123456') }],
  ['31302e302e302e3100  # with its NUL', { tftpServerName: '10.0.0.1' }],
  ['612e65666900  # with its NUL', { bootFile: 'a.efi' }],
  ['04 69505845  02 6162', { userClasses: ['iPXE', 'ab'] }],
  ['01 04 00000001', { relayAgent: hex('010400000001') }],
  ['0007 0009', { architectures: [7, 9] }],
  ['01 03 10', { networkInterface: { type: 1, major: 3, minor: 16 } }],
  ['00 00112233445566778899aabbccddeeff', { machineIdentifier: hex('0000112233445566778899aabbccddeeff') }],
  ['0a020000', { subnetSelection: '10.2.0.0' }],
  ['03 656e67 05 6170706c65 03 636f6d 00  04 6c616273 00', { search: ['eng.apple.com', 'labs'] }],
  [
    '10 0a01 0a0000fe  00 0a000001  20 0a090909 0a0000fe  19 0a020080 0a0000fd',
    {
      routes: [
        { destination: '10.1.0.0/16', via: '10.0.0.254' },
        { destination: '0.0.0.0/0', via: '10.0.0.1' },
        { destination: '10.9.9.9/32', via: '10.0.0.254' },
        { destination: '10.2.0.128/25', via: '10.0.0.253' },
      ],
    },
  ],
  ['08 0a 0a0000fe', { microsoftRoutes: [{ destination: '10.0.0.0/8', via: '10.0.0.254' }] }],
  ['b1 04 80861001', { ipxe: hex('b10480861001') }],
];

function codeOf(values: OptionValues): [OptionName, number] {
  const name = Object.keys(values)[0] as OptionName;
  return [name, optionTable[name].code];
}

describe('every option of the table', () => {
  it.each(goldens)('%s', (text, values) => {
    const [name, code] = codeOf(values);
    expect(readOption(new Map([[code, hex(text)]]), name)).toEqual(values[name]);
    expect(encodeOptions(values).get(code)).toEqual(hex(text));
  });

  it('is read and written here, but for option 52, which is never written', () => {
    expect(new Set(goldens.map(([, values]) => codeOf(values)[0]).concat('overload'))).toEqual(
      new Set(Object.keys(optionTable)),
    );
  });

  it('has a code of its own', () => {
    const codes = Object.values(optionTable).map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
  });
});

describe('what real clients send', () => {
  const read = <Name extends OptionName>(name: Name, bytes: string) =>
    readOption(new Map([[optionTable[name].code, hex(bytes)]]), name);

  it.each([
    ['a NUL at the end', '612e65666900', 'a.efi'],
    ['a NUL and leftovers behind it', '612e65666900abcdef', 'a.efi'],
    ['0xFF at the end, of ROMs that read up to the End', '612e656669ffff', 'a.efi'],
    ['nothing at all', '', ''],
  ])('a name with %s', (_, bytes, name) => {
    expect(read('bootFile', bytes)).toBe(name);
  });

  it('the user class of iPXE, without the length that RFC 3004 wants', () => {
    expect(read('userClasses', '69505845')).toEqual(['iPXE']);
  });

  it('names that point back at others (RFC 3397)', () => {
    expect(read('search', '03 656e67 05 6170706c65 00  04 6c616273 c004')).toEqual(['eng.apple', 'labs.apple']);
  });

  it('an empty machine identifier', () => {
    expect(read('machineIdentifier', '')).toEqual(new Uint8Array());
  });
});

describe('a wrong option is not an absent one', () => {
  it.each<[OptionName, string]>([
    ['machineIdentifier', '00'],
    ['architectures', '000700'],
    ['architectures', ''],
    ['requestedAddress', '0a0000'],
    ['requestedAddress', '0a00000102'],
    ['dns', '0a000001ff'],
    ['messageType', '00'],
    ['messageType', '0d'],
    ['leaseTime', '01'],
    ['networkInterface', '0103'],
    ['search', '03 656e67'],
    ['search', '03 656e67 c000'],
    ['search', 'c002 00'],
    ['search', '40'],
    ['routes', '21 0a000001 0a000001'],
    ['routes', '10 0a01 0a0000'],
    ['subnetSelection', ''],
  ])('%s with the bytes "%s"', (name, bytes) => {
    const options = new Map([[optionTable[name].code, hex(bytes)]]);
    const error = (() => {
      try {
        return readOption(options, name);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(hasCode(error, 'DHCP_MALFORMED') && error.message).toContain(`option ${optionTable[name].code}: `);
    expect(readOption(new Map(), name)).toBeUndefined();
  });
});
