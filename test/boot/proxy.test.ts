import { beforeAll, expect, it } from 'vitest';
import { describeWith } from '../support/programs.ts';
import { bootNeeds, bootServed, expectNoComplaint, type ServedBoot } from './boots.ts';
import { type OtherServer, otherAddress, otherServerPrograms } from './other-server.ts';

/** Where the kernel says that the firmware enforces Secure Boot, among its first lines. */
const secureKernel = /Kernel is locked down from EFI Secure Boot/;

interface Neighbour {
  readonly name: string;
  readonly beside: OtherServer;
  readonly until?: RegExp;
}

const neighbours: readonly Neighbour[] = [
  { name: 'dnsmasq', beside: 'dnsmasq' },
  // From its kernel on, the machine speaks with this server as with the other: a minute less.
  { name: 'Kea', beside: 'kea', until: secureKernel },
];

for (const { name, ...ways } of neighbours) {
  const needs = { ...bootNeeds, programs: [...bootNeeds.programs, otherServerPrograms[ways.beside]] };
  describeWith(needs, `A UEFI machine that enforces Secure Boot, and gets its address from ${name}`, () => {
    let booted: ServedBoot;
    beforeAll(async () => {
      booted = await bootServed({ flavour: 'signed', secureBoot: true, ...ways });
    });

    it('is expected: the server says at the start whom it is beside', () => {
      const said = booted.log.map(({ msg }) => msg);
      expect(said).toContainEqual(expect.stringMatching(/^addresses on eth0 come from 10\.99\.0\.2 /));
      expect(said).toContainEqual(expect.stringMatching(/^DHCP on eth0: proxy, /));
    });

    it('has the address of the other server, and its boot file from us', () => {
      expect(booted.addresses).toEqual([expect.stringMatching(otherAddress)]);
      const answers = booted.log.filter((line) => line.step === 'offered' || line.step === 'acknowledged');
      const file = `releases/${booted.releaseId}/bootx64.efi`;
      expect(answers.length).toBeGreaterThanOrEqual(2);
      for (const answer of answers) expect(answer).toMatchObject({ address: '0.0.0.0', bootFile: file });
    });

    it('loads shim, GRUB, the configuration of its release and the kernel from us', () => {
      expect(booted.protocolsOf('bootx64.efi')).toEqual(['tftp']);
      expect(booted.protocolsOf('grubx64.efi')).toEqual(['tftp']);
      // Where Debian's signed GRUB looks; the paths of its kernel and initrd are those of its release.
      expect(booted.protocolsOf('grub/grub.cfg')).toEqual(['tftp']);
      expect(booted.protocolsOf('boot/vmlinuz')).toEqual(['tftp']);
      expect(booted.protocolsOf('boot/initrd.img')).toEqual(['tftp']);
    });

    it('has Secure Boot enforced', () => expect(booted.text).toMatch(secureKernel));

    if (ways.until === undefined) {
      it('gets to its login prompt on the live image of its release', () => {
        expect(booted.root).toMatch(/^LiveOS_rootfs \/ overlay rw,.*lowerdir=\/run\/rootfsbase/);
        const url = `http://10.99.0.1/releases/${booted.releaseId}/liveos.iso`;
        expect(booted.kernelArguments).toContain(`root=live:${url}`);
      });
    }

    it('shows no error and asks nothing on the way', () => expectNoComplaint(booted));
  });
}
