import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { activate, activeReleaseId } from '../../src/release/activate.ts';
import { ReleaseCatalog } from '../../src/release/catalog.ts';
import { type RootLayout, rootLayout } from '../../src/release/layout.ts';
import { parseManifest } from '../../src/release/manifest.ts';
import { publish } from '../../src/release/publish.ts';
import { tinyLiveOs } from '../support/tiny-liveos.ts';
import { contentsOf, requireWhole, temporaryFolder } from './folder.ts';

async function rootWith(...names: readonly string[]): Promise<{ layout: RootLayout; ids: string[] }> {
  const here = temporaryFolder();
  const layout = rootLayout(join(here, 'root'));
  const ids: string[] = [];
  for (const name of names) {
    const image = join(here, `${name}.iso`);
    writeFileSync(image, tinyLiveOs({ name }));
    ids.push((await publish(layout, { image, kernelArguments: [] })).manifest.id);
  }
  return { layout, ids };
}

test('a release that was published is served when it is active, and not before', async () => {
  const { layout, ids } = await rootWith('a', 'b');
  const catalog = new ReleaseCatalog(layout);
  expect(catalog.activeId).toBeUndefined();
  for (const id of [...ids, ids[0] as string]) {
    await activate(layout, id);
    expect(catalog.activeId).toBe(id);
  }
  expect(catalog.loaderOf(ids[1] as string)).toEqual({ file: 'bootx64.efi', architecture: 'x64' });
  expect(catalog.list().map(({ manifest }) => manifest.id)).toEqual(ids);
  expect(readdirSync(layout.root).sort()).toEqual(['.bootwright', 'active', 'releases']);
  expect(readdirSync(layout.staging)).toEqual([]);
});

test.each(['a-000000000000', '../root', '.', '..', '', 'a/b', '.bootwright', 'half'])(
  '"%s" is no release, and what is active stays',
  async (id) => {
    const { layout, ids } = await rootWith('a');
    mkdirSync(join(layout.releases, 'half/boot'), { recursive: true });
    await activate(layout, ids[0] as string);
    await expect(activate(layout, id)).rejects.toMatchObject({ code: 'RELEASE_NOT_FOUND', exitStatus: 2 });
    expect(activeReleaseId(layout)).toBe(ids[0]);
  },
);

test('whoever asks while another release becomes active always gets one of them', async () => {
  const { layout, ids } = await rootWith('a', 'b');
  await activate(layout, ids[0] as string);
  const seen = new Set<string | undefined>();
  for (let count = 0; count < 50; count += 1) {
    const switching = activate(layout, ids[count % 2] as string);
    const looking = setInterval(() => seen.add(activeReleaseId(layout)), 0);
    await switching;
    clearInterval(looking);
    seen.add(activeReleaseId(layout));
  }
  expect([...seen].sort()).toEqual([...ids].sort());
});

test('an active release that somebody removed is not active', async () => {
  const { layout, ids } = await rootWith('a');
  await activate(layout, ids[0] as string);
  rmSync(join(layout.releases, ids[0] as string), { recursive: true });
  expect(activeReleaseId(layout)).toBeUndefined();
});

test('publishing the same image again changes nothing', async () => {
  const { layout, ids } = await rootWith('a');
  const before = contentsOf(layout.releases);
  const image = join(layout.root, '../a.iso');
  const again = await publish(layout, { image, kernelArguments: [] });
  expect(again).toMatchObject({ already: true, manifest: { id: ids[0] } });
  expect(contentsOf(layout.releases)).toEqual(before);
  requireWhole(join(layout.releases, ids[0] as string));
});

test('folders among the releases that are none are not listed', async () => {
  const { layout, ids } = await rootWith('a');
  mkdirSync(join(layout.releases, 'notes'));
  symlinkSync(ids[0] as string, join(layout.releases, 'another-name'));
  writeFileSync(join(layout.releases, 'README.md'), 'x');
  expect(new ReleaseCatalog(layout).list().map(({ manifest }) => manifest.id)).toEqual(ids);
});

test.each(['../outside', '/etc/passwd', 'a/../../b', 'a\n/../b', '.', 'a//b', 'a/', '', 'a\0b'])(
  'a manifest with the path %j is none',
  (path) => {
    const manifest = {
      format: 1,
      id: 'a-000000000000',
      name: 'a',
      architecture: 'x64',
      loader: { boot: 'bootx64.efi', http: 'unknown' },
      kernels: [],
      initrds: [],
      iso: null,
      liveUrl: null,
    };
    const text = (entryPath: string) =>
      JSON.stringify({ ...manifest, entries: [{ path: entryPath, kind: 'symlink', target: 'x' }] });
    expect(parseManifest(text('a/b'), 'here').id).toBe('a-000000000000');
    expect(() => parseManifest(text(path), 'here')).toThrow(/here is no manifest of a release: \/entries\/0/);
  },
);

test('a manifest that is cut off is none, with the reason', () => {
  expect(() => parseManifest('{"format": 1', 'here')).toThrow(/here is no manifest of a release: .*JSON/);
});
