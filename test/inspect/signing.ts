import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execaSync } from 'execa';

/** What `Signer` runs. */
export const signingPrograms = ['openssl', 'sbsign', 'sbverify'] as const;

/** Someone who signs EFI programs, with a certificate of their own or one that another one issued. */
interface Identity {
  readonly name: string;
  readonly key: string;
  readonly certificate: string;
  /** The certificate as firmware and shim hold it. */
  readonly der: Uint8Array;
}

/** Makes identities and signatures in a folder of its own, by the tools that distributions use. */
export class Signer {
  readonly #folder = mkdtempSync(join(tmpdir(), 'bootwright-signing-'));
  #count = 0;

  identity(name: string, issuer?: Identity): Identity {
    const [key, certificate, der] = ['key', 'pem', 'der'].map((end) => this.#path(end)) as [string, string, string];
    const common = ['-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate];
    const by = issuer === undefined ? [] : ['-CA', issuer.certificate, '-CAkey', issuer.key];
    execaSync('openssl', ['req', '-x509', ...common, '-subj', `/CN=${name}`, '-days', '30', ...by]);
    execaSync('openssl', ['x509', '-in', certificate, '-outform', 'der', '-out', der]);
    return { name, key, certificate, der: readFileSync(der) };
  }

  /** The program with one more signature; `more` are certificates to put beside that of the signer. */
  sign(program: Uint8Array, { key, certificate }: Identity, more: readonly Identity[] = []): Uint8Array {
    const [plain, signed] = [this.write(program), this.#path('efi')];
    const also = more.flatMap((each) => ['--addcert', each.certificate]);
    execaSync('sbsign', ['--key', key, '--cert', certificate, ...also, '--output', signed, plain]);
    return readFileSync(signed);
  }

  /** What another reader of signatures says: that this is the signer's, over this very program. */
  isVerifiedBySbverify(program: Uint8Array, { certificate }: Identity): boolean {
    const { exitCode } = execaSync('sbverify', ['--cert', certificate, this.write(program)], { reject: false });
    return exitCode === 0;
  }

  write(bytes: Uint8Array): string {
    const path = this.#path('efi');
    writeFileSync(path, bytes);
    return path;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #path(end: string): string {
    this.#count += 1;
    return join(this.#folder, `${this.#count}.${end}`);
  }
}
