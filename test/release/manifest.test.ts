import { describe, expect, it, test } from 'vitest';
import { withUrls } from '../../src/release/artifact-urls.ts';
import { checkLiveUrl, joinUrl } from '../../src/release/live-url.ts';
import {
  formatManifest,
  liveImageOf,
  type ManifestEntry,
  parseManifest,
  releaseIdOf,
} from '../../src/release/manifest.ts';

const sha256 = '0123456789abcdef'.repeat(4);
const entries: ManifestEntry[] = [
  { path: 'boot/vmlinuz', kind: 'file', mode: '0644', sizeBytes: 6, sha256 },
  { path: 'boot/grub2/grub.cfg', kind: 'file', mode: '0644', sizeBytes: 6, sha256 },
  { path: 'artifacts/größe & (more)?.txt', kind: 'file', mode: '0600', sizeBytes: 6, sha256 },
  { path: 'live.iso', kind: 'file', mode: '0644', sizeBytes: 6, sha256 },
  { path: 'latest', kind: 'symlink', target: 'boot/vmlinuz' },
];

function urlsOf(withThem: readonly ManifestEntry[]): Record<string, string | undefined> {
  return Object.fromEntries(withThem.map((entry) => [entry.path, entry.kind === 'file' ? entry.url : undefined]));
}

describe('the manifest says where each file is', () => {
  it('from the manifest on, where it is not known yet what server will have it', () => {
    expect(urlsOf(withUrls(entries, {}))).toEqual({
      'boot/vmlinuz': 'boot/vmlinuz',
      'boot/grub2/grub.cfg': undefined,
      'artifacts/größe & (more)?.txt': 'artifacts/gr%C3%B6%C3%9Fe%20%26%20%28more%29%3F.txt',
      'live.iso': 'live.iso',
      latest: undefined,
    });
  });

  it('whole, where it is known', () => {
    expect(urlsOf(withUrls(entries, { folder: 'https://boot.example/My Images/' }))).toMatchObject({
      'boot/vmlinuz': 'https://boot.example/My%20Images/boot/vmlinuz',
      'artifacts/größe & (more)?.txt':
        'https://boot.example/My%20Images/artifacts/gr%C3%B6%C3%9Fe%20%26%20%28more%29%3F.txt',
    });
  });

  it('one by one, where only that of the ISO is known', () => {
    const files = { 'live.iso': 'http://boot.example/other.iso' };
    expect(urlsOf(withUrls(entries, { files }))).toMatchObject({
      'boot/vmlinuz': 'boot/vmlinuz',
      'live.iso': 'http://boot.example/other.iso',
    });
  });

  it.each(['a:b', 'http:', '?', '#', 'ä:ö', '%2e%2e/x'])('%s stays below the manifest', (path) => {
    const [entry] = withUrls([{ path, kind: 'file', mode: '0644', sizeBytes: 0, sha256 }], {});
    const { url = '' } = entry as { url?: string };
    const found = new URL(url, 'http://server/releases/x/manifest.json').href;
    expect(found.startsWith('http://server/releases/x/')).toBe(true);
    expect(decodeURIComponent(found.slice('http://server/releases/x/'.length))).toBe(path);
  });
});

describe('the id of a release', () => {
  it('is that of its content: where it lies, or how its entries are written down, changes nothing', () => {
    const id = releaseIdOf('My Image', entries);
    expect(id).toMatch(/^my-image-[0-9a-f]{12}$/);
    expect(releaseIdOf('My Image', withUrls(entries, {}))).toBe(id);
    expect(releaseIdOf('My Image', withUrls(entries, { folder: 'http://boot.example/' }))).toBe(id);
    const turned = entries.map((entry) => Object.fromEntries(Object.entries(entry).reverse()) as ManifestEntry);
    expect(releaseIdOf('My Image', turned.reverse())).toBe(id);
    const changed = entries.map((entry) => (entry.kind === 'file' ? { ...entry, mode: '0755' } : entry));
    expect(releaseIdOf('My Image', changed)).not.toBe(id);
  });

  it('is the one that earlier versions gave', () => {
    expect(releaseIdOf('x', entries)).toBe('x-8f141168fc06');
  });
});

describe('a manifest of an earlier version', () => {
  const earlier = {
    format: 1,
    id: 'tiny-0123456789ab',
    name: 'tiny',
    architecture: 'x64',
    loader: { boot: 'bootx64.efi', grub: 'grubx64.efi', http: 'built-in' },
    kernels: ['boot/vmlinuz'],
    initrds: [],
    iso: 'live.iso',
    liveUrl: null,
    entries,
  } as const;

  it('can be read, and boots its ISO', () => {
    const manifest = parseManifest(JSON.stringify(earlier), 'manifest.json');
    expect(manifest).toEqual(earlier);
    expect(liveImageOf(manifest)).toBe('live.iso');
  });

  it('and one of a later version too, with what is not known yet', () => {
    const later = { ...earlier, iso: null, live: 'liveos/rootfs.img', initramfs: 'bootstrap', other: { x: 1 } };
    const manifest = parseManifest(formatManifest(later as never), 'manifest.json');
    expect(liveImageOf(manifest)).toBe('liveos/rootfs.img');
  });

  it.each([
    ['live', '../x'],
    ['live', '/x'],
    ['initramfs', 'other'],
  ])('but not one whose %s is %s', (key, value) => {
    const wrong = JSON.stringify({ ...earlier, [key]: value });
    expect(() => parseManifest(wrong, 'm')).toThrow(expect.objectContaining({ code: 'MANIFEST_INVALID' }));
  });
});

describe('the URL of a live filesystem', () => {
  test.each(['http://h/rootfs.img', 'https://h:8443/a/squashfs', 'tftp://h/x.squashfs', 'nfs://h/x.iso/rootfs.img'])(
    '%s is one',
    (url) => {
      expect(checkLiveUrl(url, 'squashfs')).toBe(url);
    },
  );

  test.each([
    ['http://h/live.iso', 'LIVE_URL_NOT_SQUASHFS'],
    ['http://h/live.iso?x=rootfs.img', 'LIVE_URL_NOT_SQUASHFS'],
    ['http://h/images/', 'LIVE_URL_NOT_SQUASHFS'],
    ['http://h', 'LIVE_URL_NOT_SQUASHFS'],
    ['file:///rootfs.img', 'LIVE_URL_SCHEME'],
    ['rootfs.img', 'LIVE_URL_INVALID'],
  ])('%s is not: %s', (url, code) => {
    expect(() => checkLiveUrl(url, 'squashfs')).toThrow(expect.objectContaining({ code }));
  });

  it('lies below its base with all its folders', () => {
    expect(joinUrl('http://h/base/', 'live os/rootfs.img')).toBe('http://h/base/live%20os/rootfs.img');
  });
});
