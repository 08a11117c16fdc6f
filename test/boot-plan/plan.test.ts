import { expect, it } from 'vitest';
import { type BootCatalog, type BootRequest, planBoot } from '../../src/boot/plan.ts';

const catalog: BootCatalog = {
  activeId: 'new',
  loaderOf: (id) =>
    ({
      new: { file: 'bootx64.efi', architecture: 'x64' },
      old: { file: 'bootx64.efi', architecture: 'x64' },
      arm: { file: 'bootaa64.efi', architecture: 'arm64' },
    })[id],
};

function plan(architecture: number, changes: Partial<BootCatalog> = {}, pinned?: string) {
  const request: BootRequest = {
    mac: '52:54:00:00:00:01',
    transaction: 1,
    architecture,
    vendorClass: 'PXEClient',
    address: '10.0.0.9',
  };
  return planBoot(request, { ...catalog, ...changes }, pinned)?.bootFile;
}

it.each([
  ['x64 firmware gets the loader of the active release', plan(7), 'releases/new/bootx64.efi'],
  ['firmware that calls x64 "EBC" gets it too', plan(9), 'releases/new/bootx64.efi'],
  ['arm64 firmware gets none of an x64 release', plan(11), undefined],
  ['arm64 firmware gets the loader of an arm64 release', plan(11, { activeId: 'arm' }), 'releases/arm/bootaa64.efi'],
  ['x64 firmware gets none of an arm64 release', plan(7, { activeId: 'arm' }), undefined],
  ['BIOS gets none', plan(0), undefined],
  ['ia32 gets none', plan(6), undefined],
  ['nobody gets one before a release is active', plan(7, { activeId: undefined }), undefined],
  ['nobody gets one where the active release is gone', plan(7, { activeId: 'gone' }), undefined],
  ['an exchange that was given a release keeps it', plan(7, {}, 'old'), 'releases/old/bootx64.efi'],
  [
    'it keeps it also where nothing is active any more',
    plan(7, { activeId: undefined }, 'old'),
    'releases/old/bootx64.efi',
  ],
  ['a release that was removed meanwhile is given to nobody', plan(7, {}, 'gone'), 'releases/new/bootx64.efi'],
])('%s', (_, given, expected) => {
  expect(given).toBe(expected);
});
