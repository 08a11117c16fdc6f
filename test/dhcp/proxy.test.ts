import { describe, expect, it } from 'vitest';
import type { Shape } from '../../src/boot/firmware.ts';
import { binlAck, binlAckOfPick, proxyOffers } from '../packets/dhcp-firmware.ts';
import { bootCounter, fullServer, machineAt, ours, proxyServer, says, theirs } from './boot-counter.ts';
import { mac, message, replyIn } from './machine.ts';

const bootFile = 'releases/r1/bootx64.efi';
const discover = message({ messageType: 'discover', ...says.x64 });

function proxy(changes: Parameters<typeof bootCounter>[0] = {}) {
  return bootCounter({ network: proxyServer, ...changes });
}

/** The second question, as EDK2 asks it. */
const atBinl = { port: 'binl', from: machineAt } as const;
const placed = { ciaddr: machineAt, broadcast: false };

describe('a proxy', () => {
  it.each(Object.entries(proxyOffers))(
    'offers no address and a boot file, byte for byte: the shape "%s"',
    (shape, bytes) => {
      const { ask } = proxy({ overrides: { 'efi-x64': { shapes: [shape as Shape] } } });
      expect(ask(discover)?.datagram).toEqual({ bytes, to: { address: '255.255.255.255', port: 'client' } });
    },
  );

  it('says nothing of leases and of the network, whatever is asked for', () => {
    const network = { ...proxyServer, dns: ['10.0.0.1'], domain: 'example.net', ntp: ['10.0.0.1'] };
    const parameterList = Array.from({ length: 254 }, (_, at) => at + 1);
    const offer = replyIn(proxy({ network }).ask(message({ messageType: 'discover', parameterList, ...says.x64 })));
    expect([...offer.packet.options.keys()]).toEqual([53, 54, 60, 97, 66, 67]);
  });

  it('gives the client identifier back (RFC 6842)', () => {
    const clientIdentifier = Uint8Array.of(1, 2, 3);
    const offer = replyIn(proxy().ask(message({ messageType: 'discover', ...says.x64, clientIdentifier })));
    expect(offer.option('clientIdentifier')).toEqual(clientIdentifier);
  });

  it.each([
    ['to our own offer', ours],
    ['to the offer of another', theirs],
    ['that names nobody', undefined],
  ])('never acknowledges and never refuses a REQUEST %s on port 67', (_, serverIdentifier) => {
    const { ask } = proxy();
    ask(discover);
    const given = ask(message({ messageType: 'request', requestedAddress: machineAt, serverIdentifier, ...says.x64 }));
    expect(given).toMatchObject({ events: [], mac });
    expect(given?.datagram).toBeUndefined();
  });

  it.each(['decline', 'release', 'inform'] as const)('has no answer to %s on port 67', (messageType) => {
    const given = proxy().ask(message({ messageType, requestedAddress: machineAt, ...says.x64 }, placed));
    expect(given?.datagram).toBeUndefined();
  });

  it('learns from its REQUEST to another server where the machine is, so that its files are those of its release', () => {
    const { ask, ledger } = proxy();
    ask(discover);
    ask(message({ messageType: 'request', requestedAddress: machineAt, serverIdentifier: theirs, ...says.x64 }));
    expect(ledger.machineAt(machineAt)).toBe(mac);
    expect(ledger.releaseOf(machineAt)).toBe('r1');
  });

  it('learns it from the address that a machine renews, too', () => {
    const { ask, ledger } = proxy();
    ask(discover);
    ask(message({ messageType: 'request', ...says.x64 }, placed));
    expect(ledger.machineAt(machineAt)).toBe(mac);
  });

  it.each(['192.0.2.9', ours, '10.0.0.255', '0.0.0.0'])(
    'does not believe that a machine is at %s',
    (requestedAddress) => {
      const { ask, ledger } = proxy();
      ask(discover);
      ask(message({ messageType: 'request', requestedAddress, serverIdentifier: theirs, ...says.x64 }));
      expect(ledger.machineAt(requestedAddress)).toBeUndefined();
    },
  );

  it('is silent where there is nothing to boot, and reports it', () => {
    const given = proxy({ activeId: undefined }).ask(discover);
    expect(given?.datagram).toBeUndefined();
    expect(given?.events).toEqual([
      { step: 'not-answered', mac, reason: expect.stringContaining('no release is active') },
    ]);
  });

  it('tries another shape on a machine that fetches nothing, but never the one without option 60', () => {
    const { ask } = proxy({ overrides: { 'efi-x64': { shapes: ['plain', 'direct', 'menu'] } } });
    const given = Array.from({ length: 8 }, (_, at) => replyIn(ask(discover, { nowMs: at * 5000 })));
    expect(given.map((one) => one.option('vendorClass'))).toEqual(given.map(() => 'PXEClient'));
    const shapes = given.map((one) => one.packet.options.get(43)?.length);
    expect(shapes).toEqual([4, 4, 34, 34, 4, 4, 34, 34]);
  });

  it('whose configuration wants nothing but "plain" does as the table says', () => {
    const { ask } = proxy({ overrides: { 'efi-x64': { shapes: ['plain'] } } });
    expect(replyIn(ask(discover)).option('vendorClass')).toBe('PXEClient');
  });

  it('pins the boot before it offers anything: where another server gives the address, no ACK of ours follows', () => {
    expect(proxy().ask(discover)?.isLasting).toBe(true);
    expect(bootCounter({ network: fullServer }).ask(discover)?.isLasting).toBe(false);
  });

  it('reports an offer without an address', () => {
    expect(proxy().ask(discover)?.events).toMatchObject([{ step: 'offered', mac, address: '0.0.0.0', bootFile }]);
  });
});

describe.each([
  ['a proxy', proxyServer],
  ['the full server', fullServer],
])('port 4011 of %s', (_, network) => {
  const overrides = { 'efi-x64': { shapes: ['menu'] } } as const;

  it('answers a REQUEST with an ACK that names the boot file, to the address that asked', () => {
    const { ask } = bootCounter({ network, overrides });
    const given = ask(message({ messageType: 'request', ...says.x64 }, placed), atBinl);
    expect(given?.datagram).toEqual({ bytes: binlAck, to: { address: machineAt, port: 'asker' } });
    expect(given?.isLasting).toBe(true);
  });

  it.each(['inform', 'discover'] as const)('answers %s so, too', (messageType) => {
    const { ask } = bootCounter({ network, overrides });
    const ack = ask(message({ messageType, ...says.x64 }, placed), atBinl);
    expect(ack?.datagram?.bytes).toEqual(binlAck);
  });

  it.each(['decline', 'release', 'offer', 'ack', 'nak'] as const)('has no answer to %s', (messageType) => {
    const { ask } = bootCounter({ network, overrides });
    const given = ask(message({ messageType, ...says.x64 }, placed), atBinl);
    expect(given?.datagram).toBeUndefined();
  });

  it('gives the pick from a boot menu back (43.71)', () => {
    const { ask } = bootCounter({ network, overrides });
    const vendorOptions = Uint8Array.of(71, 4, 0x80, 0, 0, 0, 255);
    const ack = ask(message({ messageType: 'request', ...says.x64, vendorOptions }, placed), atBinl);
    expect(ack?.datagram?.bytes).toEqual(binlAckOfPick);
  });

  it.each([
    ['is cut off', Uint8Array.of(71, 4, 0x80)],
    ['has another length', Uint8Array.of(71, 2, 0x80, 0, 255)],
    ['comes behind the end', Uint8Array.of(255, 71, 4, 0x80, 0, 0, 0)],
    ['is no pick', Uint8Array.of(0, 1, 4, 0, 0, 0, 0)],
  ])('names the boot file all the same, where the pick %s', (_what, vendorOptions) => {
    const { ask } = bootCounter({ network, overrides });
    const ack = ask(message({ messageType: 'request', ...says.x64, vendorOptions }, placed), atBinl);
    expect(ack?.datagram?.bytes).toEqual(binlAck);
  });

  it('answers BIOS, iPXE, ia32 and HTTP Boot as well', () => {
    const { ask } = bootCounter({ network });
    const files = [says.bios, { ...says.bios, userClasses: ['iPXE'] }, says.ia32, says.httpX64].map(
      (options) => replyIn(ask(message({ messageType: 'request', ...options }, placed), atBinl)).packet.file,
    );
    expect(files).toEqual([
      'loaders/grub-bios.0',
      'loaders/grub-bios.0',
      'loaders/grubia32.efi',
      `http://${ours}/loaders/grubx64.efi`,
    ]);
  });

  it('gives an empty machine identifier back, and none to who sent none', () => {
    const { ask } = bootCounter({ network });
    const given = (machineIdentifier: Uint8Array | undefined) =>
      replyIn(
        ask(message({ messageType: 'request', ...says.x64, machineIdentifier }, placed), atBinl),
      ).packet.options.get(97);
    expect(given(new Uint8Array())).toEqual(new Uint8Array());
    expect(given(undefined)).toBeUndefined();
  });

  it('pins the release to the address that asks, whatever xid the second question has', () => {
    const { ask, ledger } = bootCounter({ network });
    ask(discover);
    ask(message({ messageType: 'request', ...says.x64 }, { ...placed, xid: 4711 }), atBinl);
    expect(ledger.releaseOf(machineAt)).toBe('r1');
  });

  it('is no DISCOVER that was in vain', () => {
    const { ask } = bootCounter({ network, overrides: {} });
    const events = Array.from({ length: 9 }, (_each, at) =>
      ask(message({ messageType: 'discover', ...says.x64 }, placed), { ...atBinl, nowMs: at * 5000 }),
    ).flatMap((given) => given?.events ?? []);
    expect(events.some(({ step }) => step === 'reshaped')).toBe(false);
  });

  it('has no answer for an operating system', () => {
    const given = bootCounter({ network }).ask(
      message({ messageType: 'inform', vendorClass: 'MSFT 5.0' }, placed),
      atBinl,
    );
    expect(given?.datagram).toBeUndefined();
  });
});
