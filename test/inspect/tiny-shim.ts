import { tinyPe } from '../iso/tiny-pe.ts';

/** A section's bytes, as long as tools for signing want them to be. */
function padded(bytes: Uint8Array | string): Uint8Array {
  const content = Buffer.from(bytes as Uint8Array);
  return Buffer.concat([content, Buffer.alloc(-content.length & 511)]);
}

function sbatSection(lines: Readonly<Record<string, number>>) {
  const rest = Object.entries(lines).map(
    ([name, generation]) => `${name},${generation},Somebody,${name},1.0,https://…\n`,
  );
  return { name: '.sbat', bytes: padded(`sbat,1,SBAT Version,sbat,1,https://…\n${rest.join('')}`) };
}

const signatureTypes = {
  x509: 'a159c0a5e494a74a87b5ab155c2bf072',
  sha256: '2616c4c14c509240aca941f936934328',
} as const;

/** EFI_SIGNATURE_LIST with one entry. */
export function signatureList(type: keyof typeof signatureTypes, entry: Uint8Array): Uint8Array {
  const sizes = Buffer.alloc(12);
  sizes.writeUInt32LE(28 + 16 + entry.byteLength, 0);
  sizes.writeUInt32LE(16 + entry.byteLength, 8);
  return Buffer.concat([Buffer.from(signatureTypes[type], 'hex'), sizes, Buffer.alloc(16), entry]);
}

interface ShimParts {
  /** A certificate, or signature lists. */
  readonly trusted?: Uint8Array;
  /** Signature lists. */
  readonly revoked?: Uint8Array;
  readonly sbat?: Readonly<Record<string, number>>;
  /** What it asks for by itself, such as `sbat,1,2025021800\nshim,4\ngrub,5\n`. */
  readonly sbatLevel?: string;
}

/** An EFI program with what shim carries (cert.S, sbat_var.S), and no code. Section names are cut off, as sbsign does. */
export function tinyShim({
  trusted = Buffer.alloc(0),
  revoked = Buffer.alloc(0),
  sbat = { shim: 4 },
  sbatLevel,
}: ShimParts) {
  const table = Buffer.alloc(16);
  table.writeUInt32LE(trusted.byteLength, 0);
  table.writeUInt32LE(revoked.byteLength, 4);
  table.writeUInt32LE(16, 8);
  table.writeUInt32LE(16 + trusted.byteLength, 12);
  const level = Buffer.alloc(12);
  level.writeUInt32LE(8, 4);
  level.writeUInt32LE(8 + (sbatLevel?.length ?? 0) + 1, 8);
  const levels =
    sbatLevel === undefined ? [] : [{ name: '.sbatlev', bytes: padded(`${level.toString('latin1')}${sbatLevel}\0\0`) }];
  return tinyPe([
    { name: '.text', bytes: Buffer.alloc(512, 0x90) },
    { name: '.vendor_', bytes: padded(Buffer.concat([table, trusted, revoked])) },
    sbatSection(sbat),
    ...levels,
  ]);
}

/** Any other EFI program; without `sbat`, an old one. */
export function tinyProgram(sbat?: Readonly<Record<string, number>>, fill = 0x90): Uint8Array {
  const text = { name: '.text', bytes: Buffer.alloc(512, fill) };
  return tinyPe(sbat === undefined ? [text] : [text, sbatSection(sbat)]);
}
