import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { BootwrightError } from '../errors.ts';
import { readPem, stateOf, type TlsFiles } from './tls-files.ts';
import { tlsVersions } from './tls-versions.ts';

/** A certificate and its key, which fit together. */
export interface TlsMaterial {
  /** The certificate, and behind it those of its issuers; PEM. */
  readonly chain: string;
  /** PEM. */
  readonly key: string;
  /** The first of the chain. */
  readonly certificate: X509Certificate;
  /** The permissions of the key's file, as `chmod` has them. */
  readonly keyMode: number;
  /** What the files were before they were read: `stateOf`. */
  readonly state: string;
}

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

function readCertificates(path: string, text: string): readonly [X509Certificate, ...X509Certificate[]] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    const [first, ...others] = blocks.map((block) => new X509Certificate(block));
    if (first === undefined) throw new Error('no block in it begins with "-----BEGIN CERTIFICATE-----"');
    return [first, ...others];
  } catch (cause) {
    throw new BootwrightError('TLS_NO_CERTIFICATE', { path, reason: reasonOf(cause) }, { cause });
  }
}

function readKey(path: string, text: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch (cause) {
    // RFC 7468 §11, RFC 1421 §4.6.1.1. Node's own code for it depends on the form of the key.
    if (/^(-----BEGIN|Proc-Type:).*\bENCRYPTED\b/m.test(text)) {
      throw new BootwrightError('TLS_KEY_ENCRYPTED', { path }, { cause });
    }
    throw new BootwrightError('TLS_NO_KEY', { path, reason: reasonOf(cause) }, { cause });
  }
}

/**
 * Reads both files and holds them together. Throws TLS_FILE_UNREADABLE, TLS_NO_CERTIFICATE, TLS_NO_KEY,
 * TLS_KEY_ENCRYPTED, TLS_KEY_OF_ANOTHER or TLS_UNUSABLE.
 */
export async function readTlsMaterial(files: TlsFiles): Promise<TlsMaterial> {
  const state = await stateOf(files);
  const [chain, secret] = await Promise.all([readPem(files.certificate), readPem(files.key)]);
  const certificates = readCertificates(files.certificate, chain.text);
  const key = readKey(files.key, secret.text);
  const owner = certificates.findIndex((certificate) => certificate.checkPrivateKey(key));
  if (owner !== 0) {
    const found =
      owner === -1 ? 'to none in that file' : `to number ${owner + 1} in that file, which must be the first`;
    throw new BootwrightError('TLS_KEY_OF_ANOTHER', { ...files, found });
  }
  try {
    createSecureContext({ cert: chain.text, key: secret.text, ...tlsVersions });
  } catch (cause) {
    throw new BootwrightError('TLS_UNUSABLE', { path: files.certificate, reason: reasonOf(cause) }, { cause });
  }
  return { chain: chain.text, key: secret.text, certificate: certificates[0], keyMode: secret.mode, state };
}

/** What serves, but is hardly meant so: TLS_NOT_YET_VALID, TLS_EXPIRED, TLS_EXPIRES_SOON, TLS_KEY_EXPOSED. */
export function doubtsOf({ certificate, keyMode }: TlsMaterial, files: TlsFiles, nowMs: number): BootwrightError[] {
  const path = files.certificate;
  const [from, until] = [certificate.validFromDate, certificate.validToDate];
  const leftMs = until.getTime() - nowMs;
  // Who has certificates for a few days renews them in the last third.
  const soonMs = Math.min(14 * dayMs, (until.getTime() - from.getTime()) / 3);
  const doubts: BootwrightError[] = [];
  if (nowMs < from.getTime()) doubts.push(new BootwrightError('TLS_NOT_YET_VALID', { path, from: from.toISOString() }));
  if (leftMs < 0) doubts.push(new BootwrightError('TLS_EXPIRED', { path, until: until.toISOString() }));
  else if (leftMs < soonMs) doubts.push(new BootwrightError('TLS_EXPIRES_SOON', { path, until: until.toISOString() }));
  // The group may read it: certificates often belong to one of their own.
  if ((keyMode & 0o026) !== 0) {
    doubts.push(new BootwrightError('TLS_KEY_EXPOSED', { path: files.key, mode: `0${keyMode.toString(8)}` }));
  }
  return doubts;
}

export const dayMs = 86_400_000;
