import { chmod, copyFile, mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TlsFiles } from '../../src/http/tls-files.ts';
import { doubtsOf, readTlsMaterial } from '../../src/http/tls-material.ts';
import { watchTlsFiles } from '../../src/http/tls-renewal.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { type Authority, createAuthority, type Pair } from '../support/certificates.ts';
import { describeWith } from '../support/programs.ts';

const names = 'IP:127.0.0.1';

describeWith({ programs: ['openssl'] }, 'the files of HTTPS', () => {
  let folder: string;
  let authority: Authority;
  let first: Pair;
  let second: Pair;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bootwright-tls-'));
    authority = await createAuthority(folder);
    first = await authority.issue({ name: 'first', names });
    second = await authority.issue({ name: 'second', names, kind: 'ec' });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const file = (name: string) => join(folder, name);
  async function codeOf(files: TlsFiles): Promise<unknown> {
    return await readTlsMaterial(files).then(
      () => 'fine',
      ({ code }) => code,
    );
  }

  describe('what is read', () => {
    it('a certificate with RSA, and one with ECDSA', async () => {
      for (const { certificate, key, fingerprint } of [first, second]) {
        const material = await readTlsMaterial({ certificate, key });
        expect(material.certificate.fingerprint256).toBe(fingerprint);
      }
    });

    it('both in one file, and a key as older tools write it', async () => {
      const both = file('both.pem');
      await execa('sh', ['-c', `cat ${first.key} ${first.certificate} > ${both}`]);
      expect(await codeOf({ certificate: both, key: both })).toBe('fine');
      const old = file('old.key');
      await execa('sh', ['-c', `openssl ecparam -name prime256v1 > ${old}; openssl ec -in ${second.key} >> ${old}`]);
      expect(await codeOf({ certificate: second.certificate, key: old })).toBe('fine');
    });
  });

  describe('what is refused, by its code', () => {
    it('a file that is not there, a folder, a file that goes on and on', async () => {
      const long = file('long.pem');
      await writeFile(long, Buffer.alloc(1024 * 1024 + 1));
      for (const path of [file('none'), folder, long, '/dev/zero']) {
        expect(await codeOf({ ...first, certificate: path })).toBe('TLS_FILE_UNREADABLE');
        expect(await codeOf({ ...first, key: path })).toBe('TLS_FILE_UNREADABLE');
      }
    });

    it.each([
      ['', ''],
      ['text', 'text'],
      ['half a block', '-----BEGIN CERTIFICATE-----\nMIIB'],
      ['no ASN.1', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
    ])('no certificate: %s', async (name, text) => {
      const path = file(`no-certificate ${name}`);
      await writeFile(path, text);
      expect(await codeOf({ ...first, certificate: path })).toBe('TLS_NO_CERTIFICATE');
    });

    it('a certificate that stands where its key should', async () => {
      expect(await codeOf({ ...first, key: first.certificate })).toBe('TLS_NO_KEY');
    });

    it('a key behind a passphrase', async () => {
      const locked = file('locked.key');
      await execa('openssl', ['pkey', '-in', first.key, '-aes256', '-passout', 'pass:secret', '-out', locked]);
      expect(await codeOf({ ...first, key: locked })).toBe('TLS_KEY_ENCRYPTED');
    });

    it('the key of another certificate, and one whose certificate is not the first', async () => {
      const mixed = { certificate: first.certificate, key: second.key };
      await expect(readTlsMaterial(mixed)).rejects.toMatchObject({
        code: 'TLS_KEY_OF_ANOTHER',
        data: { found: 'to none in that file' },
      });
      const turned = file('turned.pem');
      await execa('sh', ['-c', `cat ${authority.certificate} ${first.certificate} > ${turned}`]);
      await expect(readTlsMaterial({ ...first, certificate: turned })).rejects.toThrow('number 2 in that file');
    });

    it('a key that is too short for TLS today', async () => {
      const [certificate, key] = [file('short.pem'), file('short.key')];
      const request = ['-x509', '-newkey', 'rsa:1024', '-nodes', '-subj', '/CN=short', '-keyout', key];
      await execa('openssl', ['req', ...request, '-out', certificate]);
      expect(await codeOf({ certificate, key })).toBe('TLS_UNUSABLE');
    });
  });

  describe('what is doubtful', () => {
    const day = 86_400_000;
    async function doubts(pair: Pair, inMs: number): Promise<string[]> {
      return doubtsOf(await readTlsMaterial(pair), pair, Date.now() + inMs).map(({ code }) => code);
    }

    it('a date that has passed, is near, or is to come', async () => {
      const expired = await authority.issue({ name: 'expired', names, days: -1 });
      const year = await authority.issue({ name: 'year', names, days: 365 });
      expect(await doubts(expired, 0)).toContain('TLS_EXPIRED');
      expect(await doubts(year, 0)).toEqual([]);
      expect(await doubts(year, 350 * day)).toEqual([]);
      expect(await doubts(year, 352 * day)).toEqual(['TLS_EXPIRES_SOON']);
      expect(await doubts(year, 366 * day)).toEqual(['TLS_EXPIRED']);
      expect(await doubts(year, -day)).toEqual(['TLS_NOT_YET_VALID']);
      // One that is for two days is not called late on its first.
      expect(await doubts(first, 0)).toEqual([]);
    });

    it('a key that everybody may read, but not one for a group', async () => {
      const pair = await authority.issue({ name: 'open', names, days: 365 });
      for (const [mode, expected] of [
        [0o600, []],
        [0o640, []],
        [0o644, ['TLS_KEY_EXPOSED']],
        [0o660, ['TLS_KEY_EXPOSED']],
      ] as const) {
        await chmod(pair.key, mode);
        expect(await doubts(pair, 0)).toEqual(expected);
      }
    });
  });

  describe('a renewal', () => {
    let live: string;
    let files: TlsFiles;
    let told: string[];
    let alarm: (() => void) | undefined;
    const clock = {
      ...systemClock,
      after(_: number, run: () => void) {
        alarm = run;
        return () => {
          alarm = undefined;
        };
      },
    };

    beforeEach(async () => {
      live = await mkdtemp(join(folder, 'live-'));
      files = { certificate: join(live, 'cert.pem'), key: join(live, 'key.pem') };
      told = [];
      await put(first);
    });

    async function put({ certificate, key }: Partial<Pair>): Promise<void> {
      for (const [from, to] of [
        [certificate, files.certificate],
        [key, files.key],
      ] as const) {
        if (from === undefined) continue;
        await copyFile(from, `${to}.new`);
        await rename(`${to}.new`, to);
      }
    }

    async function watch() {
      return watchTlsFiles({
        files,
        clock,
        material: await readTlsMaterial(files),
        renewed: ({ certificate }) => told.push(certificate.fingerprint256),
        refused: (error) => told.push((error as { code: string }).code),
      });
    }

    /** So many seconds pass. */
    async function pass(seconds: number): Promise<void> {
      for (let second = 0; second < seconds; second += 1) {
        const run = alarm;
        alarm = undefined;
        run?.();
        await expect.poll(() => alarm, { interval: 1 }).toBeDefined();
      }
    }

    it('is not told while nothing changes', async () => {
      await watch();
      await pass(5);
      expect(told).toEqual([]);
    });

    it('is told once both files have been left alone for a second', async () => {
      await watch();
      await put(second);
      await pass(1);
      expect(told).toEqual([]);
      await pass(3);
      expect(told).toEqual([second.fingerprint]);
    });

    it('goes unseen while it is half done, and is told when it is whole', async () => {
      await watch();
      await put({ certificate: second.certificate });
      await pass(1);
      await put({ key: second.key });
      await pass(3);
      expect(told).toEqual([second.fingerprint]);
    });

    it('that stays half done is told once, and made good later', async () => {
      await watch();
      await put({ key: second.key });
      await pass(5);
      expect(told).toEqual(['TLS_KEY_OF_ANOTHER']);
      await put({ certificate: second.certificate });
      await pass(3);
      expect(told).toEqual(['TLS_KEY_OF_ANOTHER', second.fingerprint]);
    });

    it('that was taken back is none', async () => {
      await watch();
      await put(second);
      await put(first);
      await pass(3);
      expect(told).toEqual([]);
    });

    it('by files that are gone for a while, or half written', async () => {
      await watch();
      await unlink(files.key);
      await pass(3);
      await writeFile(files.key, '-----BEGIN PRIVATE KEY-----\n');
      await pass(3);
      await put(second);
      await pass(3);
      expect(told).toEqual(['TLS_FILE_UNREADABLE', 'TLS_NO_KEY', second.fingerprint]);
    });

    it('by links that lead elsewhere, as certbot does it, and by a folder behind a link, as Kubernetes does', async () => {
      const archive = join(live, 'archive');
      await mkdir(join(archive, '1'), { recursive: true });
      await mkdir(join(archive, '2'));
      for (const [number, pair] of [first, second].entries()) {
        await copyFile(pair.certificate, join(archive, `${number + 1}`, 'cert.pem'));
        await copyFile(pair.key, join(archive, `${number + 1}`, 'key.pem'));
      }
      const lead = async (to: string, path: string) => {
        await symlink(to, `${path}.new`);
        await rename(`${path}.new`, path);
      };
      await lead('archive/1/cert.pem', files.certificate);
      await lead('archive/1/key.pem', files.key);
      const certbot = await watch();
      await lead('archive/2/cert.pem', files.certificate);
      await lead('archive/2/key.pem', files.key);
      await pass(3);
      expect(told).toEqual([second.fingerprint]);
      certbot.close();

      await lead('archive/2', join(live, '..data'));
      await lead('..data/cert.pem', files.certificate);
      await lead('..data/key.pem', files.key);
      await watch();
      await lead('archive/1', join(live, '..data'));
      await pass(3);
      expect(told).toEqual([second.fingerprint, first.fingerprint]);
    });

    it('is read at once where that is asked for', async () => {
      const renewal = await watch();
      expect(await renewal.read()).toBe('same');
      await put(second);
      expect(await renewal.read()).toBe('renewed');
      await put({ key: first.key });
      expect(await renewal.read()).toBe('refused');
      expect(told).toEqual([second.fingerprint, 'TLS_KEY_OF_ANOTHER']);
      // Nothing is said twice.
      await pass(3);
      expect(told.length).toBe(2);
    });
  });
});
