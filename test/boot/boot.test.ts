import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import type { Flavour } from '../liveos/flavours.ts';
import { liveosImage } from '../liveos/make.ts';
import { imagePrograms, machinePrograms } from '../liveos/packages.ts';
import { describeWith } from '../support/programs.ts';
import { createLan, type Lan } from './lan.ts';
import { startMachine } from './machine.ts';
import { type Server, startServer } from './server.ts';

const mac = '52:54:00:b0:07:01';

/** One machine that went all the way from an ISO in images/ to its login prompt. */
interface Boot {
  readonly releaseId: string;
  readonly lan: Lan;
  readonly server: Server;
  /** All that the machine wrote to its console. */
  readonly text: string;
}

async function boot(flavour: Flavour, secureBoot: boolean): Promise<Boot> {
  const image = await liveosImage(flavour, () => {});
  const lan = await createLan();
  try {
    const server = await startServer({
      place: lan,
      args: ['--interface', lan.interface, '--range', '10.99.0.50-10.99.0.60'],
    });
    await copyFile(image, join(server.images, 'liveos.iso'));
    const { releaseId } = await server.waitFor('published', 60_000);
    const machine = await startMachine({ lan, secureBoot, mac });
    await machine.console.waitFor(/ login: /, 400_000);
    await machine.stop();
    await server.stop();
    return { releaseId, lan, server, text: machine.console.text };
  } finally {
    await lan.remove();
  }
}

/** By which protocols whole files of the release went to the machine; `path` is a path in the release. */
function protocolsOf({ server, releaseId }: Boot, path: string): readonly string[] {
  const protocols = server.lines.flatMap((line) =>
    line.step === 'served' && line.outcome === 'complete' && line.path.endsWith(`releases/${releaseId}/${path}`)
      ? [line.protocol]
      : [],
  );
  return [...new Set(protocols)];
}

const ways = [
  { flavour: 'http', secureBoot: false, kernelBy: 'http' },
  { flavour: 'signed', secureBoot: true, kernelBy: 'tftp' },
] as const;

for (const { flavour, secureBoot, kernelBy } of ways) {
  const title = `A UEFI machine ${secureBoot ? 'that enforces Secure Boot' : 'without Secure Boot'}`;
  describeWith({ root: true, programs: [...imagePrograms, ...machinePrograms] }, title, () => {
    let booted: Boot;
    beforeAll(async () => {
      booted = await boot(flavour, secureBoot);
    });

    it('gets to its login prompt on the live image of its release', () => {
      const { text, lan, releaseId } = booted;
      expect(text).toMatch(/^BOOTWRIGHT-ROOT LiveOS_rootfs \/ overlay rw,.*lowerdir=\/run\/rootfsbase/m);
      const kernelArguments = /^BOOTWRIGHT-BOOTED (.*)$/m.exec(text)?.[1]?.split(' ');
      expect(kernelArguments).toContain(`root=live:http://${lan.server}/releases/${releaseId}/liveos.iso`);
    });

    it(`has Secure Boot ${secureBoot ? 'enforced' : 'off'}`, () => {
      expect(booted.text).toContain(
        secureBoot
          ? 'BOOTWRIGHT-SECURE-BOOT enabled, kernel lockdown none [integrity] confidentiality'
          : 'BOOTWRIGHT-SECURE-BOOT disabled',
      );
    });

    it(`loads the loaders by TFTP, kernel and initrd by ${kernelBy.toUpperCase()}, and the image by HTTP`, () => {
      expect(protocolsOf(booted, 'bootx64.efi')).toEqual(['tftp']);
      expect(protocolsOf(booted, 'grubx64.efi')).toEqual(['tftp']);
      expect(protocolsOf(booted, 'boot/vmlinuz')).toEqual([kernelBy]);
      expect(protocolsOf(booted, 'boot/initrd.img')).toEqual([kernelBy]);
      expect(protocolsOf(booted, 'liveos.iso')).toEqual(['http']);
    });

    it('shows no error and asks nothing on the way', () => {
      expect(booted.text).not.toMatch(/^error:|^grub>|press (?:any|a) key|FATAL/im);
    });
  });
}
