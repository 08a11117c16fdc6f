import { describe, expect, it } from 'vitest';
import { firmwareFor, isRaspberryPi, nameArchitecture, protocolOf } from '../../src/boot/architectures.ts';
import { type Firmware, firmwareTable } from '../../src/boot/firmware.ts';

const rows = Object.entries(firmwareTable) as [Firmware, (typeof firmwareTable)[Firmware]][];

describe('a machine that lists one architecture', () => {
  const kindOf = (firmware: Firmware) =>
    firmware.startsWith('http-') ? 'http' : firmware.startsWith('ipxe-') ? 'ipxe' : 'pxe';

  it.each(rows.flatMap(([firmware, { architectures }]) => architectures.map((one) => [one, firmware] as const)))(
    '%i is found in its row: %s',
    (architecture, firmware) => {
      // A Raspberry Pi calls itself a BIOS; its MAC address tells.
      const expected = firmware === 'raspberry-pi' && architecture === 0 ? 'bios' : firmware;
      expect(firmwareFor([architecture], kindOf(firmware))).toBe(expected);
    },
  );

  it('boots by the protocol that its vendor class names, whichever number it sends', () => {
    expect(firmwareFor([7], 'http')).toBe('http-x64');
    expect(firmwareFor([16], 'pxe')).toBe('efi-x64');
  });

  it('boots by the protocol that its number names, where it names none itself (DHCPv6)', () => {
    expect([16, 28, 7, 0, 4242, undefined].map(protocolOf)).toEqual(['http', 'http', 'pxe', 'pxe', 'pxe', 'pxe']);
  });

  it('is no HTTP Boot without UEFI', () => {
    expect(firmwareFor([0], 'http')).toBeUndefined();
  });

  it('that iPXE has no row for is what it would be without iPXE', () => {
    expect(firmwareFor([10], 'ipxe')).toBe('efi-arm32');
  });
});

describe('a machine that lists several', () => {
  it.each<[readonly number[], Firmware | undefined]>([
    [[6, 7], 'efi-x64'],
    [[0, 6], 'bios'],
    [[10, 0], 'bios'],
    [[4242, 11], 'efi-arm64'],
    [[10, 27], 'efi-arm32'],
    [[4242, 4243], undefined],
    [[], undefined],
  ])('%j is the one that a release boots by its own loader, then one that anything boots: %s', (listed, firmware) => {
    expect(firmwareFor(listed, 'pxe')).toBe(firmware);
  });
});

it.each([
  [7, 'UEFI x64 (7)'],
  [20, 'BIOS with HTTP Boot (20)'],
  [4242, 'an unknown architecture (4242)'],
])('%i is named to people: %s', (architecture, name) => {
  expect(nameArchitecture(architecture)).toBe(name);
});

it('a Raspberry Pi is known by its MAC address', () => {
  expect(['b8:27:eb:00:00:01', 'd8:3a:dd:00:00:01', '52:54:00:00:00:01'].map(isRaspberryPi)).toEqual([
    true,
    true,
    false,
  ]);
});
