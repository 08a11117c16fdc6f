import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { get } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { BootEvent } from '../../src/boot/timeline.ts';
import { BlockCache } from '../../src/http/block-cache.ts';
import { type HttpServer, startHttpServer } from '../../src/http/server.ts';
import { readTlsMaterial, type TlsMaterial } from '../../src/http/tls-material.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { bootFileInMemory, numberedBytes } from '../support/boot-file-in-memory.ts';
import { createAuthority } from '../support/certificates.ts';
import { describeWith } from '../support/programs.ts';

const host = '127.0.0.1';
/** More than the sockets of both sides take in. */
const content = numberedBytes(16 * 1024 * 1024);

describeWith({ programs: ['openssl'] }, 'a server of HTTPS', () => {
  let folder: string;
  let ca: Buffer;
  let material: TlsMaterial;
  let other: TlsMaterial;
  let server: HttpServer;
  const events: BootEvent[] = [];
  const failures: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bootwright-https-'));
    const authority = await createAuthority(folder);
    ca = await readFile(authority.certificate);
    material = await readTlsMaterial(await authority.issue({ name: 'one', names: `IP:${host}` }));
    other = await readTlsMaterial(await authority.issue({ name: 'other', names: `IP:${host}`, kind: 'ec' }));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  beforeEach(async () => {
    events.length = 0;
    failures.length = 0;
    server = await startHttpServer({
      address: host,
      port: 0,
      resolve: async () => bootFileInMemory('file', content),
      report: (event) => events.push(event),
      clock: systemClock,
      cache: new BlockCache(4 * 1024 * 1024),
      health: () => ({ activeRelease: null }),
      tls: { material, failed: (address, reason) => failures.push(`${address}: ${reason}`) },
    });
  });
  afterEach(() => server.close(0));

  /** A connection that has asked for the file and takes nothing of it. */
  async function stall(): Promise<TLSSocket> {
    const socket = connectTls({ host, port: server.port, ca });
    await once(socket, 'secureConnect');
    socket.on('error', () => {}).pause();
    socket.write('GET /file HTTP/1.1\r\nHost: x\r\n\r\n');
    await sleep(100);
    return socket;
  }

  async function fingerprint(): Promise<string> {
    const socket = connectTls({ host, port: server.port, ca });
    await once(socket, 'secureConnect');
    const { fingerprint256 } = socket.getPeerCertificate();
    socket.destroy();
    return fingerprint256;
  }

  it('sends a file whole, and says that it went by HTTP', async () => {
    const [response] = await once(get({ host, port: server.port, path: '/file', ca, agent: false }), 'response');
    expect(Buffer.concat(await response.toArray()).equals(content)).toBe(true);
    await expect.poll(() => events).toMatchObject([{ protocol: 'http', address: host, outcome: 'complete' }]);
  });

  it('a machine that was switched off in the middle of a file has no connection any more once it starts anew', async () => {
    const socket = await stall();
    const errors: NodeJS.ErrnoException[] = [];
    socket.on('error', (error) => errors.push(error));
    server.forget([host]);
    await expect.poll(() => events).toMatchObject([{ outcome: 'aborted' }]);
    const closed = once(socket, 'close').catch(() => {});
    socket.resume();
    await closed;
    expect(errors.map(({ code }) => code)).toEqual(['ECONNRESET']);
  });

  it('new connections get the new certificate, and a file that is being sent goes on', async () => {
    const socket = await stall();
    expect(await fingerprint()).toBe(material.certificate.fingerprint256);
    server.renew(other);
    expect(await fingerprint()).toBe(other.certificate.fingerprint256);
    let bytes = 0;
    socket.on('data', (data: Buffer) => {
      bytes += data.length;
    });
    socket.resume();
    await expect.poll(() => bytes, { timeout: 5000 }).toBeGreaterThan(content.length);
    socket.destroy();
  });

  it('closing waits for nobody who is still in his handshake, and not longer than it may for a reader', async () => {
    const silent = connect(server.port, host);
    silent.on('error', () => {});
    await once(silent, 'connect');
    await stall();
    const startedMs = Date.now();
    await server.close(400);
    expect(Date.now() - startedMs).toBeGreaterThan(300);
    expect(Date.now() - startedMs).toBeLessThan(2000);
    silent.destroy();
  });

  it('tells who did not trust it, and nothing of those who only look whether the port is open', async () => {
    const look = connect(server.port, host);
    await once(look, 'connect');
    look.destroy();
    const about = ['-connect', `${host}:${server.port}`, '-verify_return_error'];
    await execa('openssl', ['s_client', ...about], { input: '', reject: false });
    await expect.poll(() => failures).toEqual([`${host}: it does not know who issued the certificate`]);
    const half = connect(server.port, host);
    half.write(Buffer.from([22, 3, 1, 2, 0, 1]));
    await sleep(100);
    half.destroy();
    await expect.poll(() => failures.at(-1)).toBe(`${host}: it hung up, or never finished`);
  });
});
