import { beforeAll, expect, it } from 'vitest';
import { describeWith } from '../support/programs.ts';
import { bootNeeds, bootServed, expectNoComplaint } from './boots.ts';

const ways = [
  { flavour: 'http', secureBoot: false, kernelBy: 'http' },
  { flavour: 'signed', secureBoot: true, kernelBy: 'tftp' },
] as const;

for (const { flavour, secureBoot, kernelBy } of ways) {
  const title = `A UEFI machine ${secureBoot ? 'that enforces Secure Boot' : 'without Secure Boot'}`;
  describeWith(bootNeeds, title, () => {
    let booted: Awaited<ReturnType<typeof bootServed>>;
    beforeAll(async () => {
      booted = await bootServed({ flavour, secureBoot });
    });

    it('gets to its login prompt on the live image of its release', () => {
      expect(booted.root).toMatch(/^LiveOS_rootfs \/ overlay rw,.*lowerdir=\/run\/rootfsbase/);
      const url = `http://10.99.0.1/releases/${booted.releaseId}/liveos.iso`;
      expect(booted.kernelArguments).toContain(`root=live:${url}`);
    });

    it(`has Secure Boot ${secureBoot ? 'enforced' : 'off'}`, () => {
      expect(booted.text).toContain(
        secureBoot
          ? 'BOOTWRIGHT-SECURE-BOOT enabled, kernel lockdown none [integrity] confidentiality'
          : 'BOOTWRIGHT-SECURE-BOOT disabled',
      );
    });

    it(`loads the loaders by TFTP, kernel and initrd by ${kernelBy.toUpperCase()}, and the image by HTTP`, () => {
      expect(booted.protocolsOf('bootx64.efi')).toEqual(['tftp']);
      expect(booted.protocolsOf('grubx64.efi')).toEqual(['tftp']);
      expect(booted.protocolsOf('boot/vmlinuz')).toEqual([kernelBy]);
      expect(booted.protocolsOf('boot/initrd.img')).toEqual([kernelBy]);
      expect(booted.protocolsOf('liveos.iso')).toEqual(['http']);
    });

    it('shows no error and asks nothing on the way', () => expectNoComplaint(booted));
  });
}
