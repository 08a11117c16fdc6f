import { X509Certificate } from 'node:crypto';
import { hasCode } from '../errors.ts';
import type { PeLayout } from '../iso/pe-layout.ts';
import { decodeText } from '../iso/text.ts';
import { Reader } from '../wire/reader.ts';
import { parseSbatLevel, type SbatRule } from './revocations.ts';

/** What a shim brings with it to decide by. https://github.com/rhboot/shim */
export interface Shim {
  /** What GRUB and kernels must be signed by: its vendor's certificate, or a list of them. */
  readonly trusted: readonly X509Certificate[];
  /** SHA-256 digests (hexadecimal) of programs that it lets boot without a signature, and of such as it never does. */
  readonly trustedDigests: ReadonlySet<string>;
  readonly revokedDigests: ReadonlySet<string>;
  readonly revoked: readonly X509Certificate[];
  /** The generations that it will ask for at least by itself; absent in a shim before 15.7. */
  readonly sbatLevel?: readonly SbatRule[];
}

/** Types of EFI_SIGNATURE_LIST, as they stand in memory. UEFI 2.10 §32.4.1 */
const types = {
  x509: 'a159c0a5e494a74a87b5ab155c2bf072',
  sha256: '2616c4c14c509240aca941f936934328',
} as const;
/** A list has its type, its size, that of its header and that of each entry, which starts with its owner. */
const listHeaderBytes = 28;
const ownerBytes = 16;
/** Debian's has some four hundred. */
const maxEntries = 20_000;
const maxCertificates = 100;

interface Signers {
  readonly certificates: X509Certificate[];
  readonly digests: Set<string>;
}

/** What is in a shim; `undefined` where a program is none. What is damaged in it counts as not there. */
export function readShim({ sections }: PeLayout): Shim | undefined {
  const section = (wanted: string) => sections.find(({ name }) => name === wanted)?.bytes;
  // sbsign and others cut the name off.
  const vendor = section('.vendor_cert') ?? section('.vendor_');
  if (vendor === undefined) return undefined;
  const [authorized, deauthorized] = tablesOf(vendor).map(readSigners);
  const level = readLevel(section('.sbatlevel') ?? section('.sbatlev'));
  return {
    trusted: authorized?.certificates ?? [],
    trustedDigests: authorized?.digests ?? new Set(),
    revoked: deauthorized?.certificates ?? [],
    revokedDigests: deauthorized?.digests ?? new Set(),
    ...(level !== undefined && { sbatLevel: level }),
  };
}

/** Runs what reads a part of it; what is damaged is as if it were not there. */
function whereWhole<Result>(read: () => Result, otherwise: Result): Result {
  try {
    return read();
  } catch (error) {
    if (hasCode(error, 'WIRE_TRUNCATED')) return otherwise;
    throw error;
  }
}

/** Two tables, whom to trust and whom never: their sizes, then where they are (shim, cert.S). */
function tablesOf(section: Uint8Array): Uint8Array[] {
  return whereWhole(() => {
    const reader = new Reader(section);
    const [authorizedBytes, deauthorizedBytes] = [reader.u32LE(), reader.u32LE()];
    const [authorizedOffset, deauthorizedOffset] = [reader.u32LE(), reader.u32LE()];
    return [
      reader.seek(authorizedOffset).take(authorizedBytes),
      reader.seek(deauthorizedOffset).take(deauthorizedBytes),
    ];
  }, []);
}

/** One certificate as it is, or lists of certificates and digests as firmware has them. */
function readSigners(table: Uint8Array): Signers {
  const signers: Signers = { certificates: [], digests: new Set() };
  if (table[0] === 0x30) addCertificate(signers, table);
  else whereWhole(() => readLists(new Reader(table), signers), undefined);
  return signers;
}

function readLists(reader: Reader, signers: Signers): void {
  let count = 0;
  while (reader.remaining >= listHeaderBytes) {
    const start = reader.offset;
    const type = Buffer.from(reader.take(16)).toString('hex');
    const [listBytes, headerBytes, entryBytes] = [reader.u32LE(), reader.u32LE(), reader.u32LE()];
    if (listBytes < listHeaderBytes || entryBytes <= ownerBytes) return;
    const list = new Reader(reader.seek(start).take(listBytes)).seek(listHeaderBytes).skip(headerBytes);
    while (list.remaining >= entryBytes && count++ < maxEntries) {
      const entry = list.take(entryBytes).subarray(ownerBytes);
      if (type === types.x509) addCertificate(signers, entry);
      if (type === types.sha256) signers.digests.add(Buffer.from(entry).toString('hex'));
    }
  }
}

function addCertificate({ certificates }: Signers, bytes: Uint8Array): void {
  if (certificates.length >= maxCertificates) return;
  try {
    certificates.push(new X509Certificate(bytes));
  } catch {
    // One that OpenSSL cannot read vouches for nothing.
  }
}

/** Two texts, each ended by a zero: what a shim asks for by itself, and what it can be told to (shim, sbat_var.S). */
function readLevel(section: Uint8Array | undefined): readonly SbatRule[] | undefined {
  if (section === undefined) return undefined;
  return whereWhole(() => {
    const offset = 4 + new Reader(section).seek(4).u32LE();
    const text = decodeText(new Reader(section).seek(offset).rest());
    return parseSbatLevel(text.replace(/\0.*$/s, ''));
  }, undefined);
}
