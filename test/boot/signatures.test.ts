import { beforeAll, expect, test } from 'vitest';
import type { Finding } from '../../src/inspect/finding.ts';
import { type Kernel, type Program, readKernel, readLoader } from '../../src/inspect/program.ts';
import { judgeSecureBoot } from '../../src/inspect/secure-boot.ts';
import { openIso } from '../../src/iso/volume.ts';
import { openFile } from '../../src/platform/files-node.ts';
import { liveosImage } from '../liveos/make.ts';
import { imagePrograms } from '../liveos/packages.ts';
import { describeWith } from '../support/programs.ts';

// No boot, but the image of one that must pass Secure Boot.
describeWith({ root: true, programs: imagePrograms }, "Debian's shim, GRUB and kernel", () => {
  const findings: Finding[] = [];
  let boot: Program;
  let grub: Program;
  let kernel: Kernel;

  beforeAll(async () => {
    const source = await openFile(await liveosImage('signed', () => {}));
    const image = await openIso(source);
    const read = (path: string) => {
      const entry = image.find(path);
      if (entry === undefined) throw new Error(`there is no ${path}`);
      return { path, sizeBytes: entry.sizeBytes, open: () => image.open(entry) };
    };
    boot = await readLoader(read('EFI/BOOT/bootx64.efi'), findings);
    grub = await readLoader(read('EFI/BOOT/grubx64.efi'), findings);
    kernel = await readKernel(read('boot/vmlinuz'), findings);
    await source.close();
  });

  test("pass Secure Boot by Microsoft's certificates and Debian's own", () => {
    const verdict = judgeSecureBoot({ boot, grub, kernels: [kernel] }, findings);
    expect(verdict).toMatchObject({ verdict: 'passes', refusedFrom: null });
    expect(verdict.certificates).toContain('Microsoft Corporation UEFI CA 2011');
    expect(verdict.sentence).toContain('vouched for by "Debian Secure Boot CA"');
    expect(findings).toEqual([]);
  });

  test("shim trusts Debian's certificate, has a list of what it never loads, and revocations", () => {
    const { shim } = boot;
    expect(shim?.trusted.map(({ subject }) => subject)).toEqual(['CN=Debian Secure Boot CA']);
    expect(shim?.revokedDigests.size).toBeGreaterThan(50);
    expect(shim?.sbatLevel?.map(({ component }) => component)).toEqual(
      expect.arrayContaining(['sbat', 'shim', 'grub']),
    );
  });

  test('the kernel says its version and the memory that it takes', () => {
    expect(kernel.header.version).toMatch(/^\d+\.\d+\.\d+-\d+(-cloud)?-amd64$/);
    expect(kernel.header.runningBytes).toBeGreaterThan(20_000_000);
  });
});
