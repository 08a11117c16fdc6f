import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Finding } from '../../src/inspect/finding.ts';
import { readKernel, readLoader } from '../../src/inspect/program.ts';
import { judgeSecureBoot } from '../../src/inspect/secure-boot.ts';
import { bytesSource } from '../../src/platform/files.ts';
import { describeWith } from '../support/programs.ts';
import { Signer, signingPrograms } from './signing.ts';
import { signatureList, tinyProgram, tinyShim } from './tiny-shim.ts';

function found(path: string, bytes: Uint8Array) {
  return { path, sizeBytes: bytes.byteLength, open: () => bytesSource(bytes) };
}

async function judge(boot: Uint8Array, grub: Uint8Array, kernel: Uint8Array) {
  const findings: Finding[] = [];
  const chain = {
    boot: await readLoader(found('bootx64.efi', boot), findings),
    grub: await readLoader(found('grubx64.efi', grub), findings),
    kernels: [await readKernel(found('vmlinuz', kernel), findings)],
  };
  const verdict = judgeSecureBoot(chain, findings);
  return { ...verdict, codes: findings.map(({ code }) => code), findings };
}

describeWith({ programs: signingPrograms }, 'with Secure Boot, a machine', () => {
  const signer = new Signer();
  let owner: ReturnType<Signer['identity']>;
  let vendor: ReturnType<Signer['identity']>;
  let stranger: ReturnType<Signer['identity']>;
  let shim: Uint8Array;
  let grub: Uint8Array;
  let kernel: Uint8Array;

  beforeAll(() => {
    owner = signer.identity('The owner of the machines');
    vendor = signer.identity('A vendor');
    stranger = signer.identity('A stranger');
    shim = signer.sign(tinyShim({ trusted: vendor.der }), owner);
    grub = signer.sign(tinyProgram({ grub: 5, 'grub.debian': 5 }), vendor);
    kernel = signer.sign(tinyProgram(), vendor);
  });
  afterAll(() => signer.remove());

  test('boots what its owner and the vendor of shim signed, if it has the certificate of its owner', async () => {
    expect(await judge(shim, grub, kernel)).toMatchObject({
      verdict: 'own-certificate',
      sentence:
        'Passes only on machines that were given the certificate of "The owner of the machines"; GRUB and the kernel are vouched for by "A vendor".',
      certificates: ['The owner of the machines'],
      codes: [],
    });
  });

  test.each<[string, string, string, () => readonly [Uint8Array, Uint8Array, Uint8Array]]>([
    ['a first loader', 'SECURE_BOOT_UNSIGNED', 'bootx64.efi', () => [tinyShim({ trusted: vendor.der }), grub, kernel]],
    ['a GRUB', 'SECURE_BOOT_UNSIGNED', 'grubx64.efi', () => [shim, tinyProgram({ grub: 5 }), kernel]],
    ['a kernel', 'SECURE_BOOT_UNSIGNED', 'vmlinuz', () => [shim, grub, tinyProgram()]],
    ['a kernel that is no EFI program', 'SECURE_BOOT_UNSIGNED', 'vmlinuz', () => [shim, grub, Buffer.from('linux')]],
  ])('refuses %s without a signature', async (_, code, path, programs) => {
    const { verdict, sentence, codes } = await judge(...programs());
    expect([verdict, codes, sentence]).toEqual([
      'refused',
      [code],
      `A machine with Secure Boot refuses it: ${path} is not signed.`,
    ]);
  });

  test('refuses a GRUB and a kernel of somebody whom shim does not know', async () => {
    const theirs = signer.sign(tinyProgram({ grub: 5 }), stranger);
    const { verdict, findings } = await judge(shim, theirs, signer.sign(tinyProgram(), stranger));
    expect(verdict).toBe('refused');
    expect(findings.map(({ problem }) => problem)).toEqual([
      'grubx64.efi is signed by "A stranger", and the shim of this image trusts "A vendor"',
      'vmlinuz is signed by "A stranger", and the shim of this image trusts "A vendor"',
    ]);
  });

  test('trusts whom a list in shim names, by certificate or by digest', async () => {
    const trusted = Buffer.concat([signatureList('x509', stranger.der), signatureList('x509', vendor.der)]);
    const several = signer.sign(tinyShim({ trusted }), owner);
    expect(await judge(several, grub, signer.sign(tinyProgram(), stranger))).toMatchObject({ codes: [] });
    const unsigned = tinyProgram({ grub: 5 });
    const digest = Buffer.from((await readLoader(found('', unsigned), [])).digest ?? '', 'hex');
    const known = Buffer.concat([signatureList('sha256', digest), signatureList('x509', vendor.der)]);
    expect(await judge(signer.sign(tinyShim({ trusted: known }), owner), unsigned, kernel)).toMatchObject({
      codes: [],
    });
  });

  test('refuses what shim has on its other list, by digest or by certificate', async () => {
    const digest = Buffer.from((await readLoader(found('', grub), [])).digest ?? '', 'hex');
    for (const revoked of [signatureList('sha256', digest), signatureList('x509', vendor.der)]) {
      const strict = signer.sign(tinyShim({ trusted: vendor.der, revoked }), owner);
      const { verdict, codes } = await judge(strict, grub, kernel);
      expect([verdict, codes[0]]).toEqual(['refused', 'SECURE_BOOT_REVOKED_BY_SHIM']);
    }
  });

  test('refuses a GRUB from before SBAT', async () => {
    const old = signer.sign(tinyProgram(), vendor);
    expect(await judge(shim, old, kernel)).toMatchObject({ verdict: 'refused', codes: ['SECURE_BOOT_NO_SBAT'] });
  });

  test('refuses an old GRUB if it has the revocations, and says what it will write', async () => {
    const old = signer.sign(tinyProgram({ grub: 3, 'grub.debian': 4 }), vendor);
    const { verdict, refusedFrom, findings } = await judge(shim, old, kernel);
    expect([verdict, refusedFrom]).toEqual(['own-certificate', 2024040900]);
    expect(findings).toEqual([
      {
        severity: 'warning',
        code: 'SBAT_REVOKED',
        problem:
          'grubx64.efi is of generation 3 of "grub", and machines with the revocations of 2024040900 or later want 4',
        remedy:
          'Take a newer one of the distribution; such a machine with Secure Boot stops at "Verification failed: (0x1A) Security Violation".',
        data: expect.objectContaining({ component: 'grub', generation: 3, neededGeneration: 4, level: 2024040900 }),
      },
    ]);
  });

  test('refuses an old GRUB everywhere if shim brings the revocations with it', async () => {
    const sbatLevel = 'sbat,1,2025021800\nshim,4\ngrub,5\n';
    const newer = signer.sign(tinyShim({ trusted: vendor.der, sbatLevel }), owner);
    const old = signer.sign(tinyProgram({ grub: 4 }), vendor);
    expect(await judge(newer, old, kernel)).toMatchObject({
      verdict: 'refused',
      codes: ['SBAT_REVOKED_BY_SHIM'],
      refusedFrom: 2025021800,
    });
    expect(await judge(newer, grub, kernel)).toMatchObject({ verdict: 'own-certificate', codes: [] });
  });

  test('refuses an old shim if it has the revocations', async () => {
    const old = signer.sign(tinyShim({ trusted: vendor.der, sbat: { shim: 1 } }), owner);
    const { refusedFrom, findings } = await judge(old, grub, kernel);
    expect([refusedFrom, findings[0]?.remedy]).toEqual([
      2022111500,
      expect.stringContaining('Verifying shim SBAT data'),
    ]);
  });

  test('is not said to boot what was changed after it was signed', async () => {
    const changed = Buffer.from(grub);
    changed[600] = (changed[600] ?? 0) ^ 1;
    const { verdict, sentence, findings } = await judge(shim, changed, kernel);
    expect([verdict, sentence]).toEqual([
      'refused',
      'A machine with Secure Boot refuses it: the signature of grubx64.efi does not hold.',
    ]);
    expect(findings[0]).toMatchObject({ severity: 'error', code: 'LOADER_SIGNATURE_BROKEN' });
  });
});
