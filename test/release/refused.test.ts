import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { ErrorCode } from '../../src/errors.ts';
import { deliver } from '../../src/release/deliver.ts';
import type { BuildRequest } from '../../src/release/request.ts';
import { cpioArchive } from '../iso/cpio-archive.ts';
import { pxeConfig, tinyLiveOs } from '../support/tiny-liveos.ts';
import { tinyInitrd, tinyLoader } from '../support/tiny-programs.ts';
import { namedFile, namedLink, type Parts } from '../support/tiny-tree.ts';
import { contentsOf, temporaryFolder } from './folder.ts';

interface Refusal {
  readonly code: ErrorCode;
  readonly exitStatus: number;
  readonly message?: string | RegExp;
}

const outputs = { 'pxe-dir': 'out', 'pxe-tar': 'out.tar', iso: 'image.iso' } as const;

/** Builds, and looks that it is refused so and that nothing is left. */
async function expectRefused(iso: Uint8Array | string, refusal: Refusal, request: Partial<BuildRequest> = {}) {
  const here = temporaryFolder();
  const image = join(here, 'image.iso');
  writeFileSync(image, iso);
  const before = contentsOf(here);
  for (const format of ['pxe-dir', 'pxe-tar', 'iso'] as const) {
    const output = join(here, 'new/folders', outputs[format]);
    const building = deliver({ image, kernelArguments: [], ...request }, output, format);
    const { message = /./, ...rest } = refusal;
    await expect(building).rejects.toMatchObject(rest);
    await expect(building).rejects.toThrow(message);
    expect(contentsOf(here)).toEqual(before);
  }
}

const image = 3;
const usage = 2;

test('a file that is no ISO', async () => {
  await expectRefused('hello, this is a text\n'.repeat(10_000), { code: 'ISO_NOT_ISO9660', exitStatus: image });
  await expectRefused('', { code: 'ISO_NOT_ISO9660', exitStatus: image });
});

test.each([0.5, 0.8, 0.99])('an ISO of which only a share of %d arrived', async (share) => {
  const whole = tinyLiveOs();
  const cut = whole.subarray(0, Math.floor(whole.length * share));
  await expectRefused(cut, { code: 'ISO_TRUNCATED', exitStatus: image, message: String(whole.length) });
});

const withoutLivenet = tinyInitrd(['base', 'dmsquash-live']);
const withoutDmsquash = tinyInitrd(['base', 'livenet']);

test.each<[string, Parts, ErrorCode, string]>([
  ['no kernel', { 'boot/vmlinuz': null }, 'IMAGE_NO_KERNEL', '/boot/vmlinuz'],
  ['no initrd', { 'boot/initrd.img': null }, 'IMAGE_NO_INITRD', '/boot/initrd.img'],
  ['no loader', { 'EFI/BOOT/BOOTX64.EFI': null }, 'IMAGE_NO_LOADER', 'bootx64.efi'],
  ['no GRUB beside shim', { 'EFI/BOOT/grubx64.efi': null }, 'IMAGE_NO_GRUB', 'grubx64.efi'],
  ['a loader that is a text', { 'EFI/BOOT/BOOTX64.EFI': 'hello' }, 'IMAGE_LOADER_INVALID', 'BOOTX64.EFI'],
  [
    'a loader for another machine',
    { 'EFI/BOOT/grubx64.efi': tinyLoader('arm64', []) },
    'IMAGE_LOADER_INVALID',
    'it is for arm64, not for x64',
  ],
  [
    'no configuration',
    { 'boot/grub2/grub-pxe.cfg': null, 'boot/grub2/grub.cfg': null },
    'IMAGE_NO_GRUB_CONFIG',
    'boot/grub2/grub-pxe.cfg',
  ],
  [
    'a menu that boots nothing',
    { 'boot/grub2/grub-pxe.cfg': 'set timeout=5\nblscfg\n' },
    'IMAGE_NOTHING_TO_BOOT',
    'no entry of boot/grub2/grub-pxe.cfg',
  ],
  [
    'the menu of an installer that needs its packages',
    {
      'liveos/rootfs.img': null,
      'boot/grub2/grub-pxe.cfg': `menuentry 'Install' {
  linux /boot/vmlinuz inst.stage2=hd:LABEL=Fedora-S-dvd-x86_64-40 quiet
  initrd /boot/initrd.img
}
`,
    },
    'IMAGE_FAMILY_UNSUPPORTED',
    'Anaconda',
  ],
  [
    'a menu that boots something else',
    { 'boot/grub2/grub-pxe.cfg': "menuentry 'a' {\n linux /boot/vmlinuz quiet\n initrd /boot/initrd.img\n}\n" },
    'IMAGE_NOTHING_LIVE',
    'no entry of boot/grub2/grub-pxe.cfg boots it',
  ],
  ['a menu that is cut off', { 'boot/grub2/grub-pxe.cfg': 'menuentry "a" {\n' }, 'GRUB_CONFIG_MALFORMED', 'line'],
  ['a huge menu', { 'boot/grub2/grub-pxe.cfg': '#'.repeat(5_000_000) }, 'IMAGE_CONFIG_TOO_LARGE', 'grub-pxe.cfg'],
  ['an initrd without livenet', { 'boot/initrd.img': withoutLivenet }, 'INITRD_MODULE_MISSING', "'livenet'"],
  [
    'an initrd without dmsquash-live',
    { 'boot/initrd.img': withoutDmsquash },
    'INITRD_MODULE_MISSING',
    "'dmsquash-live'",
  ],
  [
    "the initrd of Debian's live systems",
    { 'boot/initrd.img': cpioArchive([{ path: 'scripts/live' }]) },
    'IMAGE_FAMILY_UNSUPPORTED',
    'Debian live',
  ],
  [
    'an initrd of Ubuntu and no live system in a known place',
    { 'boot/initrd.img': cpioArchive([{ path: 'scripts/casper' }]), 'liveos/rootfs.img': null },
    'IMAGE_FAMILY_UNSUPPORTED',
    'Ubuntu',
  ],
  ['an initrd that is none', { 'boot/initrd.img': 'hello' }, 'INITRD_NOT_CPIO', 'initrd'],
])('an image with %s', async (_, changes, code, message) => {
  await expectRefused(tinyLiveOs(changes), { code, exitStatus: image, message });
});

test.each<[string, ErrorCode, string]>([
  ['gopher://h/image.iso', 'LIVE_URL_SCHEME', 'gopher'],
  ['HTTP://h/image.iso', 'LIVE_URL_SCHEME', 'HTTP'],
  ['file:///srv/image.iso', 'LIVE_URL_SCHEME', 'file'],
  ['http://h/image.img', 'LIVE_URL_NOT_ISO', 'image.img'],
  ['http://h/image.ISO', 'LIVE_URL_NOT_ISO', 'image.ISO'],
  ['http://h/', 'LIVE_URL_NOT_ISO', 'http://h/'],
  ['http:/h/image.iso', 'LIVE_URL_INVALID', 'http:/h/image.iso'],
  ['image.iso', 'LIVE_URL_INVALID', 'image.iso'],
  ['http://', 'LIVE_URL_INVALID', 'http://'],
  ['http://h/image.iso ', 'LIVE_URL_INVALID', '"http://h/image.iso "'],
])('the URL %s', async (isoUrl, code, message) => {
  await expectRefused(tinyLiveOs(), { code, exitStatus: usage, message }, { isoUrl });
});

test('a URL with a line end, with which one could write into the configuration', async () => {
  const isoUrl = 'http://h/a\nreboot\n.iso';
  await expectRefused(tinyLiveOs(), { code: 'IMAGE_YAML_URL_INVALID', exitStatus: usage }, { isoUrl });
});

test('a URL of the ISO for an image that would never fetch it', async () => {
  const config = 'menuentry "Full" {\n linux /boot/vmlinuz\n initrd /boot/initrd.img\n}\n';
  const iso = tinyLiveOs({ 'liveos/rootfs.img': null, 'boot/grub2/grub-pxe.cfg': config });
  await expectRefused(iso, { code: 'LIVE_URL_UNUSED', exitStatus: usage }, { isoUrl: 'http://h/image.iso' });
});

test.each<[string, Parts]>([
  ['at once', { 'artifacts/out': { link: '../../etc/passwd' } }],
  ['from the root', { out: { link: '..' } }],
  ['from an absolute path', { out: { link: '/../../etc/passwd' } }],
  ['through another link', { 'a/b/c/up': { link: '../../..' }, out: { link: 'a/b/c/up/../etc/passwd' } }],
  ['through a link that comes later', { out: { link: 'z/../..' }, 'artifacts/x': 'x', z: { link: 'artifacts/..' } }],
])('a symbolic link that leads out of the image, %s', async (_, changes) => {
  await expectRefused(tinyLiveOs(changes), { code: 'IMAGE_LINK_OUTSIDE', exitStatus: image, message: /out|up/ });
});

test.each<[string, Parts]>([
  ['a loader', { 'bootx64.efi': 'another one' }],
  ['two loaders that differ in case', { 'EFI/BOOT/mmx64.efi': 'a', 'EFI/BOOT/MMX64.EFI': 'b' }],
  ['the ISO itself', { 'image.iso': 'not it' }],
  ['the ISO itself, as a link', { 'image.iso': { link: 'boot/vmlinuz' } }],
  ['the ISO itself, as a folder', { 'image.iso/file': 'x' }],
  ['the manifest, as a folder', { 'manifest.json/file': 'x' }],
  ['the configuration, as a folder', { 'boot/grub2/grub.cfg': null, 'boot/grub2/grub.cfg/file': 'x' }],
])('two files that would get the same name: %s', async (_, changes) => {
  await expectRefused(tinyLiveOs(changes), { code: 'IMAGE_NAME_TWICE', exitStatus: image });
});

test('an image that unfolds to many times its size', async () => {
  const whole = tinyLiveOs();
  const many = Array.from({ length: 12 }, (_, index) => ({
    identifier: `Z${index};1`,
    systemUse: namedFile(`copy${index}`),
    block: 16,
    sizeBytes: whole.length / 2,
  }));
  await expectRefused(tinyLiveOs({}, many), { code: 'ISO_TREE_TOO_LARGE', exitStatus: image });
});

test('nothing is written through a link of the image, whatever it is called', async () => {
  const here = temporaryFolder();
  const victim = join(here, 'victim');
  mkdirSync(victim);
  writeFileSync(join(victim, 'file'), 'untouched');
  const links = [
    { identifier: 'Y1', systemUse: namedLink('boot', victim), children: undefined },
    { identifier: 'Y2', systemUse: namedLink('both', `../../${victim}`) },
    {
      identifier: 'Y3',
      systemUse: namedFile('both'),
      children: [{ identifier: 'FILE', content: Buffer.from('mine') }],
    },
    { identifier: 'Y4', systemUse: namedLink(`manifest.json.${process.pid}.new`, 'boot/vmlinuz') },
  ];
  for (const link of links.map(({ children, ...rest }) => (children === undefined ? rest : { ...rest, children }))) {
    const name = join(here, 'image.iso');
    writeFileSync(name, tinyLiveOs({}, [link]));
    await deliver({ image: name, kernelArguments: [] }, join(here, 'out'), 'pxe-dir').catch(() => {});
    expect(contentsOf(victim)).toEqual({ file: expect.any(String) });
    expect(readdirSync(here).filter((each) => each.startsWith('.'))).toEqual([]);
  }
});

test('an image that is not there, and one that is an empty folder', async () => {
  const here = temporaryFolder();
  const build = (path: string) => deliver({ image: path, kernelArguments: [] }, join(here, 'out'), 'pxe-dir');
  await expect(build(join(here, 'none.iso'))).rejects.toMatchObject({ code: 'FILE_NOT_FOUND', exitStatus: usage });
  await expect(build(temporaryFolder())).rejects.toMatchObject({ code: 'INPUT_FOLDER_EMPTY' });
  expect(readdirSync(here)).toEqual([]);
});

test('an image that changes while it is read', async () => {
  const here = temporaryFolder();
  const path = join(here, 'image.iso');
  writeFileSync(path, tinyLiveOs());
  const onProgress = ({ phase }: { phase: string }) => {
    if (phase === 'copy') chmodSync(path, 0o600);
  };
  const building = deliver({ image: path, kernelArguments: [], onProgress }, join(here, 'out'), 'pxe-dir');
  await expect(building).rejects.toMatchObject({ code: 'SOURCE_CHANGED', message: expect.stringContaining(path) });
  expect(readdirSync(here)).toEqual(['image.iso']);
});

test.each<[string, (path: string) => void]>([
  [
    'a folder with files of the user',
    (path) => {
      mkdirSync(path);
      writeFileSync(join(path, 'thesis.tex'), 'x');
    },
  ],
  ['a file of the user', (path) => writeFileSync(path, 'x')],
  [
    'a folder with a manifest.json of another program',
    (path) => {
      mkdirSync(path);
      writeFileSync(join(path, 'manifest.json'), '{"name":"my app"}');
    },
  ],
  ['a link that leads nowhere', (path) => symlinkSync('nowhere', path)],
])('an output that is %s stays as it is', async (_, make) => {
  for (const format of ['pxe-dir', 'pxe-tar', 'iso'] as const) {
    const here = temporaryFolder();
    const path = join(here, 'image.iso');
    writeFileSync(path, tinyLiveOs());
    make(join(here, 'out'));
    const before = contentsOf(here);
    const building = deliver({ image: path, kernelArguments: [] }, join(here, 'out'), format);
    await expect(building).rejects.toMatchObject({ code: 'OUTPUT_NOT_OURS', exitStatus: 4 });
    expect(contentsOf(here)).toEqual(before);
  }
});

test('an earlier output to which somebody added a file stays as it is, and the file is named', async () => {
  const here = temporaryFolder();
  const path = join(here, 'image.iso');
  const output = join(here, 'out');
  writeFileSync(path, tinyLiveOs());
  const build = () => deliver({ image: path, kernelArguments: [] }, output, 'pxe-dir');
  await build();
  writeFileSync(join(output, 'boot/ignition.json'), '{}');
  const before = contentsOf(here);
  await expect(build()).rejects.toThrow(join(output, 'boot/ignition.json'));
  expect(contentsOf(here)).toEqual(before);
});

test('somebody who puts a file at the output while the build runs keeps it', async () => {
  const here = temporaryFolder();
  const path = join(here, 'image.iso');
  const output = join(here, 'out');
  writeFileSync(path, tinyLiveOs());
  const onProgress = () => {
    if (!existsSync(output)) mkdirSync(output);
    writeFileSync(join(output, 'mine'), 'x');
  };
  const building = deliver({ image: path, kernelArguments: [], onProgress }, output, 'pxe-dir');
  await expect(building).rejects.toMatchObject({ code: 'OUTPUT_NOT_OURS' });
  expect(readdirSync(output)).toEqual(['mine']);
  expect(readdirSync(dirname(output)).sort()).toEqual(['image.iso', 'out']);
});

test('an output below a file cannot be written, and says so', async () => {
  const here = temporaryFolder();
  const path = join(here, 'image.iso');
  writeFileSync(path, tinyLiveOs());
  for (const output of [join(path, 'out'), join(path, 'deeper/out'), join(here, 'x'.repeat(300))]) {
    const building = deliver({ image: path, kernelArguments: [] }, output, 'pxe-dir');
    await expect(building).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE', exitStatus: 4 });
    await expect(building).rejects.toThrow(output);
  }
  expect(readdirSync(here)).toEqual(['image.iso']);
});

test('the menu of a refused image is named by its title', async () => {
  const config = pxeConfig.replace('/boot/vmlinuz', '/boot/vmlinuz-9.9');
  const iso = tinyLiveOs({ 'boot/grub2/grub-pxe.cfg': config });
  await expectRefused(iso, { code: 'IMAGE_NO_KERNEL', exitStatus: image, message: '"Tiny LiveOS"' });
});
