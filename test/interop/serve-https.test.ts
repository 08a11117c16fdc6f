import { once } from 'node:events';
import { copyFile, mkdir, rename, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { numberedBytes } from '../support/boot-file-in-memory.ts';
import { bootwright, launch, makeFolders, type Serving } from '../support/bootwright.ts';
import { type Authority, createAuthority, type Pair } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { describeWith } from '../support/programs.ts';
import { writeRelease } from '../support/small-release.ts';

const address = '127.0.0.1';
/** More than the system keeps for a reader that is late. */
const iso = numberedBytes(30_000_000);

describeWith({ programs: ['curl', 'openssl'] }, 'HTTPS beside HTTP', () => {
  let folders: Awaited<ReturnType<typeof makeFolders>>;
  let authority: Authority;
  let rsa: Pair;
  let ec: Pair;
  let serving: Serving;
  let ports: { http: number; https: number };
  let live: { certificate: string; key: string };

  async function start(pair: { certificate: string; key: string }): Promise<Serving> {
    ports = { http: await freePort(), https: await freePort() };
    const config = [
      `address: ${address}`,
      `tftp: { port: ${await freePort()} }`,
      `http: { port: ${ports.http} }`,
      `https: { port: ${ports.https}, certificate: ${pair.certificate}, key: ${pair.key} }`,
    ];
    await writeFile(join(folders.folder, 'https.yaml'), config.join('\n'));
    return launch(folders.folder, ['--config', 'https.yaml']);
  }

  beforeAll(async () => {
    folders = await makeFolders();
    const { id } = await writeRelease(folders.root, 'live', { files: { 'live.iso': iso } });
    await bootwright(['activate', id, '--root', folders.root]);
    await mkdir(join(folders.folder, 'tls'));
    authority = await createAuthority(join(folders.folder, 'tls'));
    const names = `IP:${address},DNS:boot.test`;
    rsa = await authority.issue({ name: 'rsa', names });
    ec = await authority.issue({ name: 'ec', names, kind: 'ec' });
    live = { certificate: join(folders.folder, 'tls/live.pem'), key: join(folders.folder, 'tls/live.key') };
    await put(rsa);
    serving = await start(live);
    await serving.waitFor(({ msg }) => msg.startsWith('machines boot'));
  });
  afterAll(async () => {
    serving?.kill('SIGKILL');
    await serving?.ended;
    await folders?.remove();
  });
  beforeEach(async () => {
    const since = serving.lines.length;
    await put(rsa);
    if ((await fingerprint()) === rsa.fingerprint) return;
    await serving.waitFor(({ msg }) => msg.includes('is another one now'), since);
  });

  async function put({ certificate, key }: Partial<Pair>): Promise<void> {
    for (const [from, to] of [
      [certificate, live.certificate],
      [key, live.key],
    ] as const) {
      if (from === undefined) continue;
      await copyFile(from, `${to}.new`);
      await rename(`${to}.new`, to);
    }
  }

  const url = (path: string) => `https://${address}:${ports.https}${path}`;
  const curl = (...args: readonly string[]) =>
    execa('curl', ['-sS', '--max-time', '20', '--cacert', authority.certificate, ...args], {
      encoding: 'buffer',
      reject: false,
      stripFinalNewline: false,
    });

  /** What openssl says of a connection. */
  async function shake(...args: readonly string[]): Promise<string> {
    const about = ['-connect', `${address}:${ports.https}`, '-CAfile', authority.certificate, ...args];
    const { all } = await execa('openssl', ['s_client', ...about], { input: '', all: true, reject: false });
    return all;
  }

  /** Of the certificate that a new connection gets, as openssl shows it. */
  async function fingerprint(): Promise<string> {
    const { stdout } = await execa('openssl', ['x509', '-noout', '-fingerprint', '-sha256'], { input: await shake() });
    return stdout.split('=')[1] ?? '';
  }

  it('curl gets the same bytes over TLS as without, whole and in ranges, and the health', async () => {
    expect(Buffer.from((await curl(url('/live.iso'))).stdout).equals(iso)).toBe(true);
    const { stdout } = await curl('-r', '1000000-1000099', url('/live.iso'));
    expect(Buffer.from(stdout).equals(iso.subarray(1_000_000, 1_000_100))).toBe(true);
    for (const base of [url('/healthz'), `http://${address}:${ports.http}/healthz`]) {
      expect(JSON.parse(Buffer.from((await curl(base)).stdout).toString())).toMatchObject({ status: 'ok' });
    }
    const served = await serving.waitFor(({ msg }) => /live\.iso/.test(msg));
    expect(served).toMatchObject({ protocol: 'http', path: '/live.iso', outcome: 'complete' });
  });

  it('says at the start where, with which certificate, and until when', () => {
    const text = serving.lines.map(({ msg }) => msg).join('\n');
    expect(text).toContain(`HTTPS on ${address}:${ports.https}`);
    expect(text).toMatch(/the certificate of HTTPS: for 127\.0\.0\.1, boot\.test, rsa, valid until 20\d\d-/);
  });

  it('speaks TLS 1.2 and 1.3, not 1.1; HTTP/1.1 where a client would take HTTP/2; no new keys in between', async () => {
    expect(await shake('-tls1_3', '-verify_return_error')).toContain('Verify return code: 0 (ok)');
    expect(await shake('-tls1_2', '-alpn', 'h2,http/1.1')).toContain('ALPN protocol: http/1.1');
    expect(await shake('-tls1_1', '-cipher', 'ALL:@SECLEVEL=0')).toContain('alert protocol version');
    expect(await shake('-tls1_2')).toContain('Secure Renegotiation IS supported');
    await serving.waitFor(({ msg }) => msg === `${address} did not get through TLS: it speaks no TLS 1.2`);
  });

  // EDK2 until 2022: CryptoPkg/Library/OpensslLib without elliptic curves.
  it.each(['AES128-SHA256', 'AES256-SHA256', 'DHE-RSA-AES128-SHA256', 'DHE-RSA-AES256-SHA256'])(
    'firmware without elliptic curves gets %s with an RSA certificate',
    async (cipher) => {
      expect(await shake('-tls1_2', '-cipher', cipher)).toContain(`Cipher is ${cipher}`);
    },
  );

  it('who speaks plain HTTP to it is told so', async () => {
    const { stdout } = await curl(`http://${address}:${ports.https}/live.iso`);
    expect(Buffer.from(stdout).toString()).toBe('This port speaks HTTPS alone.\n');
  });

  it('another certificate is served without a restart; a download over the old one goes on and comes whole', async () => {
    const slow = curl('--limit-rate', '6M', '-w', '%{stderr}%{certs}', url('/live.iso'));
    expect(await fingerprint()).toBe(rsa.fingerprint);
    const since = serving.lines.length;
    await put(ec);
    await serving.waitFor(({ msg }) => msg.includes('is another one now: for 127.0.0.1, boot.test, ec'), since);
    expect(await fingerprint()).toBe(ec.fingerprint);
    expect(await shake('-verify_return_error')).toContain('Verify return code: 0 (ok)');
    // The old connection began before, and ends after it.
    expect(serving.lines.slice(since).some((line) => line.msg.includes('live.iso'))).toBe(false);
    const { stdout, stderr, exitCode } = await slow;
    expect(Buffer.from(stderr).toString()).toMatch(/^Subject:CN ?= ?rsa$/m);
    expect([exitCode, Buffer.from(stdout).equals(iso)]).toEqual([0, true]);
  });

  it('a pair that does not fit is not served; SIGHUP reads the files at once', async () => {
    let since = serving.lines.length;
    await put({ certificate: ec.certificate });
    serving.kill('SIGHUP');
    const refused = await serving.waitFor(({ msg }) => msg.startsWith('HTTPS goes on with the certificate'), since);
    expect(refused).toMatchObject({ level: 50, code: 'TLS_KEY_OF_ANOTHER' });
    expect(await fingerprint()).toBe(rsa.fingerprint);
    since = serving.lines.length;
    await put({ key: ec.key });
    serving.kill('SIGHUP');
    await serving.waitFor(({ msg }) => msg.includes('is another one now'), since);
    expect(await fingerprint()).toBe(ec.fingerprint);
  });

  it('hundreds that never finish their handshake do not keep others waiting', async () => {
    const sockets: Socket[] = [];
    for (let index = 0; index < 600; index += 1) {
      const socket = connect(ports.https, address);
      socket.on('error', () => {});
      // Some say nothing, others a part of the first record.
      if (index % 2 === 0) socket.write(Buffer.from([22, 3, 1, 2, 0, 1]));
      sockets.push(socket);
    }
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    const startedMs = Date.now();
    for (const base of [url('/healthz'), `http://${address}:${ports.http}/healthz`]) {
      expect((await curl(base)).exitCode).toBe(0);
    }
    expect(Date.now() - startedMs).toBeLessThan(2000);
    for (const socket of sockets) socket.destroy();
  });

  it('what does not serve at all ends the start with a reason; one that has expired is served with a warning', async () => {
    serving.kill('SIGTERM');
    await serving.ended;
    const wrong = await start({ certificate: rsa.certificate, key: ec.key });
    const { exitCode, stderr } = await wrong.ended;
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('TLS_KEY_OF_ANOTHER')]);

    const expired = await authority.issue({ name: 'expired', names: `IP:${address}`, days: -1 });
    serving = await start(expired);
    const warning = await serving.waitFor(({ msg }) => msg.includes('expired on'));
    expect(warning).toMatchObject({ level: 40, code: 'TLS_EXPIRED' });
    await serving.waitFor(({ msg }) => msg.startsWith('machines boot'));
    const { stderr: complaint } = await curl(url('/healthz'));
    expect(Buffer.from(complaint).toString()).toContain('certificate has expired');
    expect((await curl('-k', url('/healthz'))).exitCode).toBe(0);
  });
});
