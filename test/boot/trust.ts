import { X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAuthority } from '../support/certificates.ts';

/** EFI_CERT_X509_GUID, a5c059a1-94e4-4aa7-87b5-ab155c2bf072, as it is in memory. */
const x509 = Buffer.from('a159c0a5e494a74a87b5ab155c2bf072', 'hex');
/** Whoever put the certificate there: nobody asks. */
const owner = Buffer.alloc(16);

/** One certificate as EFI_SIGNATURE_LIST. UEFI 2.10, §32.4.1. */
function signatureList(certificate: Buffer): Buffer {
  const sizes = Buffer.alloc(12);
  sizes.writeUInt32LE(x509.length + sizes.length + owner.length + certificate.length, 0);
  sizes.writeUInt32LE(0, 4);
  sizes.writeUInt32LE(owner.length + certificate.length, 8);
  return Buffer.concat([x509, sizes, owner, certificate]);
}

/**
 * Makes `server.pem` and `server.key` for an address, and what OVMF is given to trust them: the path of the list.
 * OvmfPkg/Library/TlsAuthConfigLib.
 */
export async function makeTrusted(folder: string, address: string): Promise<string> {
  const authority = await createAuthority(folder);
  await authority.issue({ name: 'server', names: `IP:${address}` });
  const list = join(folder, 'trusted.esl');
  await writeFile(list, signatureList(new X509Certificate(await readFile(authority.certificate)).raw));
  return list;
}
