import { createHash, verify, type X509Certificate } from 'node:crypto';
import { hasCode } from '../errors.ts';
import type { PeLayout } from '../iso/pe-layout.ts';
import { Reader } from '../wire/reader.ts';
import { decodeSignedData, type SignedData, signatureInvalid } from './signed-data.ts';

/** A signature that was verified: this file is what the owner of `certificate` signed. */
export interface Signature {
  readonly certificate: X509Certificate;
  /** All that came with it; who signed whom among them is not looked at. */
  readonly certificates: readonly X509Certificate[];
}

/** WIN_CERTIFICATE: its size with these eight bytes, revision, type. UEFI 2.10 §32.2.4 */
const headerBytes = 8;
const typePkcs7 = 2;
/** Two are usual where a certificate is about to be replaced by another one. */
const maxSignatures = 16;

/**
 * Verifies the signatures of an EFI program, each one, as firmware does: the file's Authenticode digest is what was
 * signed, and its signer did sign it. No signature is an empty list; whom to trust is for others to say.
 * Throws SIGNATURE_INVALID, also where one of several is not right.
 */
export function verifySignatures(bytes: Uint8Array, pe: PeLayout): readonly Signature[] {
  return pkcs7Of(bytes, pe).map((pkcs7) => verifySignature(bytes, pe, decodeSignedData(pkcs7)));
}

function pkcs7Of(bytes: Uint8Array, { certificates: table }: PeLayout): Uint8Array[] {
  if (table === undefined || table.sizeBytes === 0) return [];
  try {
    const reader = new Reader(new Reader(bytes).seek(table.offset).take(table.sizeBytes));
    const found: Uint8Array[] = [];
    while (reader.remaining >= headerBytes) {
      const start = reader.offset;
      const sizeBytes = reader.u32LE();
      const type = reader.skip(2).u16LE();
      if (sizeBytes < headerBytes) throw signatureInvalid('the table of signatures is damaged');
      const content = reader.take(sizeBytes - headerBytes);
      if (type === typePkcs7) found.push(content);
      if (found.length > maxSignatures) throw signatureInvalid(`it has more than ${maxSignatures} signatures`);
      reader.seek(Math.min(start + Math.ceil(sizeBytes / 8) * 8, reader.bytes.byteLength));
    }
    return found;
  } catch (error) {
    if (hasCode(error, 'WIRE_TRUNCATED')) throw signatureInvalid('the table of signatures is cut off', error);
    throw error;
  }
}

/**
 * The digest of a program without its signatures: "Windows Authenticode Portable Executable Signature Format", and
 * EDK II's HashPeImage, which machines do. What lies between sections is not in it. Throws SIGNATURE_INVALID.
 */
export function authenticodeDigest(bytes: Uint8Array, pe: PeLayout, algorithm: string): Uint8Array {
  const hash = createHash(algorithm);
  const { headersBytes, checksumOffset, certificates } = pe;
  const take = (start: number, end: number) => {
    if (start > end || end > bytes.byteLength) throw signatureInvalid('the sections of the program are cut off');
    hash.update(bytes.subarray(start, end));
  };
  take(0, checksumOffset);
  if (certificates === undefined) {
    take(checksumOffset + 4, headersBytes);
  } else {
    take(checksumOffset + 4, certificates.entryOffset);
    take(certificates.entryOffset + 8, headersBytes);
  }
  let hashedBytes = headersBytes;
  for (const { offset, storedBytes } of [...pe.sections].sort((a, b) => a.offset - b.offset)) {
    if (storedBytes === 0) continue;
    take(offset, offset + storedBytes);
    hashedBytes += storedBytes;
    // Sections that lie over one another would let a small file cost hours.
    if (hashedBytes > bytes.byteLength) throw signatureInvalid('the sections of the program overlap');
  }
  const endBytes = bytes.byteLength - (certificates?.sizeBytes ?? 0);
  if (endBytes > hashedBytes) take(hashedBytes, endBytes);
  return hash.digest();
}

function verifySignature(bytes: Uint8Array, pe: PeLayout, data: SignedData): Signature {
  const { digest, content, signer, certificates } = data;
  if (!isSame(authenticodeDigest(bytes, pe, digest.algorithm), digest.value)) {
    throw signatureInvalid('it was changed after it was signed');
  }
  const contentDigest = createHash(signer.digestAlgorithm).update(content).digest();
  if (signer.messageDigest !== undefined && !isSame(contentDigest, signer.messageDigest)) {
    throw signatureInvalid('its signature is over something else');
  }
  const certificate = certificates.find(({ serialNumber }) => serialNumber === signer.serialNumber);
  if (certificate === undefined) throw signatureInvalid('the certificate of its signer is missing');
  if (!isSignedBy(certificate, signer)) throw signatureInvalid('its signature is not by the one that it names');
  return { certificate, certificates };
}

function isSignedBy(certificate: X509Certificate, signer: SignedData['signer']): boolean {
  try {
    return verify(signer.digestAlgorithm, signer.signed, certificate.publicKey, signer.signature);
  } catch {
    // A key that OpenSSL does not know, or that is none.
    return false;
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
