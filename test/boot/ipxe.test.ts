import { beforeAll, expect, it } from 'vitest';
import { describeWith } from '../support/programs.ts';
import { bootNeeds, bootServed, expectNoComplaint } from './boots.ts';

describeWith(bootNeeds, "A UEFI machine that is given Debian's iPXE", () => {
  let booted: Awaited<ReturnType<typeof bootServed>>;
  beforeAll(async () => {
    const config = 'firmware:\n  efi-x64: { file: loaders/ipxe.efi }\n';
    booted = await bootServed({ flavour: 'http', config });
  });

  it('goes on from there to its login prompt', () => {
    expect(booted.root).toMatch(/^LiveOS_rootfs \/ overlay rw,.*lowerdir=\/run\/rootfsbase/);
  });

  it('is given iPXE once, and then what comes after it', () => {
    expect(booted.text.match(/Open Source Network Boot Firmware/g)).toHaveLength(1);
    expect(booted.protocolsOf('loaders/ipxe.efi')).toEqual(['tftp']);
    expect(booted.protocolsOf('loaders/grubx64.efi')).toEqual(['http']);
    expect(booted.protocolsOf('boot/vmlinuz')).toEqual(['http']);
  });

  it('shows no error and asks nothing on the way', () => expectNoComplaint(booted));
});
