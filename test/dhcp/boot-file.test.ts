import { describe, expect, it } from 'vitest';
import type { BootRequest } from '../../src/boot/plan.ts';
import { LeaseTable } from '../../src/dhcp/lease-table.ts';
import type { OptionValues } from '../../src/dhcp/options.ts';
import { readPool } from '../../src/dhcp/pool.ts';
import { ackToOvmf, offerToOvmf, ovmfDiscover, ovmfRequest } from '../packets/dhcp-ovmf.ts';
import { counter, mac, message, network, replyIn, uefiX64 } from './machine.ts';

const bootFile = 'releases/r1/bootx64.efi';
const longDomain = Array.from({ length: 25 }, () => 'example12').join('.');

function offerTo(firmware: OptionValues, changes: Parameters<typeof counter>[0] = {}) {
  return replyIn(counter(changes).ask(message({ messageType: 'discover', ...firmware })));
}

describe('OVMF', () => {
  it('gets the very bytes that it booted from', () => {
    const standpoint = { address: '10.98.0.1', netmask: '255.255.255.0' };
    const { ask } = counter({
      network: { ...standpoint, leaseSeconds: 600, router: '10.98.0.1', dns: ['10.98.0.1'], domain: 'example.net' },
      leases: new LeaseTable(readPool({ first: '10.98.0.10', last: '10.98.0.99' }, standpoint)),
    });
    expect(ask(ovmfDiscover)?.datagram?.bytes).toEqual(offerToOvmf);
    expect(ask(ovmfRequest)?.datagram?.bytes).toEqual(ackToOvmf);
  });
});

describe('UEFI x64 firmware', () => {
  it('gets options 60 and 43 (6 = 8) together, so that it boots from the file and asks nobody at port 4011', () => {
    const offer = offerTo(uefiX64);
    expect(offer.option('vendorClass')).toBe('PXEClient');
    expect(offer.option('vendorOptions')).toEqual(Uint8Array.of(6, 1, 8, 255));
  });

  it('finds the boot file wherever it looks: file, option 67, siaddr, option 66', () => {
    const offer = offerTo(uefiX64);
    expect(offer.packet.file).toBe(bootFile);
    expect(offer.option('bootFile')).toBe(bootFile);
    expect(offer.packet.siaddr).toBe(network.address);
    expect(offer.option('tftpServerName')).toBe(network.address);
    expect(offer.option('serverIdentifier')).toBe(network.address);
  });

  it('gets 66 and 67 with a NUL inside, and nothing that matters behind 67', () => {
    const { packet } = offerTo(uefiX64);
    expect(packet.options.get(66)?.at(-1)).toBe(0);
    expect(packet.options.get(67)?.at(-1)).toBe(0);
    expect([...packet.options.keys()].at(-1)).toBe(67);
  });

  it.each([
    ['17 bytes', Uint8Array.from({ length: 17 }, (_, at) => at)],
    ['0 bytes', new Uint8Array()],
    ['none', undefined],
  ])('gets its machine identifier of %s back', (_, machineIdentifier) => {
    expect(offerTo({ ...uefiX64, machineIdentifier }).option('machineIdentifier')).toEqual(machineIdentifier);
  });

  it('gets the same from the ACK as from the OFFER', () => {
    const { ask } = counter();
    const offer = replyIn(ask(message({ messageType: 'discover', ...uefiX64 })));
    const take = { messageType: 'request', requestedAddress: '10.0.0.10', serverIdentifier: network.address } as const;
    const ack = replyIn(ask(message({ ...take, ...uefiX64 })));
    const withoutType = (options: ReadonlyMap<number, Uint8Array>) => [...options].filter(([code]) => code !== 53);
    expect(withoutType(ack.packet.options)).toEqual(withoutType(offer.packet.options));
    expect(ack.packet.file).toBe(offer.packet.file);
  });

  it.each([
    ['9 instead of 7', [9]],
    ['a list with 7 in it', [6, 7]],
  ])('is known by %s in option 93', (_, architectures) => {
    expect(offerTo({ ...uefiX64, architectures }).packet.file).toBe(bootFile);
  });

  it('is known by its vendor class, where option 93 is missing', () => {
    expect(offerTo({ vendorClass: 'PXEClient:Arch:00007:UNDI:003016' }).packet.file).toBe(bootFile);
  });

  it('gets an address, no PXE option and a report, where there is nothing to boot', () => {
    const given = counter({ bootFor: () => undefined }).ask(message({ messageType: 'discover', ...uefiX64 }));
    const offer = replyIn(given);
    expect(given?.events[0]).toMatchObject({
      step: 'not-answered',
      reason: expect.stringContaining('no release is active that boots UEFI x64'),
    });
    expect([...offer.packet.options.keys()]).toEqual([53, 54, 51, 58, 59, 1, 28, 3, 6, 15]);
    expect(offer.packet).toMatchObject({ file: '', siaddr: '0.0.0.0', yiaddr: '10.0.0.10' });
  });

  it('gets an address and a report, where the path of the boot file is too long', () => {
    const given = counter({ bootFor: () => ({ releaseId: 'r', bootFile: 'x'.repeat(128) }) }).ask(
      message({ messageType: 'discover', ...uefiX64 }),
    );
    expect(replyIn(given).option('bootFile')).toBeUndefined();
    expect(given?.events).toMatchObject([{ step: 'not-answered', reason: expect.stringContaining('too long') }, {}]);
  });

  it('is described to the plan of boots in full, at DISCOVER and at REQUEST', () => {
    const asked: BootRequest[] = [];
    const { ask } = counter({
      bootFor: (request) => {
        asked.push(request);
        return undefined;
      },
    });
    ask(message({ messageType: 'discover', ...uefiX64 }, { xid: 77 }));
    ask(
      message(
        { messageType: 'request', requestedAddress: '10.0.0.10', ...uefiX64, serverIdentifier: '10.0.0.1' },
        { xid: 77 },
      ),
    );
    const vendorClass = 'PXEClient:Arch:00007:UNDI:003016';
    const expected = { mac, transaction: 77, architecture: 7, vendorClass, address: '10.0.0.10' };
    expect(asked).toEqual([expected, expected]);
  });
});

describe('other firmware gets an address, and a report that names it', () => {
  it.each<[string, OptionValues]>([
    ['BIOS (0 in option 93)', { architectures: [0], vendorClass: 'PXEClient:Arch:00000:UNDI:002001' }],
    ['UEFI arm64 (11 in option 93)', { architectures: [11], vendorClass: 'PXEClient:Arch:00011:UNDI:003016' }],
    [
      'UEFI x64 with HTTP Boot (16 in option 93)',
      { architectures: [16], vendorClass: 'HTTPClient:Arch:00016:UNDI:003016' },
    ],
    ['an unknown architecture (4242 in option 93)', { architectures: [4242], vendorClass: 'PXEClient' }],
    ['an architecture that it does not name', { vendorClass: 'PXEClient' }],
  ])('%s', (name, firmware) => {
    const given = counter().ask(message({ messageType: 'discover', ...firmware }));
    const offer = replyIn(given);
    expect(offer.packet).toMatchObject({ yiaddr: '10.0.0.10', file: '', siaddr: '0.0.0.0' });
    expect(offer.option('vendorClass')).toBeUndefined();
    expect(given?.events).toEqual([
      { step: 'not-answered', mac, reason: expect.stringContaining(`no boot file for ${name}`) },
      { step: 'offered', mac, address: '10.0.0.10', vendorClass: firmware.vendorClass },
    ]);
  });
});

describe('every answer fits', () => {
  const crowded = {
    network: {
      ...network,
      domain: longDomain,
      dns: Array.from({ length: 60 }, (_, at) => `10.0.1.${at}`),
    },
    bootFor: () => ({ releaseId: 'r', bootFile: 'x'.repeat(127) }),
  };
  const clientIdentifier = new Uint8Array(255).fill(1);

  it.each([
    ['1472, as EDK2 does', 1472, 1444],
    ['65280, as EDK2 does in its REQUEST', 65280, 1472],
    ['nothing', undefined, 548],
    ['less than is allowed', 10, 548],
  ])('where option 57 says %s', (_, maximumMessageSize, limitBytes) => {
    const offer = offerTo({ ...uefiX64, maximumMessageSize, clientIdentifier }, crowded);
    expect(offer.sizeBytes).toBeLessThanOrEqual(limitBytes);
    expect(offer.option('bootFile')).toBe('x'.repeat(127));
    expect(offer.option('router')).toEqual([network.router]);
  });

  it('also where a byte more would be too much', () => {
    const sizes = Array.from({ length: 100 }, (_, length) => {
      const domain = 'x'.repeat(length);
      return offerTo({ ...uefiX64, maximumMessageSize: 576 }, { ...crowded, network: { ...network, domain } })
        .sizeBytes;
    });
    expect(Math.max(...sizes)).toBe(548);
  });

  it('without option overload', () => {
    expect(offerTo({ ...uefiX64, maximumMessageSize: undefined }, crowded).packet.options.has(52)).toBe(false);
  });

  it('and keeps everything, where there is room', () => {
    const offer = offerTo({ ...uefiX64, clientIdentifier }, crowded);
    expect(offer.option('domain')).toBe(longDomain);
    expect(offer.option('dns')).toHaveLength(60);
  });
});
