import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ResolveBootFile } from '../../src/boot/files.ts';
import { BootLedger } from '../../src/boot/ledger.ts';
import { madeFile } from '../../src/boot/made-file.ts';
import { createResolver } from '../../src/boot/resolve.ts';
import { activate } from '../../src/release/activate.ts';
import { ReleaseCatalog } from '../../src/release/catalog.ts';
import { rootLayout } from '../../src/release/layout.ts';
import type { Manifest } from '../../src/release/manifest.ts';
import { type SmallRelease, writeRelease } from '../support/small-release.ts';

const ours = '10.0.0.1';
const machine = '10.0.0.9';
const stranger = '10.0.0.77';

let root: string;
let old: SmallRelease;
let current: SmallRelease;
let catalog: ReleaseCatalog;
let ledger: BootLedger;
let resolve: ResolveBootFile;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'bootwright-resolve-'));
  await writeFile(join(root, 'secret'), 'a secret');
  old = await writeRelease(root, 'old');
  current = await writeRelease(root, 'new', {
    links: {
      kernel: 'boot/vmlinuz',
      'boot/again': '../kernel',
      'boot/raw.cfg': 'grub2/grub.cfg',
      grubs: 'boot/grub2',
      'boot/up': '../../../secret',
      'boot/here/up': '../../..',
      loop: 'pool',
      pool: 'loop',
      absolute: '/etc/passwd',
      self: '.',
      'DISC/Kernel': '../BOOT/VMLINUZ.OLD',
    },
    files: {
      'BOOT/VMLINUZ.OLD': 'an image of plain ISO9660',
      'bootwright/image.yaml': 'settings',
      'artifacts/line\nend?#%2F': 'a name',
    },
  });
  // On the disk, but not in the manifest.
  await writeFile(join(current.folder, 'unlisted'), 'not published');
  await symlink('/etc', join(current.folder, 'etc'));
  const layout = rootLayout(root);
  await activate(layout, current.id);
  catalog = new ReleaseCatalog(layout);
  ledger = new BootLedger([]);
  const request = {
    mac: 'm',
    address: machine,
    transaction: 1,
    firmware: 'efi-x64',
    vendorClass: 'PXEClient',
  } as const;
  ledger.decide(request, 0, () => ({ releaseId: old.id, bootFile: '', by: 'tftp' }));
  resolve = createResolver({ catalog, ledger, httpPort: 8080 });
});

afterAll(() => rm(root, { recursive: true }));

async function textOf(path: string, address = stranger, local = ours): Promise<string | undefined> {
  const file = await resolve(path, { protocol: 'http', address, local });
  if (file === undefined) return undefined;
  const source = await file.open();
  const bytes = Buffer.alloc(file.sizeBytes);
  await source.read(bytes, 0);
  await source.close();
  return bytes.toString('latin1');
}

describe("every place where a GRUB looks for its configuration has the machine's own", () => {
  it.each([
    ['grub.cfg', 'no prefix: beside the loader'],
    ['boot/grub2/grub.cfg', 'Azure Linux'],
    ['/boot/grub2/grub.cfg', 'Azure Linux over HTTP'],
    ['boot/grub/grub.cfg', 'grub-mknetdir'],
    ['grub/grub.cfg', 'signed netboot GRUB of Debian and Ubuntu'],
    ['/grub/x86_64-efi/grub.cfg', 'the same, second try'],
    ['grub2/grub.cfg', 'openSUSE'],
    ['EFI/fedora/grub.cfg', 'Fedora'],
    ['EFI/redhat/grub.cfg', 'RHEL'],
    ['EFI/azurelinux/grub.cfg', 'Azure Linux 4'],
    ['loaders/grub/grub.cfg', 'our own'],
    ['EFI/BOOT/grub.cfg', 'removable media'],
    ['efi/boot//grub.cfg', 'with a doubled slash'],
    ['x86_64-efi/grub.cfg', 'beside the loader, second try'],
  ])('%s (%s)', async (path) => {
    const rendered = await textOf('boot/grub2/grub.cfg', machine);
    expect(rendered).toContain(`/releases/${old.id}`);
    expect(rendered).toContain(`root=live:http://10.0.0.1:8080/releases/${old.id}/live.iso`);
    expect(rendered).not.toContain(current.id);
    expect(await textOf(path, machine)).toBe(rendered);
    expect(await textOf(`releases/${current.id}/${path}`, machine)).toContain(`/releases/${current.id}`);
  });

  it('names the server as the machine reached it, also over IPv6', async () => {
    const other = await textOf('grub.cfg', stranger, '10.2.0.1');
    expect(other).toContain('(http,10.2.0.1:8080)/releases/');
    expect(other).toContain('root=live:http://10.2.0.1:8080/');
    expect(other).not.toContain('10.0.0.1');
    const six = await textOf('grub.cfg', 'fd00::9', 'fd00::1');
    expect(six).toContain('root=live:http://[fd00::1]:8080/');
    expect(await textOf('grub.cfg')).toContain('(http,10.0.0.1:8080)/releases/');
  });

  it('that could not be read once is there as soon as it can be', async () => {
    const { id, folder } = await writeRelease(root, 'mended');
    const file = join(folder, 'boot/grub2/grub.cfg');
    const asker = { protocol: 'http', address: stranger, local: ours } as const;
    await rename(file, `${file}.away`);
    await expect(resolve(`releases/${id}/boot/grub2/grub.cfg`, asker)).rejects.toThrow('there is no file');
    await rename(`${file}.away`, file);
    expect(await resolve(`releases/${id}/boot/grub2/grub.cfg`, asker)).toBeDefined();
    await rm(folder, { recursive: true });
  });

  it('a link to it gives no raw one', async () => {
    const rendered = await textOf('grub.cfg');
    expect(await textOf('boot/raw.cfg')).toBe(rendered);
    expect(await textOf('grubs/grub.cfg')).toBe(rendered);
  });

  it.each(['grub.cfg-01-52-54-00-00-00-01', 'grub.cfg-0A000009', 'EFI/fedora/grub.cfg-0A', 'boot/grub2/grubx.cfg'])(
    '%s is not there, so that GRUB goes on to grub.cfg',
    async (path) => {
      expect(await textOf(path)).toBeUndefined();
    },
  );
});

it('root=live: names the live filesystem itself where the release has that and no ISO', async () => {
  const small = await writeRelease(root, 'small', { live: 'live os/rootfs.img' });
  const rendered = await textOf(`releases/${small.id}/grub.cfg`);
  expect(rendered).toContain(`root=live:http://10.0.0.1:8080/releases/${small.id}/live%20os/rootfs.img rd.live.image`);
  expect(await textOf(`releases/${small.id}/live os/rootfs.img`)).toBe('squashfs of small');
});

it.each([
  ['holds the whole system in the initrd', { fullOs: true }],
  ['has its live system somewhere else', { liveUrl: 'https://cdn.example/live.iso' }],
])('a system that %s is told where the manifest is', async (_, extras) => {
  const small = await writeRelease(root, 'elsewhere', extras);
  const rendered = await textOf(`releases/${small.id}/grub.cfg`);
  const manifest = `http://10.0.0.1:8080/releases/${small.id}/manifest.json`;
  expect(rendered).toMatch(new RegExp(`linux .* bootwright\\.manifest=${manifest.replaceAll('.', '\\.')}$`, 'm'));
  expect(rendered).not.toContain('releases/live.iso');
  expect(await textOf(`releases/${small.id}/manifest.json`)).toContain(small.id);
  expect(await textOf('boot/grub2/grub.cfg')).not.toContain('bootwright.manifest');
});

describe('what GRUB needs besides is found below each prefix', () => {
  const prefixes = ['boot/grub2', 'boot/grub', 'grub', 'grub2', 'EFI/fedora', 'EFI/BOOT'];
  it.each(prefixes)('%s', async (prefix) => {
    expect(await textOf(`${prefix}/grubenv`)).toBe('# environment of new');
    expect(await textOf(`${prefix}/fonts/unicode.pf2`)).toBe('font of new');
    expect(await textOf(`${prefix}/x86_64-efi/http.mod`)).toBe('module of new');
    expect(await textOf(`${prefix}/x86_64-efi/command.lst`)).toBeUndefined();
  });
});

describe('which release', () => {
  it('a machine gets the one that its boot is pinned to, everybody else the active one', async () => {
    expect(await textOf('boot/vmlinuz', machine)).toBe('kernel of old');
    expect(await textOf('boot/vmlinuz', stranger)).toBe('kernel of new');
  });

  it('a path that names a release gets that one', async () => {
    expect(await textOf(`releases/${current.id}/live.iso`, machine)).toBe('ISO of new');
    expect(await textOf(`releases/${old.id}/live.iso`, stranger)).toBe('ISO of old');
    expect(await textOf('releases/none-000000000000/live.iso')).toBeUndefined();
  });

  it('one that is removed while the server runs is no longer known', async () => {
    const removed = await writeRelease(root, 'removed');
    expect(catalog.get(removed.id)?.manifest.id).toBe(removed.id);
    await rm(removed.folder, { recursive: true });
    expect(catalog.get(removed.id)).toBeUndefined();
    expect(catalog.loaderOf(removed.id)).toBeUndefined();
  });

  it('a machine whose release somebody removed by hand gets the active one', async () => {
    const boot = { mac: 'm', addresses: [machine], transaction: 1, releaseId: 'gone-000000000000', decidedMs: 0 };
    const gone = new BootLedger([boot]);
    const other = createResolver({ catalog, ledger: gone, httpPort: 80 });
    const file = await other('boot/vmlinuz', { protocol: 'tftp', address: machine, local: ours });
    expect(file?.releaseId).toBe(current.id);
  });
});

describe('what is in no release', () => {
  const asker = { protocol: 'tftp', address: stranger, local: ours } as const;
  const there = new Map(
    ['loaders/grub-bios.0', 'loaders/raspberry-pi/start4.elf', 'loaders/raspberry-pi/bootcode.bin'].map((path) => [
      path,
      madeFile(path, Buffer.from(path)),
    ]),
  );
  const loaders = { open: async (path: string) => there.get(path) };

  it.each([
    ['loaders/grub-bios.0', 'loaders/grub-bios.0'],
    ['//loaders/grub-bios.0', 'loaders/grub-bios.0'],
    ['bootcode.bin', 'loaders/raspberry-pi/bootcode.bin'],
    ['12ab34cd/start4.elf', 'loaders/raspberry-pi/start4.elf'],
    ['dc-a6-32-01-02-03/start4.elf', 'loaders/raspberry-pi/start4.elf'],
  ])('%s is %s, also where no release is active', async (path, file) => {
    const empty = new ReleaseCatalog(rootLayout(join(root, 'nothing')));
    const other = createResolver({ catalog: empty, ledger, httpPort: 8080, loaders });
    expect(await other(path, asker)).toBe(there.get(file));
    expect(await other('12ab34cd/start.elf', asker)).toBeUndefined();
  });

  it('a path that climbs asks for no loader', async () => {
    const asked: string[] = [];
    const open = async (path: string) => void asked.push(path) as undefined;
    const other = createResolver({ catalog, ledger, httpPort: 8080, loaders: { open } });
    expect(await other('loaders/../../secret', asker)).toBeUndefined();
    expect(await other('12ab34cd/../../secret', asker)).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it('our own GRUB, which has HTTP, is told so whatever the GRUB of the release has, and gets TFTP where it asks by TFTP', async () => {
    const byHttp = await textOf('loaders/grub/grub.cfg');
    expect(byHttp).toContain('(http,10.0.0.1:8080)/releases/');
    const file = await resolve('loaders/grub/grub.cfg', asker);
    expect(file?.sha256).not.toBe((await resolve('loaders/grub/grub.cfg', { ...asker, protocol: 'http' }))?.sha256);
    const source = await file?.open();
    const bytes = Buffer.alloc(file?.sizeBytes ?? 0);
    await source?.read(bytes, 0);
    expect(bytes.toString()).toContain('(tftp,10.0.0.1)/releases/');
    expect(bytes.toString()).not.toContain('(http,');
    expect(await textOf('loaders/grub/grubenv')).toBe('# environment of new');
  });
});

describe('names as firmware writes them', () => {
  it.each(['//grubx64.efi', '/EFI/BOOT/GRUBX64.EFI', 'EFI/BOOT/grubx64.efi', './grubx64.efi'])('%s', async (path) => {
    expect(await textOf(path)).toBe('GRUB of new');
  });

  it('upper and lower case are told apart only where the release has both', async () => {
    expect(await textOf('boot/vmlinuz.old')).toBe('an image of plain ISO9660');
    expect(await textOf('disc/kernel')).toBe('an image of plain ISO9660');
    expect(await textOf('BOOT/VMLINUZ')).toBe(await textOf('boot/vmlinuz'));
  });

  it('the manifest is there', async () => {
    expect(JSON.parse((await textOf('manifest.json')) ?? '')).toMatchObject({ id: current.id });
  });

  it('every URL in the manifest leads to its file, whatever its name', async () => {
    const { entries } = JSON.parse((await textOf('manifest.json')) ?? '') as Manifest;
    for (const entry of entries) {
      if (entry.kind === 'symlink' || entry.url === undefined) continue;
      const url = new URL(entry.url, `http://10.0.0.1/releases/${current.id}/manifest.json`);
      const file = await resolve(decodeURIComponent(url.pathname), {
        protocol: 'http',
        address: stranger,
        local: ours,
      });
      expect(file).toMatchObject({ path: entry.path, sha256: entry.sha256 });
    }
    expect(entries.filter((entry) => entry.kind === 'file' && entry.url === undefined)).toMatchObject([
      { path: 'boot/grub2/grub.cfg' },
    ]);
  });

  it('the settings that a release was built with are there as they are', async () => {
    expect(await textOf('bootwright/image.yaml')).toBe('settings');
    expect(await textOf(`releases/${current.id}/bootwright/image.yaml`)).toBe('settings');
  });
});

describe('nothing but what the manifest lists', () => {
  it('links inside the release are followed, also those of folders', async () => {
    expect(await textOf('kernel')).toBe('kernel of new');
    expect(await textOf('boot/again')).toBe('kernel of new');
    expect(await textOf('self/self/boot/vmlinuz')).toBe('kernel of new');
  });

  it.each([
    'unlisted',
    'etc/passwd',
    'boot/up',
    'boot/here/up/secret',
    'loop',
    'absolute',
    'secret',
    'boot',
    'self',
    '',
    '..',
    '../secret',
    'boot/../../secret',
    'releases',
    'active/bootx64.efi',
    '.bootwright/state.db',
    'releases/../secret',
    'releases/../.bootwright/state.db',
    'bootx64.efi/x',
    'kernel/../secret',
    'bootx64.efi\0',
  ])('%j is not there', async (path) => {
    expect(await textOf(path)).toBeUndefined();
  });

  it('whatever is asked for, the answer is a file of the manifest, unchanged', async () => {
    const release = catalog.get(current.id);
    const listed = new Map(
      [...(release?.entries.values() ?? [])].flatMap((entry) =>
        entry.kind === 'file' ? [[entry.path, entry.sha256]] : [],
      ),
    );
    const made = new Set(['manifest.json', 'boot/grub2/grub.cfg']);
    const names = [...(release?.entries.keys() ?? [])].flatMap((path) => path.split('/'));
    const part = fc.oneof(
      fc.constantFrom(
        ...names,
        '..',
        '.',
        '',
        'releases',
        current.id,
        'active',
        'EFI',
        'secret',
        'etc',
        'unlisted',
        '%2e%2e',
        '\\',
        '\0',
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 7 }), async (parts) => {
        const file = await resolve(parts.join('/'), { protocol: 'http', address: stranger, local: ours });
        if (file === undefined) return;
        expect(made.has(file.path) || listed.get(file.path) === file.sha256).toBe(true);
        expect(file.releaseId).toBe(current.id);
      }),
      { numRuns: 3000, seed: 1 },
    );
  });
});
