import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { manifestOfArchive } from '../../src/release/archive-manifest.ts';
import { type Compression, compressionOf } from '../../src/release/compression.ts';
import { formatManifest, type Manifest, type ManifestEntry, sortEntries } from '../../src/release/manifest.ts';
import { packTar } from '../../src/release/tar.ts';
import { describeWith } from '../support/programs.ts';
import { contentsOf, requireWhole, sha256, temporaryFolder } from './folder.ts';

const long = `artifacts/${'deep/'.repeat(30)}${'x'.repeat(120)}`;
const contents: Readonly<Record<string, string>> = {
  'boot/vmlinuz': 'kernel',
  'artifacts/größe/日本': 'UTF-8',
  'artifacts/with space and\ttab': 'x',
  'artifacts/empty': '',
  [long]: 'far away',
  [`${'p'.repeat(60)}/${'n'.repeat(60)}`]: 'a prefix',
  '-dash': 'dash',
};
const links: Readonly<Record<string, string>> = {
  'artifacts/link': '../boot/vmlinuz',
  'artifacts/größe/link': '../größe',
  'artifacts/far': long.slice('artifacts/'.length),
};

/** A folder as a build leaves it. */
function putRelease(folder: string): Manifest {
  const entries: ManifestEntry[] = [];
  const makeParent = (path: string) => mkdirSync(dirname(join(folder, path)), { recursive: true });
  for (const [path, content] of Object.entries(contents)) {
    makeParent(path);
    const mode = path === '-dash' ? 0o755 : 0o640;
    writeFileSync(join(folder, path), content, { mode });
    const sizeBytes = Buffer.byteLength(content);
    entries.push({ path, kind: 'file', mode: `0${mode.toString(8)}`, sizeBytes, sha256: sha256(Buffer.from(content)) });
  }
  for (const [path, target] of Object.entries(links)) {
    makeParent(path);
    symlinkSync(target, join(folder, path));
    entries.push({ path, kind: 'symlink', target });
  }
  const manifest: Manifest = {
    format: 1,
    id: 'packed-0123456789ab',
    name: 'packed',
    architecture: 'x64',
    loader: { boot: 'bootx64.efi', http: 'unknown' },
    kernels: ['boot/vmlinuz'],
    initrds: [],
    iso: null,
    liveUrl: null,
    entries: sortEntries(entries),
  };
  writeFileSync(join(folder, 'manifest.json'), formatManifest(manifest));
  return manifest;
}

/** An archive of that release, and where its parts are. */
async function packed(compression: Compression = 'none') {
  const here = temporaryFolder();
  const folder = join(here, 'release');
  mkdirSync(folder);
  const manifest = putRelease(folder);
  const archive = join(here, 'release.tar');
  await packTar(folder, manifest, archive, { compression });
  return { here, folder, manifest, archive, bytes: readFileSync(archive) };
}

describe('the name of an archive says how it is packed', () => {
  test.each([
    ['out.tar', 'none'],
    ['a.b/out.tar.gz', 'gzip'],
    ['OUT.TGZ', 'gzip'],
    ['out.1.2.tar.zst', 'zstd'],
    ['out.tzst', 'zstd'],
  ])('%s: %s', (path, compression) => {
    expect(compressionOf(path)).toBe(compression);
  });

  test.each(['out', 'out.zip', 'out.tar.xz', 'out.gz', 'tar', 'out.tar/'])('%s says nothing', (path) => {
    expect(() => compressionOf(path)).toThrow(expect.objectContaining({ code: 'OUTPUT_NAME_UNKNOWN' }));
  });
});

describe('an archive', () => {
  test('is the same within each compression', async () => {
    const { bytes } = await packed();
    expect(gunzipSync((await packed('gzip')).bytes).equals(bytes)).toBe(true);
    expect(zstdDecompressSync((await packed('zstd')).bytes).equals(bytes)).toBe(true);
  });

  test.each(['none', 'gzip', 'zstd'] as const)('has the same bytes whenever it is made (%s)', async (compression) => {
    const first = await packed(compression);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect((await packed(compression)).bytes.equals(first.bytes)).toBe(true);
  });

  test('by gzip tells neither when nor where it was made (RFC 1952)', async () => {
    const { bytes } = await packed('gzip');
    expect(bytes.subarray(0, 10).toString('hex')).toBe('1f8b08000000000000ff');
  });

  test('takes a file from elsewhere, so that a large one is not copied before', async () => {
    const { here, folder, manifest } = await packed();
    const image = join(here, 'image.iso');
    writeFileSync(image, 'an ISO');
    const iso = { path: 'live.iso', kind: 'file', mode: '0644', sizeBytes: 6, sha256: sha256(Buffer.from('an ISO')) };
    const whole = { ...manifest, entries: [...manifest.entries, iso as ManifestEntry] };
    const options = { compression: 'none', elsewhere: new Map([['live.iso', image]]) } as const;
    await packTar(folder, whole, join(here, 'with-iso.tar'), options);
    expect(execFileSync('tar', ['-xOf', join(here, 'with-iso.tar'), 'live.iso'], { encoding: 'utf8' })).toBe('an ISO');
    for (const changed of ['AN ISO', 'an ISO that grew', 'cut']) {
      writeFileSync(image, changed);
      const packing = packTar(folder, whole, join(here, `${changed}.tar`), options);
      await expect(packing).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
    }
  });
});

describe('an archive is known as ours', () => {
  test.each(['none', 'gzip', 'zstd'] as const)('by its manifest (%s)', async (compression) => {
    const { archive, manifest } = await packed(compression);
    expect(await manifestOfArchive(archive)).toEqual(manifest);
    // What comes after the manifest is not looked at.
    appendFileSync(archive, 'damage');
    expect(await manifestOfArchive(archive)).toEqual(manifest);
  });

  test.each<[string, (archive: Buffer) => Buffer]>([
    ['nothing', () => Buffer.alloc(0)],
    ['one byte', () => Buffer.from([0x1f])],
    ['text', () => Buffer.from('some text of the user\n'.repeat(100))],
    ['zeroes', () => Buffer.alloc(10_240)],
    ['gzip of other things', () => gzipSync('other things'.repeat(1000))],
    ['gzip that is cut off', (bytes) => gzipSync(bytes).subarray(0, 200)],
    ['zstd that is cut off', (bytes) => zstdCompressSync(bytes).subarray(0, 200)],
    ['gzip with wrong bytes', () => Buffer.concat([Buffer.from('1f8b0800', 'hex'), Buffer.alloc(1000, 0xff)])],
    ['zstd with wrong bytes', () => Buffer.concat([Buffer.from('28b52ffd', 'hex'), Buffer.alloc(1000, 0xff)])],
    ['a bomb', () => gzipSync(Buffer.alloc(64 * 1024 * 1024))],
    ['many frames of nothing', () => Buffer.concat(Array.from({ length: 20_000 }, () => zstdCompressSync('')))],
    ['a manifest as large as a disk', (bytes) => Buffer.from(bytes).fill('7'.repeat(11), 124, 135)],
    ['a manifest that is cut off', (bytes) => bytes.subarray(0, 900)],
  ])('and %s is not', async (_, make) => {
    const { here, bytes } = await packed();
    const path = join(here, 'other.tar');
    writeFileSync(path, make(bytes));
    await expect(manifestOfArchive(path)).rejects.toThrow();
  });
});

const readers = [
  ['tar', ['tar']],
  ['bsdtar', ['bsdtar']],
  ['busybox', ['busybox', 'tar']],
] as const;
const endings = { none: '.tar', gzip: '.tar.gz', zstd: '.tar.zst' } as const;

describe.each(readers)('%s', (program, [first, ...words]) => {
  const run = (args: readonly string[], cwd: string) =>
    execFileSync(first, [...words, ...args], { cwd, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } });

  describeWith({ programs: [program] }, 'reads an archive', () => {
    test('and unpacks all of it as it was, long names, UTF-8, modes and links', async () => {
      const { here, archive } = await packed();
      mkdirSync(join(here, 'unpacked'));
      run(['-xpf', archive], join(here, 'unpacked'));
      requireWhole(join(here, 'unpacked'));
      const folders = Object.entries(contentsOf(join(here, 'unpacked'))).filter(([path]) => path.endsWith('/'));
      expect(folders.map(([, mode]) => mode)).toEqual(folders.map(() => '0755'));
    });

    test('and lists it, the manifest first, each folder before what is in it', async () => {
      const { here, archive } = await packed();
      const names = run(['-tf', archive], here).trimEnd().split('\n');
      expect(names[0]).toBe('manifest.json');
      expect(names).not.toContain('PaxHeader');
      const seen = new Set(['.']);
      for (const name of names) {
        expect(seen).toContain(dirname(name));
        seen.add(name.replace(/\/$/, ''));
      }
      const verbose = run(['-tvf', archive], here);
      expect(verbose).toMatch(/^drwxr-xr-x .* artifacts\/$/m);
      expect(verbose).toMatch(/^-rwxr-xr-x .* -dash$/m);
      expect(verbose).toMatch(/^lrwxrwxrwx .* artifacts\/link -> \.\.\/boot\/vmlinuz$/m);
    });

    test.each(program === 'busybox' ? (['gzip'] as const) : (['gzip', 'zstd'] as const))(
      'that is compressed (%s)',
      async (compression) => {
        const { here, folder, manifest } = await packed();
        const archive = join(here, `release${endings[compression]}`);
        await packTar(folder, manifest, archive, { compression });
        const lines = run([compression === 'gzip' ? '-tzf' : '-tf', archive], here).split('\n');
        expect(lines).toContain('boot/vmlinuz');
      },
    );
  });
});
