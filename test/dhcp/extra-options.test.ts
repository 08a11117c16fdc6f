import { describe, expect, it } from 'vitest';
import { parseExtraOptions } from '../../src/dhcp/extra-options.ts';
import { knownOptions, ownCodes } from '../../src/dhcp/known-options.ts';
import type { Network } from '../../src/dhcp/network.ts';
import type { OptionValues } from '../../src/dhcp/options.ts';
import type { WrittenOptions } from '../../src/wire/written-options.ts';
import { hex } from '../support/hex.ts';
import { counter, message, networkOf, replyIn, uefiX64 } from './machine.ts';

const goldens: readonly (readonly [WrittenOptions, number, string])[] = [
  [{ 'ntp-servers': '10.0.0.5' }, 42, '0a000005'],
  [{ 'ntp-servers': ['10.0.0.5', '10.0.0.6'] }, 42, '0a000005 0a000006'],
  [{ 'ntp-servers': '10.0.0.5, 10.0.0.6' }, 42, '0a000005 0a000006'],
  [{ 150: '10.0.0.1' }, 150, '0a000001'],
  [{ 252: 'http://wpad/wpad.dat' }, 252, '687474703a2f2f777061642f777061642e646174'],
  [{ 224: 'hex:01 02:ff' }, 224, '0102ff'],
  [{ 224: 'text' }, 224, '74657874'],
  [{ 224: 'ip:10.0.0.1,10.0.0.2' }, 224, '0a0000010a000002'],
  [{ 224: ['u8:7', 'u16:258', 'u32:1', 'text:a'] }, 224, '07 0102 00000001 61'],
  [{ 224: 'names:a.b' }, 224, '01 61 01 62 00'],
  [{ 224: true }, 224, '01'],
  [{ 'time-offset': -3600 }, 2, 'fffff1f0'],
  [{ 'interface-mtu': 9000 }, 26, '2328'],
  [{ 26: 9000 }, 26, '2328'],
  [{ 'ip-forwarding': false }, 19, '00'],
  [{ 'default-ip-ttl': '64' }, 23, '40'],
  [{ 'path-mtu-plateau-table': [68, 296] }, 25, '0044 0128'],
  [
    { 'domain-search': ['eng.example.net', 'example.net'] },
    119,
    '03656e67076578616d706c65036e657400 076578616d706c65036e657400',
  ],
  [{ 'classless-static-route': ['10.1.0.0/16 via 10.0.0.254'] }, 121, '10 0a01 0a0000fe'],
  [{ 'root-path': 'nfs:10.0.0.1:/srv, ro' }, 17, '6e66733a31302e302e302e313a2f7372762c20726f'],
  [{ 'vendor-encapsulated-options': '0104c0a80001' }, 43, '0104c0a80001'],
  [{ 'v6-only-preferred': 1800 }, 108, '00000708'],
];

describe('an option of the configuration', () => {
  it.each(goldens)('%j', (list, code, bytes) => {
    expect([...parseExtraOptions(list)]).toEqual([[code, hex(bytes)]]);
  });

  it.each<[WrittenOptions, string]>([
    [{ 'ntp-server': '10.0.0.1' }, 'no option has that name; "ntp-servers" is one'],
    [{ constructor: 'x' }, 'no option has that name'],
    [{ 'ntp-servers': 'time.example.net' }, '"time.example.net" is no IPv4 address'],
    [{ 'interface-mtu': 70_000 }, '"70000" is no whole number from 0 to 65535'],
    [{ 'default-ip-ttl': 1.5 }, '"1.5" is no whole number'],
    [{ 'ip-forwarding': 'perhaps' }, 'neither true nor false'],
    [{ 'domain-search': 'a..b' }, '"a..b" is no domain name'],
    [{ 'classless-static-route': '10.1.0.0/33 via 10.0.0.1' }, 'is no route'],
    [{ 224: 7 }, 'say how many bytes the number has'],
    [{ 224: 'hex:0' }, 'no bytes in hexadecimal'],
    [{ 224: '' }, 'it is empty'],
    [{ 224: 'x'.repeat(2000) }, '2000 bytes are more than 1024'],
    [{ 300: 'x' }, 'codes go up to 254'],
    [{ 53: 'x' }, 'the server itself decides'],
    [{ 82: 'x' }, 'the server itself decides'],
    [{ 'ntp-servers': '10.0.0.1', 42: '10.0.0.1' }, 'it is set twice'],
  ])('%j is refused', (list, reason) => {
    expect(() => parseExtraOptions(list)).toThrow(reason);
  });

  it('has a code of its own, which the server leaves to the configuration', () => {
    const codes = Object.values(knownOptions).map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes.filter((code) => ownCodes.has(code))).toEqual([]);
  });
});

function offerOf(changes: Partial<Network>, options: OptionValues = {}) {
  const network = networkOf('10.0.0', [{ first: '10.0.0.10', last: '10.0.0.19' }], changes);
  return replyIn(counter({ network }).ask(message({ messageType: 'discover', ...options })));
}

describe('what a machine hears of its network', () => {
  const extraOptions = parseExtraOptions({ 252: 'http://wpad/wpad.dat', 43: 'hex:0102', 'tftp-server-name': 'phones' });
  const withSearch = new Map([...extraOptions, ...parseExtraOptions({ 'domain-search': 'a.b' })]);
  const routes = [{ destination: '10.1.0.0/16', via: '10.0.0.254' }];

  it('is everything, where it does not say what it wants; but no copy of the routes that only Windows asks for', () => {
    const offer = offerOf({ ntp: ['10.0.0.5'], domain: 'c.d', routes, extraOptions: withSearch });
    expect([...offer.packet.options.keys()]).toEqual([53, 54, 51, 58, 59, 1, 28, 15, 42, 121, 43, 252, 66, 119]);
  });

  it('is what it lists in option 55, and what it cannot do without', () => {
    const dns = ['10.0.0.2'];
    const offer = offerOf(
      { ntp: ['10.0.0.5'], domain: 'c.d', dns, routes, extraOptions },
      { parameterList: [42, 252] },
    );
    expect([...offer.packet.options.keys()]).toEqual([53, 54, 51, 58, 59, 1, 6, 42, 252]);
  });

  it('is its routes with the way to everywhere else, which option 3 no longer says (RFC 3442)', () => {
    const everywhere = { destination: '0.0.0.0/0', via: '10.0.0.254' };
    const offer = offerOf({ routes, router: '10.0.0.254' }, { parameterList: [121, 249] });
    expect(offer.option('routes')).toEqual([...routes, everywhere]);
    expect(offer.option('microsoftRoutes')).toEqual([...routes, everywhere]);
    expect(offer.option('router')).toEqual(['10.0.0.254']);
    expect(
      offerOf({ routes: [{ destination: '0.0.0.0/0', via: '10.0.0.9' }], router: '10.0.0.254' }).option('routes'),
    ).toEqual([{ destination: '0.0.0.0/0', via: '10.0.0.9' }]);
  });

  it('is what the configuration says of an option itself, before what settings say', () => {
    const own = parseExtraOptions({ 'ntp-servers': '10.0.0.9' });
    expect(offerOf({ ntp: ['10.0.0.5'], extraOptions: own }).option('ntp')).toEqual(['10.0.0.9']);
  });

  it('is nothing that would lead its firmware astray', () => {
    const offer = offerOf({ extraOptions }, uefiX64);
    expect(offer.option('vendorOptions')).toEqual(Uint8Array.of(6, 1, 8, 255));
    expect(offer.option('tftpServerName')).toBe('10.0.0.1');
    expect(offer.option('bootFile')).toBe('releases/r1/bootx64.efi');
  });

  it('is what fits: the options of the configuration go first, those of a boot never', () => {
    const crowd = parseExtraOptions({ 224: 'x'.repeat(200), 225: 'y'.repeat(200) });
    const dns = ['10.0.0.2', '10.0.0.3'];
    const { options } = offerOf({ extraOptions: crowd, dns }, { ...uefiX64, maximumMessageSize: 576 }).packet;
    expect([...options.keys()]).toEqual([53, 54, 51, 58, 59, 1, 28, 6, 60, 43, 97, 66, 67]);
  });

  it('comes in pieces where it is longer than one option (RFC 3396)', () => {
    const long = parseExtraOptions({ 224: 'x'.repeat(300) });
    expect(offerOf({ extraOptions: long }, { maximumMessageSize: 1400 }).packet.options.get(224)).toHaveLength(300);
  });
});
