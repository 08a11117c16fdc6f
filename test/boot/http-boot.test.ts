import { beforeAll, expect, it } from 'vitest';
import { describeWith } from '../support/programs.ts';
import { bootNeeds, bootServed, expectNoComplaint } from './boots.ts';

describeWith(bootNeeds, 'A UEFI machine that boots by HTTP', () => {
  let booted: Awaited<ReturnType<typeof bootServed>>;
  beforeAll(async () => {
    // The GRUB in this image has no HTTP and does not go on after HTTP Boot: ours has and does.
    booted = await bootServed({ flavour: 'signed', firmware: 'uefi-http' });
  });

  it('gets to its login prompt on the live image of its release', () => {
    expect(booted.root).toMatch(/^LiveOS_rootfs \/ overlay rw,.*lowerdir=\/run\/rootfsbase/);
    expect(booted.kernelArguments).toContain(`root=live:http://10.99.0.1/releases/${booted.releaseId}/liveos.iso`);
  });

  it('loads everything by HTTP, from our GRUB on', () => {
    expect(booted.protocolsOf('loaders/grubx64.efi')).toEqual(['http']);
    expect(booted.protocolsOf('boot/vmlinuz')).toEqual(['http']);
    expect(booted.protocolsOf('boot/initrd.img')).toEqual(['http']);
    expect(booted.protocols).toEqual(['http']);
  });

  it('shows no error and asks nothing on the way', () => expectNoComplaint(booted));
});
