import { beforeAll, expect, it } from 'vitest';
import { describeWith } from '../support/programs.ts';
import { type Boot, bootNeeds, bootServed, expectNoComplaint } from './boots.ts';

describeWith(bootNeeds, 'An image with two kernels and a menu of grub2-mkconfig', () => {
  let booted: Boot;
  beforeAll(async () => {
    booted = await bootServed({ flavour: 'versioned' });
  });

  it('boots the newest kernel, and 6.6.10 is newer than 6.6.9', () => {
    const [kernel = ''] = booted.kernelArguments;
    expect(kernel).toMatch(/^BOOT_IMAGE=.*\/boot\/vmlinuz-6\.6\.10-1\.azl3$/);
    expect(booted.protocolsOf('boot/vmlinuz-6.6.10-1.azl3')).toEqual(['http']);
    expect(booted.protocolsOf('boot/initramfs-6.6.10-1.azl3.img')).toEqual(['http']);
    expect(booted.protocolsOf('boot/vmlinuz-6.6.9-1.azl3')).toEqual([]);
  });

  it('gets its live system from its release', () => {
    expect(booted.root).toMatch(/^LiveOS_rootfs \/ overlay rw,/);
    expect(booted.kernelArguments.join(' ')).toMatch(/ root=live:http:\/\/10\.99\.0\.1\/releases\/\S+\/liveos\.iso /);
    expect(booted.protocolsOf('liveos.iso')).toEqual(['http']);
  });

  it('shows no error and asks nothing on the way', () => expectNoComplaint(booted));
});

describeWith(bootNeeds, 'An image whose whole system is in the initrd', () => {
  let booted: Boot;
  beforeAll(async () => {
    booted = await bootServed({ flavour: 'full-os' });
  });

  it('runs from memory, without a root= and without fetching anything more', () => {
    expect(booted.root).toMatch(/^(?:rootfs|none|tmpfs) \/ (?:rootfs|tmpfs) /);
    expect(booted.kernelArguments.filter((word) => word.startsWith('root='))).toEqual([]);
    expect(booted.protocolsOf('boot/vmlinuz')).toEqual(['http']);
    expect(booted.protocolsOf('boot/initrd.img')).toEqual(['http']);
    expect(booted.protocolsOf('liveos.iso')).toEqual([]);
  });

  it('shows no error and asks nothing on the way', () => expectNoComplaint(booted));
});
