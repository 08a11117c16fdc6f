import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execaSync } from 'execa';
import { describe, expect, test } from 'vitest';
import { verifySignatures } from '../../src/inspect/authenticode.ts';
import { commonName } from '../../src/inspect/certificates.ts';
import type { Finding } from '../../src/inspect/finding.ts';
import { readKernel, readLoader } from '../../src/inspect/program.ts';
import { judgeSecureBoot } from '../../src/inspect/secure-boot.ts';
import { decodePe } from '../../src/iso/pe-layout.ts';
import { bytesSource } from '../../src/platform/files.ts';
import { describeWith } from '../support/programs.ts';

const installed = globSync('/usr/lib/grub/*-signed/*.signed');

/** The names that sbverify lists as subjects of signers' certificates, the first of each signature. */
function signersBySbverify(path: string): string[] {
  const { stdout } = execaSync('sbverify', ['--list', path]);
  return [...stdout.matchAll(/image signature certificates:\n - subject: .*CN=(.+)/g)].map(([, name = '']) => name);
}

describeWith({ programs: ['sbverify'] }, "Debian's signed GRUB", () => {
  test.skipIf(installed.length === 0).each(installed)('%s has the signers that sbverify lists', (path) => {
    const bytes = readFileSync(path);
    const signers = verifySignatures(bytes, decodePe(bytes)).map(({ certificate }) => commonName(certificate.subject));
    expect(signers).toEqual(signersBySbverify(path));
    bytes[0x1000] = (bytes[0x1000] ?? 0) ^ 0x40;
    expect(() => verifySignatures(bytes, decodePe(bytes))).toThrow('it was changed after it was signed');
  });
});

/** What `npm run test:boot` makes its images from, where it ran. */
const [shimPath] = globSync(join(import.meta.dirname, '../../.cache/liveos/*/shim-signed.efi'));
const beside = (name: string) => join(shimPath ?? '', '..', name);
const isThere = shimPath !== undefined && existsSync(beside('grub-signed.efi')) && existsSync(beside('vmlinuz'));

describe.skipIf(!isThere)("Debian's shim, GRUB and kernel", () => {
  const read = (name: string) => {
    const bytes = readFileSync(beside(name));
    return { path: name, sizeBytes: bytes.byteLength, open: () => bytesSource(bytes) };
  };
  const findings: Finding[] = [];
  const chain = async () => ({
    boot: await readLoader(read('shim-signed.efi'), findings),
    grub: await readLoader(read('grub-signed.efi'), findings),
    kernels: [await readKernel(read('vmlinuz'), findings)],
  });

  test("pass Secure Boot by Microsoft's certificates and Debian's own", async () => {
    const verdict = judgeSecureBoot(await chain(), findings);
    expect(verdict).toMatchObject({ verdict: 'passes', refusedFrom: null });
    expect(verdict.certificates).toContain('Microsoft Corporation UEFI CA 2011');
    expect(verdict.sentence).toContain('vouched for by "Debian Secure Boot CA"');
    expect(findings).toEqual([]);
  });

  test("shim trusts Debian's certificate, has a list of what it never loads, and revocations", async () => {
    const { shim } = (await chain()).boot;
    expect(shim?.trusted.map(({ subject }) => subject)).toEqual(['CN=Debian Secure Boot CA']);
    expect(shim?.revokedDigests.size).toBeGreaterThan(50);
    expect(shim?.sbatLevel?.map(({ component }) => component)).toEqual(
      expect.arrayContaining(['sbat', 'shim', 'grub']),
    );
  });

  test('the kernel says its version and the memory that it takes', async () => {
    const [kernel] = (await chain()).kernels;
    expect(kernel?.header.version).toMatch(/^\d+\.\d+\.\d+-\d+(-cloud)?-amd64$/);
    expect(kernel?.header.runningBytes).toBeGreaterThan(20_000_000);
  });
});
