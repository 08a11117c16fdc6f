import { X509Certificate } from 'node:crypto';
import * as asn1 from 'asn1js';
import { BootwrightError } from '../errors.ts';

/** Object identifiers as Node names digests. Authenticode uses SHA-256; older signatures may have SHA-1. */
const digestNames: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};
const oids = {
  signedData: '1.2.840.113549.1.7.2',
  indirectData: '1.3.6.1.4.1.311.2.1.4',
  messageDigest: '1.2.840.113549.1.9.4',
} as const;

/** Signatures have some ten kilobytes. */
const maxSignatureBytes = 1024 * 1024;
const limits = { maxNodes: 20_000, maxContentLength: maxSignatureBytes, parseEmbedded: false } as const;
const maxCertificates = 32;

/** A signature of a file, as it stands there: nothing in it was verified. */
export interface SignedData {
  /** What the signer says of the file: the Authenticode digest of its bytes. */
  readonly digest: { readonly algorithm: string; readonly value: Uint8Array };
  /** The bytes that `messageDigest` is over: the content without its own tag and length (PKCS #7 §9.3). */
  readonly content: Uint8Array;
  readonly certificates: readonly X509Certificate[];
  readonly signer: {
    /** Of its certificate, hexadecimal in capitals as Node has it. */
    readonly serialNumber: string;
    readonly digestAlgorithm: string;
    /** `messageDigest` among the signed attributes; absent where there are none, and `signed` is the content. */
    readonly messageDigest?: Uint8Array;
    /** The bytes that the signature is over. */
    readonly signed: Uint8Array;
    readonly signature: Uint8Array;
  };
}

/** Authenticode's SignedData (PKCS #7, RFC 2315 §9, with SpcIndirectDataContent), as far as firmware looks at it. */
const schema = new asn1.Sequence({
  value: [
    new asn1.ObjectIdentifier({ name: 'type' }),
    new asn1.Constructed({
      idBlock: { tagClass: 3, tagNumber: 0 },
      value: [
        new asn1.Sequence({
          value: [
            new asn1.Integer(),
            new asn1.Set({ value: [new asn1.Repeated({ value: new asn1.Any() })] }),
            new asn1.Sequence({
              value: [
                new asn1.ObjectIdentifier({ name: 'contentType' }),
                new asn1.Constructed({
                  idBlock: { tagClass: 3, tagNumber: 0 },
                  value: [
                    new asn1.Sequence({
                      name: 'content',
                      value: [
                        new asn1.Any(),
                        new asn1.Sequence({
                          value: [
                            new asn1.Sequence({
                              value: [
                                new asn1.ObjectIdentifier({ name: 'digestAlgorithm' }),
                                new asn1.Any({ optional: true }),
                              ],
                            }),
                            new asn1.OctetString({ name: 'digest' }),
                          ],
                        }),
                      ],
                    }),
                  ],
                }),
              ],
            }),
            new asn1.Constructed({
              optional: true,
              idBlock: { tagClass: 3, tagNumber: 0 },
              value: [new asn1.Repeated({ name: 'certificates', value: new asn1.Sequence() })],
            }),
            new asn1.Constructed({ optional: true, idBlock: { tagClass: 3, tagNumber: 1 } }),
            new asn1.Set({ value: [new asn1.Repeated({ name: 'signers', value: new asn1.Sequence() })] }),
          ],
        }),
      ],
    }),
  ],
});

const signerSchema = new asn1.Sequence({
  value: [
    new asn1.Integer(),
    new asn1.Sequence({ value: [new asn1.Any(), new asn1.Integer({ name: 'serialNumber' })] }),
    new asn1.Sequence({
      value: [new asn1.ObjectIdentifier({ name: 'digestAlgorithm' }), new asn1.Any({ optional: true })],
    }),
    new asn1.Constructed({ name: 'attributes', optional: true, idBlock: { tagClass: 3, tagNumber: 0 } }),
    new asn1.Any(),
    new asn1.OctetString({ name: 'signature' }),
    new asn1.Any({ optional: true }),
  ],
});

export function signatureInvalid(reason: string, cause?: unknown): BootwrightError {
  return new BootwrightError('SIGNATURE_INVALID', { reason }, { cause });
}

/** Reads the first signature of what a certificate table holds. Throws SIGNATURE_INVALID. */
export function decodeSignedData(bytes: Uint8Array): SignedData {
  try {
    return decode(bytes);
  } catch (error) {
    if (error instanceof BootwrightError) throw error;
    // asn1js and Node's own reader of certificates have errors of many kinds for what is damaged.
    throw signatureInvalid('it cannot be read', error);
  }
}

function decode(bytes: Uint8Array): SignedData {
  if (bytes.byteLength > maxSignatureBytes) throw signatureInvalid('it is larger than 1 MiB');
  const { result } = asn1.fromBER(bytes, limits);
  if (result.error !== '') throw signatureInvalid(result.error);
  const found = compare(result, schema);
  if (oidOf(found['type']) !== oids.signedData || oidOf(found['contentType']) !== oids.indirectData) {
    throw signatureInvalid('it is not of the kind that programs are signed with');
  }
  const certificates = listOf(found['certificates']);
  if (certificates.length > maxCertificates) throw signatureInvalid(`it has ${certificates.length} certificates`);
  // Firmware looks at the first signer only.
  const [signer] = listOf(found['signers']);
  if (signer === undefined) throw signatureInvalid('nobody signed it');
  const content = contentOf(found['content']);
  return {
    digest: { algorithm: digestOf(found['digestAlgorithm']), value: octetsOf(found['digest']) },
    content,
    certificates: certificates.map((each) => new X509Certificate(each.valueBeforeDecodeView)),
    signer: decodeSigner(signer, content),
  };
}

function decodeSigner(block: asn1.BaseBlock, content: Uint8Array): SignedData['signer'] {
  const found = compare(block, signerSchema);
  const serial = found['serialNumber'];
  if (!(serial instanceof asn1.Integer)) throw signatureInvalid('its signer has no number');
  const common = {
    serialNumber: hexOf(serial.valueBlock.valueHexView),
    digestAlgorithm: digestOf(found['digestAlgorithm']),
    signature: octetsOf(found['signature']),
  };
  const attributes = found['attributes'];
  if (!(attributes instanceof asn1.Constructed)) return { ...common, signed: content };
  const digest = attributes.valueBlock.value.find((each) => isAttribute(each, oids.messageDigest));
  const [, values] = digest instanceof asn1.Sequence ? digest.valueBlock.value : [];
  const [value] = values instanceof asn1.Set ? values.valueBlock.value : [];
  if (value === undefined) throw signatureInvalid('it does not say what it is over');
  // The attributes are signed as the set that they are, not under the tag that they have here (RFC 2315 §9.3).
  const signed = Uint8Array.from(attributes.valueBeforeDecodeView);
  signed[0] = 0x31;
  return { ...common, messageDigest: octetsOf(value), signed };
}

function compare(block: asn1.BaseBlock, to: asn1.BaseBlock): Readonly<Record<string, unknown>> {
  // What the schema names is put on the block itself.
  const { verified, result } = asn1.compareSchema(block, block, to);
  if (!verified) throw signatureInvalid('its parts are not those of a signature');
  return result as unknown as Record<string, unknown>;
}

function isAttribute(block: asn1.BaseBlock, oid: string): boolean {
  return block instanceof asn1.Sequence && oidOf(block.valueBlock.value[0]) === oid;
}

function oidOf(block: unknown): string | undefined {
  return block instanceof asn1.ObjectIdentifier ? block.valueBlock.toString() : undefined;
}

function digestOf(block: unknown): string {
  const oid = oidOf(block) ?? 'no name';
  const name = digestNames[oid];
  if (name === undefined) throw signatureInvalid(`it uses a digest that is not known here (${oid})`);
  return name;
}

function octetsOf(block: unknown): Uint8Array {
  if (block instanceof asn1.OctetString && !block.idBlock.isConstructed) return block.valueBlock.valueHexView;
  throw signatureInvalid('a part of it is missing');
}

function contentOf(block: unknown): Uint8Array {
  if (!(block instanceof asn1.Sequence)) throw signatureInvalid('it is over nothing');
  return block.valueBeforeDecodeView.subarray(block.idBlock.blockLength + block.lenBlock.blockLength);
}

function listOf(found: unknown): readonly asn1.BaseBlock[] {
  return Array.isArray(found) ? found : [];
}

/** As `X509Certificate.serialNumber` has it: without the zero that keeps a number positive. */
function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('hex')
    .toUpperCase()
    .replace(/^(00)+(?=..)/, '');
}
