import type { X509Certificate } from 'node:crypto';
import type { Signature } from './authenticode.ts';

/** Chains have two or three links. */
const maxChain = 8;

/** The certificates by which Microsoft lets other systems boot, and which machines are made with. */
const microsoft = [
  {
    name: 'Microsoft Corporation UEFI CA 2011',
    sha256: '48E99B991F57FC52F76149599BFF0A58C47154229B9F8D603AC40D3500248507',
  },
  {
    name: 'Microsoft UEFI CA 2023',
    sha256: 'F6124E34125BEE3FE6D79A574EAA7B91C0E7BD9D929C1A321178EFD611DAD901',
  },
] as const;

export type MicrosoftCa = (typeof microsoft)[number]['name'];

export function fingerprint({ fingerprint256 }: X509Certificate): string {
  return fingerprint256.replaceAll(':', '');
}

/** The name by which a person knows the owner: `CN`, else all there is. */
export function commonName(name: string): string {
  return /^CN=(.+)$/m.exec(name)?.[1] ?? (name.replaceAll('\n', ', ') || 'nobody');
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    // A key that OpenSSL does not know, or that is none.
    return false;
  }
}

/**
 * Which of `trusted` stands behind a signature, directly or over certificates that came with it. Firmware and shim
 * take no note of when a certificate ends, as a machine has no clock to trust, so neither does this.
 */
export function trustedBehind(
  { certificate, certificates }: Signature,
  trusted: readonly X509Certificate[],
): X509Certificate | undefined {
  let heads = [certificate];
  const seen = new Set<string>();
  for (let links = 0; links < maxChain && heads.length > 0; links++) {
    for (const head of heads) {
      const found = trusted.find((each) => each.fingerprint256 === head.fingerprint256 || isIssuedBy(head, each));
      if (found !== undefined) return found;
      seen.add(head.fingerprint256);
    }
    const left = certificates.filter(({ fingerprint256 }) => !seen.has(fingerprint256));
    heads = left.filter((each) => heads.some((head) => isIssuedBy(head, each)));
  }
  return undefined;
}

/** The certificate of Microsoft's that stands behind a signature; known by its fingerprint. */
export function microsoftBehind(signature: Signature): MicrosoftCa | undefined {
  const nameOf = (certificate: X509Certificate) =>
    microsoft.find(({ sha256 }) => sha256 === fingerprint(certificate))?.name;
  const found = trustedBehind(
    signature,
    signature.certificates.filter((each) => nameOf(each) !== undefined),
  );
  return found && nameOf(found);
}
