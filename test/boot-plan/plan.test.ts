import { expect, it } from 'vitest';
import { type Firmware, type FirmwareOverrides, firmwareTable } from '../../src/boot/firmware.ts';
import { type BootCatalog, planBoot } from '../../src/boot/plan.ts';

const catalog: BootCatalog = {
  activeId: 'new',
  loaderOf: (id) =>
    ({
      new: { file: 'bootx64.efi', architecture: 'x64' },
      old: { file: 'shimx64.efi', architecture: 'x64' },
      arm: { file: 'bootaa64.efi', architecture: 'arm64' },
    })[id],
  hasLoader: (path) => path !== 'loaders/missing.efi',
  whyNoLoader: () => 'install grub-pc-bin',
};
const noLoaders = { hasLoader: () => false };

interface Circumstances {
  readonly catalog?: Partial<BootCatalog>;
  readonly overrides?: FirmwareOverrides;
  readonly pinned?: string;
}

function plan(firmware: Firmware, { catalog: changes = {}, overrides = {}, pinned }: Circumstances = {}) {
  const request = { mac: '52:54:00:00:00:01', transaction: 1, firmware, vendorClass: 'PXEClient', address: '10.0.0.9' };
  return planBoot(request, { ...catalog, ...changes }, overrides, pinned);
}

it.each<[string, Firmware, Circumstances, string, 'tftp' | 'http']>([
  ['UEFI x64 gets the loader of the active release', 'efi-x64', {}, 'releases/new/bootx64.efi', 'tftp'],
  ['BIOS gets our GRUB', 'bios', {}, 'loaders/grub-bios.0', 'tftp'],
  ['UEFI ia32 gets our GRUB, with a kernel for x64', 'efi-ia32', {}, 'loaders/grubia32.efi', 'tftp'],
  ['HTTP Boot gets a GRUB that goes on', 'http-x64', {}, 'loaders/grubx64.efi', 'http'],
  [
    'HTTP Boot without our GRUB gets the loader of the release',
    'http-x64',
    { catalog: noLoaders },
    'releases/new/bootx64.efi',
    'http',
  ],
  ['iPXE on BIOS gets our GRUB by TFTP', 'ipxe-bios', {}, 'loaders/grub-bios.0', 'tftp'],
  ['iPXE on UEFI x64 gets our GRUB by HTTP', 'ipxe-x64', {}, 'loaders/grubx64.efi', 'http'],
  [
    'UEFI arm64 gets the loader of an arm64 release',
    'efi-arm64',
    { catalog: { activeId: 'arm' } },
    'releases/arm/bootaa64.efi',
    'tftp',
  ],
  ['an exchange that was given a release keeps it', 'efi-x64', { pinned: 'old' }, 'releases/old/shimx64.efi', 'tftp'],
  [
    'it keeps it also where nothing is active any more',
    'efi-x64',
    { pinned: 'old', catalog: { activeId: undefined } },
    'releases/old/shimx64.efi',
    'tftp',
  ],
  [
    'a release that was removed meanwhile is given to nobody',
    'efi-x64',
    { pinned: 'gone' },
    'releases/new/bootx64.efi',
    'tftp',
  ],
  [
    'the configuration may want another loader',
    'bios',
    { overrides: { bios: { file: 'loaders/undionly.kpxe' } } },
    'loaders/undionly.kpxe',
    'tftp',
  ],
  [
    "it may want the release's own, which firmware with Secure Boot needs",
    'http-x64',
    { overrides: { 'http-x64': { file: 'release' } } },
    'releases/new/bootx64.efi',
    'http',
  ],
  [
    'it may want another protocol',
    'ipxe-x64',
    { overrides: { 'ipxe-x64': { by: 'tftp' } } },
    'loaders/grubx64.efi',
    'tftp',
  ],
  [
    'it may name a file elsewhere, for firmware that has no release too',
    'efi-riscv64',
    { overrides: { 'efi-riscv64': { file: 'http://mirror.example.net/boot.efi', by: 'http' } } },
    'http://mirror.example.net/boot.efi',
    'http',
  ],
])('%s', (_, firmware, circumstances, bootFile, by) => {
  expect(plan(firmware, circumstances)).toMatchObject({ bootFile, by });
});

it.each<[string, Firmware, Circumstances]>([
  [
    'no release is active: put a LiveOS ISO into images/, or activate a release',
    'efi-x64',
    { catalog: { activeId: undefined } },
  ],
  [
    'the active release gone is gone, or has no loader: activate another one',
    'efi-x64',
    { catalog: { activeId: 'gone' } },
  ],
  ['the release new is for x64, and this is UEFI arm64: activate a release for arm64', 'efi-arm64', {}],
  [
    'the release arm is for arm64, and this is BIOS: activate a release for x64',
    'bios',
    { catalog: { activeId: 'arm' } },
  ],
  ['the release new is for x64, and this is Raspberry Pi: activate a release for arm64', 'raspberry-pi', {}],
  ['there are no releases for UEFI arm32 yet', 'efi-arm32', {}],
  ['there is no loaders/grub-bios.0: install grub-pc-bin', 'bios', { catalog: noLoaders }],
  [
    'there is no loaders/missing.efi: install grub-pc-bin',
    'http-x64',
    { overrides: { 'http-x64': { file: 'loaders/missing.efi' } } },
  ],
])('it gets an address, but %s', (reason, firmware, circumstances) => {
  expect(plan(firmware, circumstances)).toEqual({ reason });
});

it('shapes are those of the table, unless the configuration has others', () => {
  expect(plan('efi-x64')).not.toHaveProperty('shapes');
  expect(plan('efi-x64', { overrides: { 'efi-x64': { shapes: ['plain'] } } })).toMatchObject({ shapes: ['plain'] });
});

it('every row has shapes to try, and a proxy never the one that needs an address', () => {
  for (const row of Object.values(firmwareTable)) {
    expect(row.shapes.length).toBeGreaterThan(0);
    expect(row.proxyShapes.length).toBeGreaterThan(0);
    expect(row.proxyShapes).not.toContain('plain');
  }
});

it('iPXE never gets iPXE', () => {
  const files = Object.entries(firmwareTable).filter(([firmware]) => firmware.startsWith('ipxe-'));
  for (const [, { file }] of files) expect(file).not.toMatch(/ipxe|undionly|snponly/);
});
