import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Options } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { formatManifest, type Manifest } from '../../src/release/manifest.ts';
import { describeWith } from '../support/programs.ts';
import { serveAs, serveText } from './bad-server.ts';
import { makeSystem, type System, start } from './fetch-tools.ts';
import { contentsOf, sha256, temporaryFolder } from './folder.ts';

type Entries = Record<string, unknown>[];

function fileEntry(path: string, content: string | Uint8Array, changes: Record<string, unknown> = {}) {
  const bytes = Buffer.from(content);
  const known = { sizeBytes: bytes.length, mode: '0644', sha256: sha256(bytes), url: encodeURI(path) };
  return { path, kind: 'file', ...known, ...changes };
}

function manifestOf(entries: Entries): string {
  return formatManifest({
    format: 1,
    id: 'bad-0123456789ab',
    name: 'bad',
    architecture: 'x64',
    loader: { boot: 'bootx64.efi', http: 'unknown' },
    kernels: [],
    initrds: [],
    iso: null,
    liveUrl: null,
    entries: entries as Manifest['entries'],
  });
}

type Fetcher = [shell: 'dash' | 'busybox', fetcher: 'curl' | 'wget'];

const fetchers: readonly [Fetcher, Fetcher, Fetcher] = [
  ['dash', 'curl'],
  ['dash', 'wget'],
  ['busybox', 'wget'],
];

describeWith({ programs: ['dash', 'busybox', 'curl', 'wget', 'awk', 'sha256sum'] }, 'a server that is bad', () => {
  let here: string;
  let to: string;
  let close = () => {};
  const systems = new Map<string, System>();
  beforeEach(() => {
    here = temporaryFolder();
    to = join(here, 'out');
    systems.clear();
  });
  afterEach(() => close());

  async function run(
    args: readonly string[],
    url: string,
    [shell, fetcher]: Fetcher = fetchers[0],
    options: Options = {},
  ) {
    const key = shell + fetcher;
    const system = systems.get(key) ?? makeSystem(here, shell, fetcher);
    systems.set(key, system);
    return start({ system, args: ['--manifest', url, '--to', to, ...args], scratch: here, options });
  }

  const large = Buffer.alloc(600_000, 'large');

  /** Has one large file, and breaks the first transfer of it in the middle. */
  function breakOnce(canGoOn: boolean) {
    let isBroken = false;
    return serveAs((request, response) => {
      if (request.url === '/manifest.json') return void response.end(manifestOf([fileEntry('large', large)]));
      const from = canGoOn ? Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0) : 0;
      const head = { 'Content-Length': large.length - from };
      const range = { 'Content-Range': `bytes ${from}-${large.length - 1}/${large.length}` };
      response.writeHead(from > 0 ? 206 : 200, from > 0 ? { ...head, ...range } : head);
      if (isBroken) return void response.end(large.subarray(from));
      isBroken = true;
      response.write(large.subarray(0, 400_000), () => setTimeout(() => response.destroy(), 300));
    });
  }

  test.each(fetchers)('a transfer that breaks is gone on with (%s, %s)', async (...fetcher) => {
    const server = await breakOnce(true);
    close = server.close;
    const { exitCode, stderr } = await run(['large'], server.url, fetcher);
    expect(stderr).toContain('large: 600000 bytes');
    expect(exitCode).toBe(0);
    expect(server.asked[2]).toMatch(/^\/large bytes=[1-9]\d{4,}-$/);
    expect(readdirSync(to)).toEqual(['large']);
  });

  test.each(fetchers)('one that broke is gone on with by the next run (%s, %s)', async (...fetcher) => {
    const server = await breakOnce(true);
    close = server.close;
    expect((await run(['--tries', '1', 'large'], server.url, fetcher)).exitCode).toBe(1);
    expect(existsSync(join(to, 'large'))).toBe(false);
    expect((await run(['--tries', '1', 'large'], server.url, fetcher)).exitCode).toBe(0);
    expect(server.asked[3]).toMatch(/^\/large bytes=[1-9]\d{4,}-$/);
    expect(readFileSync(join(to, 'large')).equals(large)).toBe(true);
    expect(readdirSync(to)).toEqual(['large']);
  });

  test.each(fetchers)('a server without ranges is asked for the whole file again (%s, %s)', async (...fetcher) => {
    const server = await breakOnce(false);
    close = server.close;
    expect((await run(['large'], server.url, fetcher)).exitCode).toBe(0);
    expect(readFileSync(join(to, 'large')).equals(large)).toBe(true);
  });

  test('other bytes than the manifest says never get the name, and the rest is brought', async () => {
    const server = await serveAs((request, response) => {
      const entries = [fileEntry('bad', 'what it should be'), fileEntry('good', 'good')];
      response.end(request.url === '/manifest.json' ? manifestOf(entries) : (request.url ?? '').slice(1));
    });
    close = server.close;
    const { exitCode, stderr } = await run(['--tries', '2', '*'], server.url);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('bad: given up after 2 tries');
    expect(readdirSync(to)).toEqual(['good']);
  });

  test.each(fetchers)('a file that never ends does not fill the disk (%s, %s)', async (...fetcher) => {
    let sentBytes = 0;
    const server = await serveAs((request, response) => {
      if (request.url === '/manifest.json') return void response.end(manifestOf([fileEntry('endless', 'x')]));
      const piece = Buffer.alloc(65536);
      const send = () => {
        sentBytes += piece.length;
        if (!response.destroyed) response.write(piece, send);
      };
      send();
    });
    close = server.close;
    const { exitCode } = await run(['--tries', '1', 'endless'], server.url, fetcher);
    expect(exitCode).toBe(1);
    expect(sentBytes).toBeLessThan(64 * 1024 * 1024);
    expect(readdirSync(to)).toEqual([]);
  });

  test('a stop ends the transfer, and what came of it waits for the next run', async () => {
    const server = await serveAs((request, response) => {
      if (request.url === '/manifest.json') return void response.end(manifestOf([fileEntry('large', large)]));
      response.writeHead(200, { 'Content-Length': large.length });
      response.write(large.subarray(0, 400_000));
    });
    close = server.close;
    const stop = new AbortController();
    const running = run(['large'], server.url, fetchers[0], { cancelSignal: stop.signal });
    const sizes = () =>
      readdirSync(join(to, '.fetch-artifacts')).map((name) => statSync(join(to, '.fetch-artifacts', name)).size);
    await expect
      .poll(() => existsSync(to) && sizes(), { timeout: 5000 })
      .toEqual([expect.toSatisfy((bytes: number) => bytes > 300_000)]);
    stop.abort();
    const { exitCode } = await running;
    expect(exitCode).toBe(143);
    expect(contentsOf(to)).toMatchObject({ [`.fetch-artifacts/${sha256(large)}`]: expect.anything() });
    expect(sizes()).toHaveLength(1);
    expect(readdirSync(here).filter((name) => name.startsWith('tmp'))).toEqual([]);
  });

  test.each<[string, Entries]>([
    ['a path that climbs', [fileEntry('../victim', 'x')]],
    ['a path that climbs further in', [fileEntry('a/../../victim', 'x')]],
    ['an absolute path', [fileEntry('/tmp/victim', 'x')]],
    ['an empty path', [fileEntry('', 'x')]],
    ['a path that ends in a slash', [fileEntry('a/', 'x')]],
    ['a path with NUL', [fileEntry('a\0b', 'x')]],
    ['the folder of the script', [fileEntry('.fetch-artifacts/x', 'x')]],
    ['a link to an absolute path', [{ path: 'link', kind: 'symlink', target: '/etc' }]],
    ['a link that climbs out', [{ path: 'a/link', kind: 'symlink', target: '../../x' }]],
    ['a link that climbs out later', [{ path: 'a/b/link', kind: 'symlink', target: 'c/../../../../x' }]],
    ['a link that ends in ..', [{ path: 'link', kind: 'symlink', target: 'a/..' }]],
    ['a link to nothing', [{ path: 'link', kind: 'symlink', target: '' }]],
    ['a hash that is a path', [fileEntry('a', 'x', { sha256: `../../${'a'.repeat(58)}` })]],
    ['a hash that is too short', [fileEntry('a', 'x', { sha256: 'abc' })]],
    ['a mode with setuid', [fileEntry('a', 'x', { mode: '4755' })]],
    ['a mode that is a command', [fileEntry('a', 'x', { mode: '$(touch pwned)' })]],
    ['a size that is none', [fileEntry('a', 'x', { sizeBytes: -1 })]],
    ['a size beyond counting', [fileEntry('a', 'x', { sizeBytes: '9'.repeat(30) })]],
    ['a URL with a line end', [fileEntry('a', 'x', { url: 'a\nfile 0644 1 x y' })]],
    ['a URL with a space', [fileEntry('a', 'x', { url: 'a b' })]],
    ['another kind', [fileEntry('a', 'x', { kind: 'device' })]],
    ['a value with parts', [fileEntry('a', 'x', { more: { x: 1 } })]],
  ])('a manifest with %s is refused whole', async (_, entries) => {
    const server = await serveText(manifestOf([fileEntry('first', manifestOf([])), ...entries]));
    close = server.close;
    for (const fetcher of [fetchers[0], fetchers[2]]) {
      const { exitCode, stderr } = await run(['--tries', '1', '*'], server.url, fetcher);
      expect(stderr).toMatch(/line \d+ of the manifest/);
      expect(exitCode).toBe(4);
    }
    expect(readdirSync(here).sort()).toEqual(['busybox-wget', 'cmdline', 'dash-curl']);
  });

  test.each([
    ['nothing', ''],
    ['a page', '<html><body>Not found</body></html>'],
    ['another format', manifestOf([]).replace('"format": 1', '"format": 2')],
    ['half of one', manifestOf([fileEntry('a', 'x'), fileEntry('b', 'y')]).slice(0, 500)],
    ['one on a single line', JSON.stringify(JSON.parse(manifestOf([fileEntry('a', 'x')])))],
    ['bytes', Buffer.alloc(100_000, '\x01\xff"\\').toString('latin1')],
  ])('%s is no manifest', async (_, text) => {
    const server = await serveText(text);
    close = server.close;
    for (const fetcher of [fetchers[0], fetchers[2]]) {
      const { exitCode, stderr } = await run(['--tries', '1', '*'], server.url, fetcher);
      expect(exitCode).toBe(4);
      expect(stderr).toContain('manifest');
    }
    expect(existsSync(to)).toBe(false);
  });

  test('a link that is in the manifest leads no file of the manifest elsewhere', async () => {
    const entries = [{ path: 'a', kind: 'symlink', target: 'b' }, fileEntry('a/x', 'x'), fileEntry('b/y', 'y')];
    const server = await serveAs((request, response) => {
      response.end(request.url === '/manifest.json' ? manifestOf(entries) : (request.url ?? '').slice(-1));
    });
    close = server.close;
    expect((await run(['--tries', '1', '*'], server.url)).exitCode).toBe(1);
    expect(readdirSync(join(to, 'b'))).toEqual(['y']);
  });
});
