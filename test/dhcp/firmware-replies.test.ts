import { describe, expect, it } from 'vitest';
import type { FirmwareOverrides, Shape } from '../../src/boot/firmware.ts';
import type { OptionValues } from '../../src/dhcp/options.ts';
import { bootCounter, fullServer, machineAt, ours, proxyServer, pxe, says, theirs } from './boot-counter.ts';
import { mac, message, replyIn } from './machine.ts';

// What each kind of firmware asks for and must hear back, with the source of each that says so.

const firmware = { x64: 'releases/r1/bootx64.efi', arm64: 'releases/arm/bootaa64.efi' };

function offered(options: OptionValues, counter = bootCounter(), fields: Parameters<typeof message>[1] = {}) {
  return replyIn(counter.ask(message({ messageType: 'discover', ...options }, fields)));
}

/** A counter on which UEFI x64 gets this shape, and no other. */
function shaped(shape: Shape, network = fullServer) {
  const overrides: FirmwareOverrides = { 'efi-x64': { shapes: [shape] } };
  return bootCounter({ network, overrides });
}

const askAtBinl = (options: OptionValues = {}) =>
  message(
    { messageType: 'request', ...says.x64, ...options },
    {
      ciaddr: machineAt,
      xid: 4711,
      broadcast: false,
    },
  );

describe('EDK2, NetworkPkg/UefiPxeBcDxe/PxeBcDhcp4.c', () => {
  it('gets option 60 and option 43 with 6 = 8, and boots from the file named, without port 4011', () => {
    const offer = offered(says.x64);
    expect(offer.option('vendorClass')).toBe('PXEClient');
    expect(offer.option('vendorOptions')).toEqual(Uint8Array.of(6, 1, 8, 255));
  });

  it.each<[Shape, boolean, boolean]>([
    ['direct', true, true],
    ['plain', false, false],
    ['menu', true, true],
  ])('never gets 43 without 60, or 60 alone, in the shape %s', (shape, has60, has43) => {
    const { packet } = offered(says.x64, shaped(shape));
    expect([packet.options.has(60), packet.options.has(43)]).toEqual([has60, has43]);
  });

  it('gets an answer on port 4011 where 60 stands alone (BINL)', () => {
    const counter = shaped('binl');
    const { packet } = offered(says.x64, counter);
    expect([packet.options.has(60), packet.options.has(43)]).toEqual([true, false]);
    const ack = replyIn(counter.ask(askAtBinl(), { port: 'binl', from: machineAt }));
    expect(ack.option('messageType')).toBe('ack');
    expect(ack.option('bootFile')).toBe(firmware.x64);
    expect([ack.to, ack.port]).toEqual([machineAt, 'asker']);
  });

  it('gets an address and the names alone in the shape "plain", as from a server that knows no PXE', () => {
    const offer = offered(says.x64, shaped('plain'));
    expect(offer.packet).toMatchObject({ yiaddr: machineAt, siaddr: ours, file: firmware.x64 });
    expect(offer.option('bootFile')).toBe(firmware.x64);
  });

  it('gets a yiaddr of 0.0.0.0 from a proxy and nobody else', () => {
    expect(offered(says.x64, bootCounter({ network: proxyServer })).packet.yiaddr).toBe('0.0.0.0');
    expect(offered(says.x64).packet.yiaddr).toBe(machineAt);
  });

  it('is asked for port 4011 by a proxy first: until 2017 it threw offers of proxies with option 43 away', () => {
    const { packet } = offered(says.x64, bootCounter({ network: proxyServer }));
    expect([packet.options.has(60), packet.options.has(43)]).toEqual([true, false]);
  });

  it('finds us in 43.8, in siaddr and in option 54, in that order, and all say the same', () => {
    const menu = offered(says.x64, shaped('menu'));
    expect(menu.option('vendorOptions')?.join(',')).toContain(`8,7,128,0,1,${ours.replaceAll('.', ',')}`);
    expect(menu.packet.siaddr).toBe(ours);
    expect(menu.option('serverIdentifier')).toBe(ours);
  });

  it('may write a NUL behind 67: one is inside, and nothing comes after', () => {
    const { packet } = offered(says.x64);
    expect([packet.options.get(66)?.at(-1), packet.options.get(67)?.at(-1)]).toEqual([0, 0]);
    expect([...packet.options.keys()].at(-1)).toBe(67);
  });

  it.each([
    ['17 bytes', Uint8Array.from({ length: 17 }, (_, at) => at)],
    ['0 bytes', new Uint8Array()],
    ['none', undefined],
  ])('gets its machine identifier (97) of %s back', (_, machineIdentifier) => {
    expect(offered({ ...says.x64, machineIdentifier }).option('machineIdentifier')).toEqual(machineIdentifier);
  });

  it('gets no more than 1472 bytes, and never an overload of `file` (52)', () => {
    const dns = Array.from({ length: 60 }, (_, at) => `10.0.1.${at}`);
    const network = { ...fullServer, dns, domain: 'example.net'.repeat(20) };
    const offer = offered({ ...says.x64, maximumMessageSize: 65280 }, bootCounter({ network }));
    expect(offer.sizeBytes).toBeLessThanOrEqual(1472);
    expect(offer.packet.options.has(52)).toBe(false);
    expect(offer.packet.file).toBe(firmware.x64);
  });

  it('takes the only entry of a boot menu without waiting, and hears its pick (43.71) again', () => {
    const counter = shaped('menu');
    const menu = offered(says.x64, counter);
    const title = [...'Bootwright'].map((letter) => letter.charCodeAt(0));
    expect([...(menu.option('vendorOptions') ?? [])]).toEqual([
      ...[6, 1, 3],
      ...[8, 7, 0x80, 0, 1, 10, 0, 0, 1],
      ...[10, 4, 0, 0x50, 0x58, 0x45],
      ...[9, 13, 0x80, 0, 10, ...title],
      255,
    ]);
    const pick = Uint8Array.of(71, 4, 0x80, 0, 0, 0);
    const ack = replyIn(counter.ask(askAtBinl({ vendorOptions: Uint8Array.of(...pick, 255) }), { port: 'binl' }));
    expect(ack.option('vendorOptions')).toEqual(Uint8Array.of(...pick, 255));
    expect(ack.option('bootFile')).toBe(firmware.x64);
  });
});

describe('UEFI HTTP Boot, EDK2 NetworkPkg/HttpBootDxe/HttpBootDhcp4.c', () => {
  it('gets option 60 HTTPClient back, and an absolute URL in `file` and 67', () => {
    const offer = offered(says.httpX64);
    const url = `http://${ours}/loaders/grubx64.efi`;
    expect(offer.option('vendorClass')).toBe('HTTPClient');
    expect(offer.packet.file).toBe(url);
    expect(offer.option('bootFile')).toBe(url);
    expect(offer.packet.options.has(43)).toBe(false);
  });

  it('gets the port in the URL, where it is not 80', () => {
    const network = { ...fullServer, httpPort: 8080 };
    expect(offered(says.httpX64, bootCounter({ network })).packet.file).toBe(`http://${ours}:8080/loaders/grubx64.efi`);
  });

  it('reads a URL that is too long for `file` in option 67', () => {
    const file = `http://mirror.example.net/${'x'.repeat(120)}.efi`;
    const given = bootCounter({ overrides: { 'http-x64': { file } } }).ask(
      message({ messageType: 'discover', ...says.httpX64 }),
    );
    expect(replyIn(given).packet.file).toBe('');
    expect(replyIn(given).option('bootFile')).toBe(file);
    expect(given?.events).toMatchObject([{ step: 'offered', bootFile: file }]);
  });

  it('gets its file from a proxy as well', () => {
    const offer = offered(says.httpX64, bootCounter({ network: proxyServer }));
    expect(offer.packet).toMatchObject({ yiaddr: '0.0.0.0', file: `http://${ours}/loaders/grubx64.efi` });
    expect(offer.option('vendorClass')).toBe('HTTPClient');
  });
});

describe('iPXE, src/net/udp/dhcp.c', () => {
  const uefi = { ...says.x64, ipxe: Uint8Array.of(177, 5, 1, 0x80, 0x86, 0x10, 0x0e) };
  const raw = new Map([[77, Uint8Array.from([...'iPXE'].map((letter) => letter.charCodeAt(0)))]]);

  it.each<[string, OptionValues, Map<number, Uint8Array>, string]>([
    ['its name raw in option 77', says.bios, raw, 'loaders/grub-bios.0'],
    [
      'its name in option 77 as RFC 3004 has it',
      { ...says.bios, userClasses: ['iPXE'] },
      new Map(),
      'loaders/grub-bios.0',
    ],
    ['option 175 alone', uefi, new Map(), `http://${ours}/loaders/grubx64.efi`],
  ])('is known by %s, and gets the final file and never itself', (_, options, more, file) => {
    const overrides: FirmwareOverrides = {
      bios: { file: 'loaders/ipxe.efi' },
      'efi-x64': { file: 'loaders/ipxe.efi' },
    };
    const { ask } = bootCounter({ overrides });
    const { packet } = replyIn(ask(withBytes({ messageType: 'discover', ...options }, more)));
    expect(packet.file).toBe(file);
  });

  it('does not wait two seconds for a proxy (175.176), where we give the address', () => {
    expect(offered(uefi).option('ipxe')).toEqual(Uint8Array.of(176, 1, 1));
    expect(offered(uefi, bootCounter({ network: proxyServer })).option('ipxe')).toBeUndefined();
  });

  it("gets the release's own loader, where no GRUB could be made", () => {
    expect(offered(uefi, bootCounter({ loaders: [] })).packet.file).toBe(`http://${ours}/${firmware.x64}`);
  });

  it('asks at port 4011 from port 68, and hears siaddr and file there', () => {
    const { ask } = bootCounter({ network: proxyServer });
    const request = message({ messageType: 'request', ...uefi }, { ciaddr: machineAt });
    const ack = replyIn(ask(request, { port: 'binl', from: machineAt }));
    expect(ack.packet).toMatchObject({ siaddr: ours, file: `http://${ours}/loaders/grubx64.efi`, yiaddr: '0.0.0.0' });
    expect(ack.option('vendorClass')).toBe('PXEClient');
  });
});

describe('architectures, RFC 4578 §2.1 and IANA', () => {
  it.each([
    [0, 'loaders/grub-bios.0'],
    [6, 'loaders/grubia32.efi'],
    [7, firmware.x64],
    [9, firmware.x64],
  ])('%i gets %s', (architecture, file) => {
    expect(offered(pxe(architecture)).packet.file).toBe(file);
  });

  it.each([
    [15, 'loaders/grubia32.efi'],
    [16, 'loaders/grubx64.efi'],
  ])('%i with HTTP Boot gets %s', (architecture, file) => {
    const vendorClass = `HTTPClient:Arch:000${architecture}:UNDI:003016`;
    expect(offered({ ...pxe(architecture), vendorClass }).packet.file).toBe(`http://${ours}/${file}`);
  });

  it.each([11, 22])('%i gets the loader of an arm64 release', (architecture) => {
    expect(offered(pxe(architecture), bootCounter({ activeId: 'arm' })).packet.file).toBe(firmware.arm64);
  });

  it('19 with HTTP Boot gets a GRUB for arm64', () => {
    const options = { ...pxe(19), vendorClass: 'HTTPClient:Arch:00019:UNDI:003016' };
    const offer = offered(options, bootCounter({ activeId: 'arm' }));
    expect(offer.packet.file).toBe(`http://${ours}/loaders/grubaa64.efi`);
  });

  it.each([
    ['the vendor class, where option 93 is missing', { vendorClass: 'PXEClient:Arch:00007:UNDI:003016' }],
    ['a list with 7 in it', { ...says.x64, architectures: [6, 7] }],
  ])('UEFI x64 is known by %s', (_, options) => {
    expect(offered(options).packet.file).toBe(firmware.x64);
  });

  it.each<[string, OptionValues]>([
    ['the release r1 is for x64, and this is UEFI arm64', pxe(11)],
    ['there are no releases for UEFI arm32 yet', pxe(10)],
    ['there are no releases for UEFI RISC-V 64 yet', pxe(27)],
    ['there is no boot file for an unknown architecture (4242), "PXEClient:Arch:04242:UNDI:003016"', pxe(4242)],
    ['there is no boot file for Itanium (2)', pxe(2)],
    ['there is no boot file for an architecture that it does not name, "PXEClient"', { vendorClass: 'PXEClient' }],
  ])('an address and no PXE option, and a report: it gets an address, but %s', (reason, options) => {
    const given = bootCounter().ask(message({ messageType: 'discover', ...options }));
    const { packet } = replyIn(given);
    expect(packet).toMatchObject({ yiaddr: machineAt, file: '', siaddr: '0.0.0.0' });
    expect([60, 43, 66, 67].filter((code) => packet.options.has(code))).toEqual([]);
    expect(given?.events[0]).toEqual({
      step: 'not-answered',
      mac,
      reason: expect.stringContaining(`it gets an address, but ${reason}`),
    });
  });
});

describe('a Raspberry Pi, bootcode.bin', () => {
  const pi = { mac: 'b8:27:eb:12:34:56' };

  it('is known by its MAC address, since it says that it is a BIOS, and hears the words that it looks for', () => {
    const offer = offered(says.bios, bootCounter({ activeId: 'arm' }), pi);
    expect(offer.option('vendorClass')).toBe('PXEClient');
    const text = String.fromCharCode(...(offer.option('vendorOptions') ?? []));
    expect(text).toBe('\x06\x01\x03\x0a\x04\0PXE\x09\x14\0\0\x11Raspberry Pi Boot\xff');
    expect(offer.option('tftpServerName')).toBe(ours);
    expect(offer.packet.siaddr).toBe(ours);
  });

  it('that runs UEFI is UEFI', () => {
    expect(offered(says.arm64, bootCounter({ activeId: 'arm' }), pi).packet.file).toBe(firmware.arm64);
  });
});

describe('U-Boot, net/bootp.c', () => {
  it('reads `file` and siaddr, and nothing else', () => {
    const options = { vendorClass: 'U-Boot.armv8', architectures: [22] };
    const { packet } = offered(options, bootCounter({ activeId: 'arm' }));
    expect(packet).toMatchObject({ file: firmware.arm64, siaddr: ours });
  });
});

describe('an operating system on the same machine', () => {
  const linux = {
    clientIdentifier: Uint8Array.of(255, 1, 2, 3, 4),
    hostName: 'box',
    vendorClass: 'dhcpcd-9.4.1:Linux',
  };

  it('gets the address that its firmware had, and no boot file', () => {
    const { ask } = bootCounter();
    const firmwares = replyIn(ask(message({ messageType: 'discover', ...says.x64 })));
    const systems = replyIn(ask(message({ messageType: 'discover', ...linux }, { xid: 8 })));
    expect(systems.packet.yiaddr).toBe(firmwares.packet.yiaddr);
    expect(systems.packet.file).toBe('');
    expect([60, 43, 66, 67, 97].filter((code) => systems.packet.options.has(code))).toEqual([]);
  });

  it('hears nothing from a proxy', () => {
    expect(
      bootCounter({ network: proxyServer }).ask(message({ messageType: 'discover', ...linux }))?.datagram,
    ).toBeUndefined();
  });
});

describe('a machine beside another server (PXE 2.1 §2.2, RFC 2131 §4.3.2)', () => {
  it('never hears an ACK on port 67 to a REQUEST that names the other one', () => {
    const { ask } = bootCounter({ network: proxyServer });
    const take = { messageType: 'request', serverIdentifier: theirs, requestedAddress: machineAt } as const;
    expect(ask(message({ ...take, ...says.x64 }))?.datagram).toBeUndefined();
  });
});

function withBytes(options: OptionValues, more: ReadonlyMap<number, Uint8Array>): Uint8Array {
  const bytes = message(options);
  const extra = [...more].flatMap(([code, value]) => [code, value.length, ...value]);
  const end = bytes.indexOf(255, 240);
  // The End that a message has lies behind its options; these ones go before it.
  return Uint8Array.of(...bytes.subarray(0, 240), ...extra, ...bytes.subarray(240, Math.max(end + 1, 300)));
}
