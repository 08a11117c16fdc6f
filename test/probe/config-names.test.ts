import { describe, expect, it } from 'vitest';
import { configNames, moduleLists } from '../../src/probe/config-names.ts';

const place = {
  folder: 'releases/azl-0123456789ab',
  platform: 'x86_64-efi',
  mac: '52:54:00:12:34:56',
  address: '10.0.0.105',
  machineId: '00000000-0000-0000-0000-000000000000',
};

const eleven = [
  'grub.cfg-00000000-0000-0000-0000-000000000000',
  'grub.cfg-01-52-54-00-12-34-56',
  'grub.cfg-0A000069',
  'grub.cfg-0A00006',
  'grub.cfg-0A0000',
  'grub.cfg-0A000',
  'grub.cfg-0A00',
  'grub.cfg-0A0',
  'grub.cfg-0A',
  'grub.cfg-0',
  'grub.cfg',
];

describe('the names under which GRUB looks for its configuration', () => {
  it('are eleven in the folder that it was loaded from, then eleven below its prefix', () => {
    expect(configNames({ modules: [], hasMemoryDisk: false, prefix: '/boot/grub2' }, place)).toEqual([
      ...eleven.map((name) => `/releases/azl-0123456789ab/${name}`),
      ...eleven.map((name) => `/boot/grub2/${name}`),
    ]);
  });

  it('are those in its folder only, where it has no prefix, or one that is no place on the server', () => {
    const inFolder = eleven.map((name) => `/releases/azl-0123456789ab/${name}`);
    expect(configNames(undefined, place)).toEqual(inFolder);
    expect(configNames({ modules: [], hasMemoryDisk: true, prefix: '(memdisk)/boot/grub' }, place)).toEqual(inFolder);
    expect(configNames({ modules: [], hasMemoryDisk: false, prefix: '' }, { ...place, folder: '' })[10]).toBe(
      '/grub.cfg',
    );
  });

  it('is one below the prefix for the GRUB that Debian signs for the network', () => {
    const debian = { modules: [], hasMemoryDisk: true, prefix: '/grub', config: 'normal (memdisk)/grub.cfg\n' };
    expect(configNames(debian, place)).toEqual(['/grub/grub.cfg']);
  });
});

describe('what GRUB asks for before its configuration', () => {
  it('are the lists of its modules, below its prefix or in its folder', () => {
    const debian = { modules: [], hasMemoryDisk: true, prefix: '/grub', config: 'normal (memdisk)/grub.cfg\n' };
    expect(moduleLists(debian, place)).toEqual([
      '/grub/x86_64-efi/command.lst',
      '/grub/x86_64-efi/fs.lst',
      '/grub/x86_64-efi/crypto.lst',
      '/grub/x86_64-efi/terminal.lst',
    ]);
    expect(moduleLists(undefined, place)[1]).toBe('/releases/azl-0123456789ab/x86_64-efi/fs.lst');
  });

  it('is nothing where it has its modules in memory', () => {
    expect(moduleLists({ modules: [], hasMemoryDisk: true, prefix: '(memdisk)/boot/grub' }, place)).toEqual([]);
  });
});
