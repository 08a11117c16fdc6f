import { execaSync } from 'execa';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BootwrightError } from '../../src/errors.ts';
import { authenticodeDigest, verifySignatures } from '../../src/inspect/authenticode.ts';
import { trustedBehind } from '../../src/inspect/certificates.ts';
import { decodeSignedData } from '../../src/inspect/signed-data.ts';
import { decodePe } from '../../src/iso/pe-layout.ts';
import { mutate, mutations } from '../iso/mutations.ts';
import { describeWith } from '../support/programs.ts';
import { Signer, signingPrograms } from './signing.ts';
import { tinyProgram } from './tiny-shim.ts';

function signersOf(program: Uint8Array): string[] {
  return verifySignatures(program, decodePe(program)).map(({ certificate }) => certificate.subject);
}

function flipped(program: Uint8Array, offset: number): Uint8Array {
  const bytes = Buffer.from(program);
  bytes[offset] = (bytes[offset] ?? 0) ^ 1;
  return bytes;
}

const program = tinyProgram({ grub: 5 });
const headersBytes = decodePe(program).headersBytes;

test('a program that nobody signed has no signatures', () => {
  expect(signersOf(program)).toEqual([]);
});

describeWith({ programs: signingPrograms }, 'a program that somebody signed', () => {
  const signer = new Signer();
  let root: ReturnType<Signer['identity']>;
  let signed: Uint8Array;

  beforeAll(() => {
    root = signer.identity('A CA of our own');
    signed = signer.sign(program, root);
  });
  afterAll(() => signer.remove());

  test('shows who did', () => {
    expect(signersOf(signed)).toEqual(['CN=A CA of our own']);
    expect(signer.isVerifiedBySbverify(signed, root)).toBe(true);
  });

  test('shows all of several', () => {
    const both = signer.sign(signed, signer.identity('Another one'));
    expect(signersOf(both)).toEqual(['CN=A CA of our own', 'CN=Another one']);
  });

  test.each([
    ['in its headers', 72],
    ['in its code', headersBytes + 100],
    ['in its SBAT data', headersBytes + 520],
  ])('and that was changed by one bit %s is refused, as by sbverify', (_, offset) => {
    const changed = flipped(signed, offset);
    expect(() => signersOf(changed)).toThrow('it was changed after it was signed');
    expect(signer.isVerifiedBySbverify(changed, root)).toBe(false);
  });

  test('and whose checksum was made anew is as good as before: it is no part of what is signed', () => {
    const changed = flipped(signed, decodePe(signed).checksumOffset);
    expect(signersOf(changed)).toEqual(['CN=A CA of our own']);
    expect(signer.isVerifiedBySbverify(changed, root)).toBe(true);
  });

  test('and that carries the signature of another program is refused', () => {
    const other = signer.sign(tinyProgram({ grub: 5 }, 0x91), root);
    const { certificates } = decodePe(signed);
    const at = certificates?.offset ?? 0;
    const forged = Buffer.concat([signed.subarray(0, at), other.subarray(at)]);
    expect(() => signersOf(forged)).toThrow('it was changed after it was signed');
  });

  test.each([
    ['is cut off', (bytes: Buffer) => bytes.subarray(0, -200), 'the table of signatures is cut off'],
    [
      'lies outside',
      (bytes: Buffer, at: number) => bytes.fill(0x7f, at + 3, at + 4),
      'the table of signatures is cut off',
    ],
    [
      'has entries without an end',
      (bytes: Buffer, _: number, table: number) => bytes.fill(0, table, table + 4),
      'damaged',
    ],
    [
      'is no signature',
      (bytes: Buffer, _: number, table: number) => bytes.fill(0, table + 8),
      'the signature does not hold',
    ],
  ])('and whose signature %s is refused', (_, change, message) => {
    const { certificates } = decodePe(signed);
    const bytes = change(Buffer.from(signed), certificates?.entryOffset ?? 0, certificates?.offset ?? 0);
    expect(() => signersOf(bytes)).toThrow(message);
  });

  test('is vouched for over certificates between', () => {
    const middle = signer.identity('In the middle', root);
    const leaf = signer.identity('The one who signs', middle);
    const [signature] = verifySignatures(...read(signer.sign(program, leaf, [middle])));
    const [direct] = verifySignatures(...read(signed));
    const trusted = direct?.certificate;
    if (signature === undefined || trusted === undefined) throw new Error('no signature');
    expect(trustedBehind(signature, [trusted])?.subject).toBe('CN=A CA of our own');
    const [alone] = verifySignatures(...read(signer.sign(program, leaf)));
    expect(alone && trustedBehind(alone, [trusted])).toBeUndefined();
    const [stranger] = verifySignatures(...read(signer.sign(program, signer.identity('A CA of our own'))));
    expect(stranger && trustedBehind(stranger, [trusted])).toBeUndefined();
  });

  test('spoiled anywhere, is refused or is still what was signed', () => {
    const digest = digestOf(signed);
    const property = fc.property(mutations, (list) => {
      const bytes = mutate(signed, list);
      try {
        if (signersOf(bytes).includes('CN=A CA of our own')) expect(digestOf(bytes)).toBe(digest);
      } catch (error) {
        expect(error).toBeInstanceOf(BootwrightError);
      }
    });
    fc.assert(property, { seed: 315, numRuns: 1500 });
  });

  test('with a signature spoiled anywhere, is refused by code', () => {
    const { certificates } = decodePe(signed);
    const pkcs7 = signed.subarray((certificates?.offset ?? 0) + 8);
    const property = fc.property(mutations, (list) => {
      try {
        decodeSignedData(mutate(pkcs7, list));
      } catch (error) {
        expect(error).toMatchObject({ code: 'SIGNATURE_INVALID' });
      }
    });
    fc.assert(property, { seed: 7, numRuns: 1500 });
  });

  describeWith({ programs: ['osslsigncode'] }, 'and read by osslsigncode', () => {
    test('has the digest that it computes', () => {
      const { stdout } = execaSync('osslsigncode', ['verify', '-CAfile', root.certificate, signer.write(signed)]);
      expect(stdout.toLowerCase()).toContain(`calculated message digest : ${digestOf(signed)}`);
    });
  });
});

describe('what was made to cost much', () => {
  test('sections that lie over one another are not hashed again and again', () => {
    const bytes = Buffer.alloc(64 * 1024);
    bytes.set(tinyProgram());
    const pe = decodePe(bytes);
    const section = { name: '.text', bytes, offset: 0, storedBytes: bytes.byteLength };
    const overlapping = { ...pe, sections: Array.from({ length: 90 }, () => section) };
    expect(() => authenticodeDigest(bytes, overlapping, 'sha256')).toThrow('overlap');
  });

  test('what is nested deeply, or is large, is no signature', () => {
    const deep = Buffer.concat(Array.from({ length: 200_000 }, () => Buffer.from('3080', 'hex')));
    const started = performance.now();
    expect(() => decodeSignedData(deep)).toThrow('the signature does not hold');
    expect(() => decodeSignedData(Buffer.alloc(2 * 1024 * 1024, 0x30))).toThrow('larger than 1 MiB');
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

function read(bytes: Uint8Array): [Uint8Array, ReturnType<typeof decodePe>] {
  return [bytes, decodePe(bytes)];
}

function digestOf(bytes: Uint8Array): string {
  return Buffer.from(authenticodeDigest(bytes, decodePe(bytes), 'sha256')).toString('hex');
}
