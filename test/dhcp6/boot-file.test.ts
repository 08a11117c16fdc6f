import { describe, expect, it } from 'vitest';
import { optionTable, readOption } from '../../src/dhcp6/options.ts';
import { decodeMessage, type Options } from '../../src/dhcp6/packet.ts';
import { readFirmware } from '../../src/dhcp6/read-firmware.ts';
import {
  ipxeRequest,
  ipxeSolicit,
  ovmfConfigRelease,
  ovmfConfigSolicit,
  ovmfHttpSolicit,
  ovmfMac,
  ovmfRelease,
  ovmfRequest,
  ovmfSolicit,
  ovmfSource,
} from '../packets/dhcp6-ovmf.ts';
import {
  addressIn,
  counter,
  duidLL,
  given,
  heard,
  httpX64,
  ipxeX64,
  message,
  options,
  serverDuid,
  uefiX64,
  wants,
} from './machine.ts';

const id = options({ clientId: duidLL('52:54:00:00:00:0a') });
const toUs = options({ serverId: serverDuid });
const requests = options({ optionRequest: [23, 24, 56, 59] });
const pxeUrl = 'tftp://[fd00::1]/releases/r1/bootx64.efi';

describe('firmware', () => {
  it.each<[string, Options, object]>([
    ['UEFI PXE', uefiX64, { firmware: 'efi-x64', kind: 'pxe' }],
    ['UEFI HTTP Boot', httpX64, { firmware: 'http-x64', kind: 'http' }],
    ['iPXE', ipxeX64, { firmware: 'ipxe-x64', kind: 'ipxe' }],
    ['an architecture alone', options({ architectures: [11] }), { firmware: 'efi-arm64', kind: 'pxe' }],
    ['the second of two architectures', options({ architectures: [999, 7] }), { firmware: 'efi-x64', kind: 'pxe' }],
    [
      'a vendor class alone',
      options({ vendorClass: { enterprise: 343, classes: ['PXEClient:Arch:00009:UNDI:003001'] } }),
      { firmware: 'efi-x64', kind: 'pxe', architecture: 9 },
    ],
    [
      'HTTP Boot with the number of PXE',
      options({ architectures: [7], vendorClass: { enterprise: 343, classes: ['HTTPClient'] } }),
      { firmware: 'http-x64', kind: 'http' },
    ],
    ['an unknown architecture', options({ architectures: [4711] }), { firmware: undefined, architecture: 4711 }],
  ])('is told by %s', (_, asked, expected) => {
    expect(readFirmware(asked)).toMatchObject(expected);
  });

  it('is nobody else, whatever their vendor class', () => {
    expect(readFirmware(options({ vendorClass: { enterprise: 311, classes: ['MSFT 5.0'] } }))).toBeUndefined();
    expect(readFirmware(requests)).toBeUndefined();
  });
});

describe('the boot file', () => {
  it('is a URL, and the vendor class stays away: with it, EDK2 would ask at port 4011', () => {
    const { hear } = counter();
    for (const bytes of [message('solicit', id, wants(1), uefiX64), message('request', id, toUs, wants(1), uefiX64)]) {
      const answer = hear(bytes);
      expect(readOption(answer.options, 'bootFileUrl')).toBe(pxeUrl);
      expect(readOption(answer.options, 'vendorClass')).toBeUndefined();
    }
  });

  it('of HTTP Boot comes with the vendor class and the port, and is not the last option', () => {
    const { hear } = counter({ bootFor: () => ({ releaseId: 'r1', bootFile: 'loaders/grubx64.efi', by: 'http' }) });
    const answer = hear(message('solicit', id, wants(1), httpX64));
    expect(readOption(answer.options, 'bootFileUrl')).toBe('http://[fd00::1]:8080/loaders/grubx64.efi');
    expect(readOption(answer.options, 'vendorClass')).toEqual(readOption(httpX64, 'vendorClass'));
    expect(answer.options.at(-1)?.code).toBe(optionTable.serverId.code);
  });

  it('of whoever sends a vendor class of 50 KiB comes without it: our answers are no larger than what firmware takes', () => {
    const { hear } = counter({ bootFor: () => ({ releaseId: 'r1', bootFile: 'loaders/grubx64.efi', by: 'http' }) });
    const classes = [`HTTPClient:Arch:00016:UNDI:003000${'x'.repeat(50_000)}`];
    const huge = options({ architectures: [16], vendorClass: { enterprise: 343, classes } });
    const answer = hear(message('solicit', id, wants(1), huge));
    expect(readOption(answer.options, 'bootFileUrl')).toBe('http://[fd00::1]:8080/loaders/grubx64.efi');
    expect(readOption(answer.options, 'vendorClass')).toBeUndefined();
  });

  it.each([
    ['http://boot.example.net/x.efi', 'tftp', 'http://boot.example.net/x.efi'],
    ['releases/a b/x.efi', 'tftp', 'tftp://[fd00::1]/releases/a%20b/x.efi'],
    ['loaders/x.efi', 'http', 'http://[fd00::1]/loaders/x.efi'],
  ] as const)('%s by %s is %s', (bootFile, by, url) => {
    const { hear } = counter({ network: { httpPort: 80 }, bootFor: () => ({ releaseId: 'r1', bootFile, by }) });
    expect(readOption(hear(message('solicit', id, wants(1), uefiX64)).options, 'bootFileUrl')).toBe(url);
  });

  it('is one decision for all messages of a boot', () => {
    const { hear, asked } = counter();
    hear(message('solicit', id, wants(77), uefiX64));
    hear(message('request', id, toUs, wants(77), uefiX64));
    const address = expect.stringMatching(/^fd00::1/);
    const decision = { mac: '52:54:00:00:00:0a', transaction: 77, firmware: 'efi-x64', address };
    expect(asked).toMatchObject([decision, decision]);
  });

  it('makes machines take us without waiting for others; nothing else does', () => {
    const { hear } = counter();
    expect(readOption(hear(message('solicit', id, wants(1), uefiX64)).options, 'preference')).toBe(255);
    expect(readOption(hear(message('solicit', id, wants(1))).options, 'preference')).toBeUndefined();
  });

  it('that is not there is said once, and the address is given all the same', () => {
    const { ask } = counter({ bootFor: () => ({ reason: 'no release is active' }) });
    const solicited = ask(message('solicit', id, wants(1), uefiX64));
    const mac = '52:54:00:00:00:0a';
    const vendorClass = 'PXEClient:Arch:00007:UNDI:003001';
    expect(solicited?.events).toEqual([
      { step: 'not-answered', mac, reason: 'it gets an address, but no release is active' },
      { step: 'offered', mac, address: addressIn(heard(solicited)), vendorClass },
    ]);
    const given = ask(message('request', id, toUs, wants(1), uefiX64));
    expect(given?.events.map(({ step }) => step)).toEqual(['acknowledged']);
    expect(readOption(heard(given).options, 'bootFileUrl')).toBeUndefined();
  });

  it('is not told where there is no address left', () => {
    const { ask, asked } = counter({ network: { ranges: [{ first: 'fd00::1', last: 'fd00::1' }] } });
    const solicited = ask(message('solicit', id, wants(1), uefiX64));
    expect(readOption(heard(solicited).options, 'bootFileUrl')).toBeUndefined();
    expect(solicited?.events.map(({ step }) => step)).toEqual(['not-answered']);
    expect(asked).toEqual([]);
  });

  it('is told to firmware that needs no address, and to nobody who is no firmware', () => {
    const { ask, hear } = counter();
    const answer = ask(message('information-request', id, requests, uefiX64));
    expect(readOption(heard(answer).options, 'bootFileUrl')).toBe(pxeUrl);
    expect(answer?.events).toMatchObject([{ step: 'acknowledged', address: '0.0.0.0', bootFile: pxeUrl }]);
    const anonymous = hear(message('information-request', requests));
    expect(readOption(anonymous.options, 'bootFileUrl')).toBeUndefined();
    expect(readOption(anonymous.options, 'dns')).toEqual(['fd00::53']);
    expect(readOption(anonymous.options, 'clientId')).toBeUndefined();
  });
});

describe('the network', () => {
  it('is told as far as it is asked for, and what was configured by code always', () => {
    const { hear } = counter({ network: { extraOptions: [{ code: 65_001, bytes: Uint8Array.of(1) }] } });
    const all = hear(message('solicit', id, wants(1), requests)).options;
    expect(readOption(all, 'dns')).toEqual(['fd00::53']);
    expect(readOption(all, 'domains')).toEqual(['example.net']);
    expect(readOption(all, 'ntp')).toEqual(['fd00::7b']);
    const some = hear(message('solicit', id, wants(1), options({ optionRequest: [24] }))).options;
    expect(some.map(({ code }) => code)).toEqual([3, 24, 65_001, 1, 2]);
  });
});

describe('OVMF, and iPXE that it loads', () => {
  it('have one address for all that asks on this machine', () => {
    const { hear, ask, leases } = counter({ network: { httpPort: 80 } });
    const address = addressIn(hear(ovmfConfigSolicit, ovmfSource));
    const solicited = ask(ovmfSolicit, ovmfSource);
    expect(solicited?.events).toMatchObject([{ step: 'offered', mac: ovmfMac, address, bootFile: pxeUrl }]);
    const requested = ask(ovmfRequest, ovmfSource);
    expect(given(heard(requested))).toMatchObject([{ iaid: 0xf7c6d67f }]);
    const held = addressIn(heard(requested));
    // The stack of the firmware gives back what is not its own any more; then PXE does, and iPXE goes on.
    expect(ask(ovmfConfigRelease, ovmfSource)?.events).toEqual([]);
    expect(leases.leases()).toMatchObject([{ address: held, mac: ovmfMac, state: 'bound' }]);
    ask(ovmfRelease, ovmfSource);
    expect(readOption(hear(ipxeSolicit, ovmfSource).options, 'bootFileUrl')).toBe(pxeUrl);
    expect(addressIn(hear(ipxeRequest, ovmfSource))).toBe(held);
  });

  it('by HTTP Boot gets a URL and its vendor class', () => {
    const { hear } = counter({ bootFor: () => ({ releaseId: 'r1', bootFile: 'a.efi', by: 'http' }) });
    const { options: answer } = hear(ovmfHttpSolicit, ovmfSource);
    expect(readOption(answer, 'bootFileUrl')).toBe('http://[fd00::1]:8080/a.efi');
    expect(readOption(answer, 'vendorClass')?.classes).toEqual(['HTTPClient:Arch:00016:UNDI:003000']);
  });

  it('are what they say to be', () => {
    const kinds = [ovmfConfigSolicit, ovmfSolicit, ovmfHttpSolicit, ipxeSolicit].map(
      (bytes) => readFirmware(decodeMessage(bytes).options)?.firmware,
    );
    expect(kinds).toEqual([undefined, 'efi-x64', 'http-x64', 'ipxe-x64']);
  });
});
