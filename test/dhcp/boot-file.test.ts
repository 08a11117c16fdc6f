import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FirmwareOverrides, Shape } from '../../src/boot/firmware.ts';
import { hasCode } from '../../src/errors.ts';
import { biosOffer, httpOffer, ipxeOffer, offers } from '../packets/dhcp-firmware.ts';
import { ackToOvmf, offerToOvmf, ovmfDiscover, ovmfRequest } from '../packets/dhcp-ovmf.ts';
import { bootCounter, fullServer, machineAt, ours, proxyServer, says } from './boot-counter.ts';
import { mac, message, networkOf, replyIn } from './machine.ts';

const bootFile = 'releases/r1/bootx64.efi';
const discover = message({ messageType: 'discover', ...says.x64 });
const take = { messageType: 'request', requestedAddress: machineAt, serverIdentifier: ours } as const;

describe('OVMF', () => {
  it('gets the very bytes that it booted from', () => {
    const network = networkOf('10.98.0', [{ first: '10.98.0.10', last: '10.98.0.99' }], {
      router: '10.98.0.1',
      dns: ['10.98.0.1'],
      domain: 'example.net',
    });
    const { ask } = bootCounter({ network });
    expect(ask(ovmfDiscover)?.datagram?.bytes).toEqual(offerToOvmf);
    expect(ask(ovmfRequest)?.datagram?.bytes).toEqual(ackToOvmf);
  });
});

describe('an offer, byte for byte', () => {
  it.each(Object.entries(offers))('of the shape "%s" to UEFI x64', (shape, bytes) => {
    const { ask } = bootCounter({ overrides: { 'efi-x64': { shapes: [shape as Shape] } } });
    expect(ask(discover)?.datagram?.bytes).toEqual(bytes);
  });

  it.each([
    ['a BIOS', says.bios, biosOffer],
    ['UEFI HTTP Boot', says.httpX64, httpOffer],
    ['iPXE on UEFI x64', { ...says.x64, userClasses: ['iPXE'] }, ipxeOffer],
  ])('to %s', (_, options, bytes) => {
    expect(bootCounter().ask(message({ messageType: 'discover', ...options }))?.datagram?.bytes).toEqual(bytes);
  });
});

describe('the ACK', () => {
  it.each<Shape>(['direct', 'plain', 'binl', 'menu'])('says what the OFFER said, in the shape "%s"', (shape) => {
    const { ask } = bootCounter({ overrides: { 'efi-x64': { shapes: [shape] } } });
    const offer = replyIn(ask(discover)).packet;
    const ack = replyIn(ask(message({ ...take, ...says.x64 }))).packet;
    const withoutType = (options: ReadonlyMap<number, Uint8Array>) => [...options].filter(([code]) => code !== 53);
    expect(withoutType(ack.options)).toEqual(withoutType(offer.options));
    expect(ack.file).toBe(offer.file);
  });
});

describe('a machine that fetches nothing', () => {
  it('is offered another shape, and the log says so', () => {
    const { ask } = bootCounter();
    const given = [0, 4000, 12_000].map((nowMs) => ask(discover, { nowMs }));
    expect(given.slice(0, 2).map((one) => replyIn(one).option('vendorClass'))).toEqual(['PXEClient', 'PXEClient']);
    expect(replyIn(given[2]).packet).toMatchObject({ file: bootFile, yiaddr: machineAt });
    expect(replyIn(given[2]).option('vendorClass')).toBeUndefined();
    expect(given[2]?.events[0]).toEqual({ step: 'reshaped', mac, from: 'direct', to: 'plain', discovers: 2 });
  });

  it('that never was given a boot file is given the first shape, once there is one', () => {
    const { ask } = bootCounter({ activeId: undefined });
    const given = [0, 4000, 12_000, 28_000].flatMap((nowMs) => ask(discover, { nowMs })?.events ?? []);
    expect(given.some(({ step }) => step === 'reshaped')).toBe(false);
  });

  it('keeps its shape, where it fetches something in between', () => {
    const { ask, shapes } = bootCounter();
    for (let boot = 0; boot < 9; boot += 1) {
      const nowMs = boot * 60_000;
      expect(replyIn(ask(discover, { nowMs })).option('vendorClass')).toBe('PXEClient');
      shapes.transferred(mac, nowMs + 1000);
    }
  });
});

describe('what there is to boot', () => {
  it('is nothing: an address, no PXE option, and a report, once for each DISCOVER', () => {
    const { ask } = bootCounter({ activeId: undefined });
    const given = ask(discover);
    expect(given?.events[0]).toMatchObject({
      step: 'not-answered',
      reason: expect.stringContaining('it gets an address, but no release is active'),
    });
    const { packet } = replyIn(given);
    expect([...packet.options.keys()]).toEqual([53, 54, 51, 58, 59, 1, 28, 3]);
    expect(packet).toMatchObject({ file: '', siaddr: '0.0.0.0', yiaddr: machineAt });
    const ack = ask(message({ ...take, ...says.x64 }));
    expect(ack?.events.map(({ step }) => step)).toEqual(['acknowledged']);
  });

  it.each<[string, string, FirmwareOverrides]>([
    ['a path', 'longer than the 127 bytes', { bios: { file: `loaders/${'x'.repeat(120)}` } }],
    ['a URL', 'longer than the 254 bytes', { bios: { file: `http://a.example.net/${'x'.repeat(240)}` } }],
  ])('has a name that is too long for DHCP: %s', (_, reason, overrides) => {
    const loaders = [`${'x'.repeat(120)}`];
    const given = bootCounter({ overrides, loaders }).ask(message({ messageType: 'discover', ...says.bios }));
    expect(replyIn(given).option('bootFile')).toBeUndefined();
    expect(given?.events[0]).toMatchObject({ step: 'not-answered', reason: expect.stringContaining(reason) });
  });

  it('is pinned by the exchange, at DISCOVER and at REQUEST, under the address that the machine will have', () => {
    const { ask, ledger } = bootCounter();
    ask(discover);
    expect(ledger.takeUnsaved()).toMatchObject([{ mac, addresses: [machineAt], transaction: 7, releaseId: 'r1' }]);
    ask(message({ ...take, ...says.x64 }));
    expect(ledger.takeUnsaved()).toEqual([]);
  });

  it('is told to firmware with a fixed address, too (INFORM)', () => {
    const { ask, ledger } = bootCounter();
    const ack = replyIn(ask(message({ messageType: 'inform', ...says.x64 }, { ciaddr: '10.0.0.77' })));
    expect(ack.packet).toMatchObject({ file: bootFile, yiaddr: '0.0.0.0' });
    expect(ledger.machineAt('10.0.0.77')).toBe(mac);
  });
});

describe('every answer fits', () => {
  const crowded = {
    network: {
      ...fullServer,
      domain: Array.from({ length: 25 }, () => 'example12').join('.'),
      dns: Array.from({ length: 60 }, (_, at) => `10.0.1.${at}`),
    },
    overrides: { 'efi-x64': { file: `loaders/${'x'.repeat(119)}` } },
    loaders: ['x'.repeat(119)],
  } as const;
  const clientIdentifier = new Uint8Array(255).fill(1);
  const offer = (changes: object, counter: Parameters<typeof bootCounter>[0] = crowded) =>
    replyIn(bootCounter(counter).ask(message({ messageType: 'discover', ...says.x64, ...changes })));

  it.each([
    ['1472, as EDK2 does', 1472, 1444],
    ['65280, as EDK2 does in its REQUEST', 65280, 1472],
    ['nothing', undefined, 548],
    ['less than is allowed', 10, 548],
  ])('where option 57 says %s', (_, maximumMessageSize, limitBytes) => {
    const given = offer({ maximumMessageSize, clientIdentifier });
    expect(given.sizeBytes).toBeLessThanOrEqual(limitBytes);
    expect(given.option('bootFile')).toBe(`loaders/${'x'.repeat(119)}`);
    expect(given.option('router')).toEqual([fullServer.router]);
  });

  it('also where a byte more would be too much', () => {
    const sizes = Array.from({ length: 100 }, (_, length) => {
      const network = { ...fullServer, domain: 'x'.repeat(length + 1) };
      return offer({ maximumMessageSize: 576 }, { ...crowded, network }).sizeBytes;
    });
    expect(Math.max(...sizes)).toBe(548);
  });

  it('without option overload', () => {
    expect(offer({ maximumMessageSize: undefined }).packet.options.has(52)).toBe(false);
  });

  it('and keeps everything, where there is room', () => {
    const given = offer({ clientIdentifier });
    expect(given.option('domain')).toBe(crowded.network.domain);
    expect(given.option('dns')).toHaveLength(60);
  });
});

describe('a hostile message', () => {
  const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
  const options = fc
    .array(fc.tuple(fc.constantFrom(43, 50, 53, 54, 57, 60, 61, 77, 93, 94, 97, 175), bytes(40)), { maxLength: 12 })
    .map((pairs) => new Map(pairs));

  it('ends in an answer, in silence or in DHCP_MALFORMED, on either port and in either mode', () => {
    const counters = [bootCounter(), bootCounter({ network: proxyServer })];
    const kinds = fc.constantFrom('PXEClient', 'HTTPClient', 'PXEClient:Arch:00007', 'U-Boot', 'MSFT 5.0');
    fc.assert(
      fc.property(options, kinds, fc.nat(8), fc.nat(1), fc.boolean(), (some, vendorClass, type, at, isBinl) => {
        const text = Uint8Array.from(vendorClass, (letter) => letter.charCodeAt(0));
        const all = new Map([[60, text], [53, Uint8Array.of(type)], ...some]);
        const fields = { ciaddr: machineAt, options: all };
        try {
          const given = counters[at]?.ask(message({}, fields), { port: isBinl ? 'binl' : 'server', from: machineAt });
          if (given?.datagram !== undefined) expect(given.datagram.bytes.length).toBeLessThanOrEqual(1472);
        } catch (error) {
          if (!hasCode(error, 'DHCP_MALFORMED')) throw error;
        }
      }),
      { numRuns: 2000, seed: 1 },
    );
  });
});
