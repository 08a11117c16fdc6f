import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

interface Wanted {
  /** Files `<name>.pem`, with the authority's certificate behind its own, and `<name>.key`. */
  readonly name: string;
  /** As openssl writes them: `IP:127.0.0.1,DNS:boot.test`. */
  readonly names: string;
  readonly kind?: 'rsa' | 'ec';
  /** Valid from now on for so many days; of one that has expired, a negative number. */
  readonly days?: number;
}

export interface Pair {
  readonly certificate: string;
  readonly key: string;
  /** SHA-256, as openssl shows it. */
  readonly fingerprint: string;
}

/** An authority that signs certificates of servers, made by openssl in a folder. */
export interface Authority {
  /** Its own certificate, PEM. */
  readonly certificate: string;
  issue(wanted: Wanted): Promise<Pair>;
}

const newKey = {
  rsa: ['-newkey', 'rsa:2048'],
  ec: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
} as const;

const openssl = (...args: readonly string[]) => execa('openssl', args);

export async function createAuthority(folder: string): Promise<Authority> {
  const certificate = join(folder, 'authority.pem');
  const key = join(folder, 'authority.key');
  const request = ['-x509', ...newKey.rsa, '-nodes', '-days', '2', '-subj', '/CN=Authority of a test'];
  await openssl('req', ...request, '-keyout', key, '-out', certificate);
  return {
    certificate,
    async issue({ name, names, kind = 'rsa', days = 2 }) {
      const pair = { certificate: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
      const asked = join(folder, `${name}.csr`);
      const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${names}`];
      await openssl('req', ...newKey[kind], '-nodes', ...subject, '-keyout', pair.key, '-out', asked);
      const signed = ['-days', String(days), '-copy_extensions', 'copy', '-CA', certificate, '-CAkey', key];
      await openssl('x509', '-req', '-in', asked, ...signed, '-out', pair.certificate);
      const { stdout } = await openssl('x509', '-in', pair.certificate, '-noout', '-fingerprint', '-sha256');
      await writeFile(pair.certificate, await readFile(certificate), { flag: 'a' });
      return { ...pair, fingerprint: stdout.split('=')[1] ?? '' };
    },
  };
}
