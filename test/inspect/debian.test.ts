import { globSync, readFileSync } from 'node:fs';
import { execaSync } from 'execa';
import { expect, test } from 'vitest';
import { verifySignatures } from '../../src/inspect/authenticode.ts';
import { commonName } from '../../src/inspect/certificates.ts';
import { decodePe } from '../../src/iso/pe-layout.ts';
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
