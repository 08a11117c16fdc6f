import { beforeAll, expect, it } from 'vitest';
import { describeWith } from '../support/programs.ts';
import { type Boot, bootBuilt, bootNeeds, expectNoComplaint } from './boots.ts';
import { plainServerPrograms } from './plain-server.ts';

// The outputs of `bootwright build` are for every server: here dnsmasq and busybox have nothing but the folder.
const needs = { ...bootNeeds, programs: [...bootNeeds.programs, ...plainServerPrograms] };
// Nothing is served there yet while it is built.
const baseUrl = ['--base-url', 'http://10.99.0.1/', '--no-url-check'];

describeWith(needs, 'An image with entries of the Boot Loader Specification, and GRUB in a vendor folder', () => {
  let booted: Boot;
  beforeAll(async () => {
    booted = await bootBuilt({ flavour: 'bls', flags: baseUrl });
  });

  it('boots the newest kernel, and 6.6.10 is newer than 6.6.9', () => {
    const [kernel = ''] = booted.kernelArguments;
    expect(kernel).toMatch(/^BOOT_IMAGE=.*\/boot\/vmlinuz-6\.6\.10-1\.azl4\.x86_64$/);
    expect(booted.protocolsOf('boot/vmlinuz-6.6.10-1.azl4.x86_64')).toEqual(['tftp']);
    expect(booted.protocolsOf('boot/initramfs-6.6.10-1.azl4.x86_64.img')).toEqual(['tftp']);
    expect(booted.protocolsOf('boot/vmlinuz-6.6.9-1.azl4.x86_64')).toEqual([]);
  });

  it('has the arguments of its entry, with $kernelopts as the menu sets it', () => {
    expect(booted.kernelArguments).toContain('root=live:http://10.99.0.1/liveos.iso');
    expect(booted.kernelArguments).toContain('rd.live.overlay.overlayfs=1');
    expect(booted.kernelArguments).toContain('console=ttyS0');
    expect(booted.kernelArguments.join(' ')).not.toContain('kernelopts');
  });

  it('gets its live system from the ISO', () => {
    expect(booted.root).toMatch(/^LiveOS_rootfs \/ overlay rw,/);
    expect(booted.protocolsOf('liveos.iso')).toEqual(['http']);
  });

  it('shows no error and asks nothing on the way', () => expectNoComplaint(booted));
});

describeWith(needs, 'A bootstrap image that was built with pxe.initramfsType: full-os', () => {
  let booted: Boot;
  beforeAll(async () => {
    booted = await bootBuilt({ flavour: 'http', config: 'pxe:\n  initramfsType: full-os\n' });
  });

  it('runs from memory, without a root= and without fetching anything more', () => {
    expect(booted.root).toMatch(/^(?:rootfs|none|tmpfs) \/ (?:rootfs|tmpfs) /);
    expect(booted.kernelArguments.filter((word) => word.startsWith('root='))).toEqual([]);
    expect(booted.protocolsOf('boot/initrd.img')).toEqual(['tftp']);
    expect(booted.protocolsOf('liveos.iso')).toEqual([]);
  });

  it('shows no error and asks nothing on the way', () => expectNoComplaint(booted));
});

const turning = { ...needs, programs: [...needs.programs, 'sqfs2tar', 'tar2sqfs', 'bwrap', 'prlimit'] };

describeWith(turning, 'A full-os image that was built with --initramfs-type bootstrap', () => {
  let booted: Boot;
  beforeAll(async () => {
    booted = await bootBuilt({ flavour: 'full-os', flags: [...baseUrl, '--initramfs-type', 'bootstrap'] });
  });

  it('fetches its system by the initrd that its own dracut made', () => {
    expect(booted.root).toMatch(/^LiveOS_rootfs \/ overlay rw,.*lowerdir=\/run\/rootfsbase/);
    expect(booted.kernelArguments).toContain('root=live:http://10.99.0.1/liveos.iso');
    expect(booted.protocolsOf('boot/initrd.img')).toEqual(['tftp']);
    expect(booted.protocolsOf('liveos.iso')).toEqual(['http']);
  });

  it('shows no error and asks nothing on the way', () => expectNoComplaint(booted));
});

describeWith(needs, 'A machine that fetches the squashfs and not the ISO (--live-root squashfs)', () => {
  let booted: Boot;
  beforeAll(async () => {
    booted = await bootBuilt({ flavour: 'http', flags: [...baseUrl, '--live-root', 'squashfs'] });
  });

  it('runs on it', () => {
    expect(booted.root).toMatch(/^LiveOS_rootfs \/ overlay rw,.*lowerdir=\/run\/rootfsbase/);
    expect(booted.kernelArguments).toContain('root=live:http://10.99.0.1/liveos/rootfs.img');
    expect(booted.protocolsOf('liveos/rootfs.img')).toEqual(['http']);
    expect(booted.protocolsOf('liveos.iso')).toEqual([]);
  });

  it('shows no error and asks nothing on the way', () => expectNoComplaint(booted));
});
