import { beforeAll, expect, it } from 'vitest';
import { describeWith } from '../support/programs.ts';
import { bootNeeds, bootServed, expectNoComplaint } from './boots.ts';

describeWith(bootNeeds, 'A BIOS machine', () => {
  let booted: Awaited<ReturnType<typeof bootServed>>;
  beforeAll(async () => {
    booted = await bootServed({ flavour: 'http', firmware: 'bios' });
  });

  it('gets to its login prompt on the live image of its release', () => {
    expect(booted.root).toMatch(/^LiveOS_rootfs \/ overlay rw,.*lowerdir=\/run\/rootfsbase/);
    expect(booted.kernelArguments).toContain(`root=live:http://10.99.0.1/releases/${booted.releaseId}/liveos.iso`);
  });

  it('loads our GRUB by TFTP, and all the rest by HTTP', () => {
    expect(booted.protocolsOf('loaders/grub-bios.0')).toEqual(['tftp']);
    expect(booted.protocolsOf('boot/vmlinuz')).toEqual(['http']);
    expect(booted.protocolsOf('boot/initrd.img')).toEqual(['http']);
    expect(booted.protocolsOf('liveos.iso')).toEqual(['http']);
  });

  it('shows no error and asks nothing on the way', () => expectNoComplaint(booted));
});
