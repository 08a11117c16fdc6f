import { beforeAll, expect, it } from 'vitest';
import { describeWith } from '../support/programs.ts';
import { bootNeeds, bootServed, expectNoComplaint, type ServedBoot } from './boots.ts';
import { server6 } from './lan.ts';
import { router6Programs } from './router6.ts';

const needs = { ...bootNeeds, programs: [...bootNeeds.programs, ...router6Programs] };

describeWith(needs, 'A UEFI machine that boots over IPv6, on a network that has both', () => {
  const ours = /^fd00:99::1:5[0-9a-f]$/;
  let booted: ServedBoot;
  beforeAll(async () => {
    const config = 'dhcp6: { range: "fd00:99::1:50-fd00:99::1:5f" }\n';
    booted = await bootServed({ flavour: 'http', firmware: 'uefi-pxe6', ipv6: true, config });
  });

  it('gets its address and the URL of its boot file by DHCPv6', () => {
    const url = `tftp://[${server6}]/releases/${booted.releaseId}/bootx64.efi`;
    for (const step of ['offered', 'acknowledged'] as const) {
      const answers = booted.log.filter((line) => line.step === step && line.bootFile !== undefined);
      expect(answers.length).toBeGreaterThan(0);
      for (const answer of answers) {
        expect(answer).toMatchObject({ bootFile: url, address: expect.stringMatching(ours) });
      }
    }
  });

  it('loads shim and GRUB by TFTP, kernel and initrd by HTTP, all of them over IPv6', () => {
    expect(booted.protocolsOf('bootx64.efi')).toEqual(['tftp']);
    expect(booted.protocolsOf('grubx64.efi')).toEqual(['tftp']);
    expect(booted.protocolsOf('boot/vmlinuz')).toEqual(['http']);
    expect(booted.protocolsOf('boot/initrd.img')).toEqual(['http']);
    const files = booted.log.filter((line) => line.step === 'served' && line.outcome === 'complete');
    const early = files.filter((line) => line.step === 'served' && !line.path.endsWith('.iso'));
    expect(new Set(early.map((line) => (line.step === 'served' ? line.address : '')))).toEqual(
      new Set([expect.stringMatching(ours)]),
    );
  });

  it('gets to its login prompt on the live image, whose URL has our IPv6 address', () => {
    expect(booted.root).toMatch(/^LiveOS_rootfs \/ overlay rw,.*lowerdir=\/run\/rootfsbase/);
    const url = `http://[${server6}]/releases/${booted.releaseId}/liveos.iso`;
    expect(booted.kernelArguments).toContain(`root=live:${url}`);
    expect(booted.protocolsOf('liveos.iso')).toEqual(['http']);
  });

  it('has the address of its system by DHCP, as its ip=dhcp says', () => {
    expect(booted.kernelArguments).toContain('ip=dhcp');
    const given = booted.log.filter((line) => line.step === 'acknowledged' && line.address.startsWith('10.99.0.'));
    expect(given.length).toBeGreaterThan(0);
  });

  it('shows no error and asks nothing on the way', () => expectNoComplaint(booted));
});
