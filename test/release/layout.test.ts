import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { deliver } from '../../src/release/deliver.ts';
import type { Manifest } from '../../src/release/manifest.ts';
import type { BuildRequest } from '../../src/release/request.ts';
import { tinyIso } from '../iso/tiny-iso.ts';
import { describeWith } from '../support/programs.ts';
import { tinyLiveOs, tinyLiveOsWithBootImage } from '../support/tiny-liveos.ts';
import { tinyInitrd, tinyLoader } from '../support/tiny-programs.ts';
import type { Parts } from '../support/tiny-tree.ts';
import { contentsOf, requireWhole, sha256, temporaryFolder } from './folder.ts';

interface Built {
  readonly folder: string;
  readonly iso: Uint8Array;
  readonly manifest: Manifest;
  readonly contents: Record<string, string>;
  readonly config: string;
}

async function built(changes: Parts = {}, request: Partial<BuildRequest> = {}, name = 'image.iso'): Promise<Built> {
  const here = temporaryFolder();
  const image = join(here, name);
  const iso = tinyLiveOs(changes);
  writeFileSync(image, iso);
  const folder = join(here, 'out');
  await deliver({ image, kernelArguments: [], ...request }, folder, 'pxe-dir');
  const manifest = requireWhole(folder);
  const config = readFileSync(join(folder, 'boot/grub2/grub.cfg'), 'utf8');
  return { folder, iso, manifest, contents: contentsOf(folder), config };
}

function kernelLine(config: string): string {
  return config.split('\n').find((line) => line.trim().startsWith('linux ')) ?? '';
}

test('an image becomes exactly the files that machines boot from', async () => {
  const { contents, iso } = await built();
  expect(Object.keys(contents).sort()).toEqual([
    'artifacts/',
    'artifacts/latest',
    'artifacts/tool.sh',
    'boot/',
    'boot/grub2/',
    'boot/grub2/grub.cfg',
    'boot/grub2/grubenv',
    'boot/initrd.img',
    'boot/vmlinuz',
    'bootwright/',
    'bootwright/image.yaml',
    'bootx64.efi',
    'fetch-artifacts.sh',
    'grub.cfg',
    'grubx64.efi',
    'image.iso',
    'manifest.json',
  ]);
  expect(contents['bootx64.efi']).toBe(`0644 ${sha256(tinyLoader('x64'))}`);
  expect(contents['grubx64.efi']).toBe(`0644 ${sha256(tinyLoader('x64', ['normal', 'http', 'tftp']))}`);
  expect(contents['boot/vmlinuz']).toMatch(/^0755 /);
  expect(contents['artifacts/tool.sh']).toMatch(/^0750 /);
  expect(contents['artifacts/latest']).toBe('-> tool.sh');
  expect(contents['image.iso']).toBe(`0644 ${sha256(iso)}`);
});

test('the manifest names what firmware, GRUB and the machine load', async () => {
  const { manifest } = await built();
  expect(manifest).toMatchObject({
    format: 1,
    name: 'image',
    architecture: 'x64',
    loader: { boot: 'bootx64.efi', grub: 'grubx64.efi', http: 'built-in' },
    kernels: ['boot/vmlinuz'],
    initrds: ['boot/initrd.img'],
    iso: 'image.iso',
    liveUrl: null,
  });
  expect(manifest.id).toMatch(/^image-[0-9a-f]{12}$/);
});

test('without a URL, root=live: points at the server that the machine was booted by, for GRUB to fill in', async () => {
  const { config } = await built();
  expect(config).toContain('linux /boot/vmlinuz "root=live:http://$net_default_server/image.iso" rd.live.image');
  expect(config).not.toContain('old.example');
});

test('--iso-url is where root=live: points', async () => {
  const { config, manifest } = await built({}, { isoUrl: 'https://boot.example/v1/liveos.iso' });
  expect(kernelLine(config)).toContain(' root=live:https://boot.example/v1/liveos.iso ');
  expect(manifest.liveUrl).toBe('https://boot.example/v1/liveos.iso');
});

test.each(['http://boot.example/images', 'http://boot.example/images/'])(
  '--base-url %s gets the name of the ISO behind it',
  async (baseUrl) => {
    const { config } = await built({}, { baseUrl });
    expect(kernelLine(config)).toContain(' root=live:http://boot.example/images/image.iso ');
  },
);

test('an ISO with spaces, upper case or no ending gets a name and a URL that dracut takes for an ISO', async () => {
  const spaced = await built({}, { baseUrl: 'http://boot.example' }, 'My Image.ISO');
  expect(spaced.manifest.iso).toBe('My Image.iso');
  expect(kernelLine(spaced.config)).toContain(' root=live:http://boot.example/My%20Image.iso ');
  expect((await built({}, {}, 'image')).manifest.iso).toBe('image.iso');
});

test('kernel arguments are added once, also when the image was built with them before', async () => {
  const request = { kernelArguments: ['console=ttyS0', 'quiet'] };
  const { config } = await built({}, request);
  expect(kernelLine(config)).toMatch(/ quiet rd\.live\.dir=liveos rd\.live\.squashimg=rootfs\.img console=ttyS0$/);
  const again = await built({ 'boot/grub2/grub-pxe.cfg': config }, request);
  expect(again.config).toBe(config);
});

test('where the image has no configuration for the network, its own one is used, without the search for a disc', async () => {
  const { config } = await built({ 'boot/grub2/grub-pxe.cfg': null });
  expect(config).not.toContain('search');
  expect(config).not.toContain('CDROM');
  expect(config).toContain('"root=live:http://$net_default_server/image.iso"');
  expect(config).toContain('initrd /boot/initrd.img');
});

test('an initrd that is loaded only if it is there is loaded, though GRUB finds no file by looking over the network', async () => {
  const entry = (condition: string) => `menuentry "a" {
  linux /boot/vmlinuz rd.live.image
  if [ ${condition} /boot/initrd.img ]; then
    initrd /boot/initrd.img
  fi
  if [ ${condition === '-f' ? '-f' : '-z'} /boot/other.img ]; then echo other; fi
}
`;
  const { config } = await built({ 'boot/grub2/grub-pxe.cfg': entry('-f') });
  expect(config.replace(/ "root=live:[^"]*"| ip=dhcp| rd\.live\.(?:dir|squashimg)=\S+/g, '')).toBe(entry('-n'));
});

test('a kernel and an initrd that an environment block names are found, and named plainly', async () => {
  const { config, manifest } = await built({
    'boot/mariner.cfg': '# GRUB Environment Block\nmariner_linux=vmlinuz\nmariner_initrd=initrd.img\n###',
    'boot/grub2/grub-pxe.cfg': `set bootprefix=/boot
load_env -f $bootprefix/mariner.cfg
menuentry "a" {
  linux $bootprefix/$mariner_linux rd.live.image
  if [ -f $bootprefix/$mariner_initrd ]; then initrd $bootprefix/$mariner_initrd; fi
}
`,
  });
  expect(manifest).toMatchObject({ kernels: ['boot/vmlinuz'], initrds: ['boot/initrd.img'] });
  expect(config).toContain('  linux $bootprefix/vmlinuz ');
  expect(config).toContain('if [ -n $bootprefix/$mariner_initrd ]; then initrd $bootprefix/initrd.img; fi');
});

test('a configuration that is not UTF-8 keeps its bytes', async () => {
  const text = Buffer.from(
    `# caf\xe9\nmenuentry "a" {\n linux /boot/vmlinuz rd.live.image\n initrd /boot/initrd.img\n}\n`,
    'latin1',
  );
  const { folder } = await built({ 'boot/grub2/grub-pxe.cfg': text });
  expect(readFileSync(join(folder, 'boot/grub2/grub.cfg')).subarray(0, 7)).toEqual(text.subarray(0, 7));
});

test('an image for arm64 has loaders for arm64', async () => {
  const { contents, manifest } = await built({
    'EFI/BOOT/BOOTX64.EFI': null,
    'EFI/BOOT/grubx64.efi': null,
    'EFI/BOOT/BOOTAA64.EFI': tinyLoader('arm64'),
    'EFI/BOOT/grubaa64-noprefix.efi': tinyLoader('arm64', ['normal']),
  });
  expect(manifest.architecture).toBe('arm64');
  expect(manifest.loader).toEqual({ boot: 'bootaa64.efi', grub: 'grubaa64.efi', http: 'missing' });
  expect(Object.keys(contents)).toEqual(expect.arrayContaining(['bootaa64.efi', 'grubaa64.efi']));
});

test('GRUB in the folder of a vendor comes to the root, and so does what shim asks for', async () => {
  const { contents } = await built({
    'EFI/BOOT/grubx64.efi': null,
    'EFI/fedora/grubx64.efi': tinyLoader('x64', ['normal', 'http']),
    'EFI/BOOT/mmx64.efi': tinyLoader('x64'),
  });
  expect(Object.keys(contents)).toEqual(expect.arrayContaining(['grubx64.efi', 'mmx64.efi']));
  expect(Object.keys(contents).filter((path) => path.startsWith('EFI/'))).toEqual([]);
});

test('an image whose whole system is in the initrd is served without the ISO and without root=live:', async () => {
  const { contents, config, manifest } = await built({
    'liveos/rootfs.img': null,
    'boot/initrd.img': tinyInitrd(['base']),
    'boot/grub2/grub-pxe.cfg': 'menuentry "Full" {\n  linux /boot/vmlinuz quiet\n  initrd /boot/initrd.img\n}\n',
  });
  expect(manifest.iso).toBeNull();
  expect(contents['image.iso']).toBeUndefined();
  expect(config).not.toContain('root=');
});

test('tools beside the live system need no livenet, and may even be missing', async () => {
  const tool = 'menuentry "FreeDOS" {\n  linux16 /boot/memdisk\n  initrd16 /boot/freedos.img\n}\n';
  const live = 'menuentry "Live" {\n  linux /boot/vmlinuz rd.live.image\n  initrd /boot/initrd.img\n}\n';
  const { manifest } = await built({ 'boot/grub2/grub-pxe.cfg': `${live}${tool}`, 'boot/freedos.img': 'no cpio' });
  expect(manifest.kernels).toEqual(['boot/vmlinuz']);
});

test('folders and files can be read by other programs, whatever the umask of the builder', async () => {
  const before = process.umask(0o077);
  try {
    const { contents } = await built();
    expect(contents['boot/']).toBe('0755');
    expect(contents['boot/grub2/grub.cfg']).toMatch(/^0644 /);
    expect(contents['manifest.json']).toMatch(/^0644 /);
  } finally {
    process.umask(before);
  }
});

test('a file that even its owner may not read in the image can be served', async () => {
  const { contents } = await built({ 'artifacts/secret': { content: 'x', mode: 0o000 } });
  expect(contents['artifacts/secret']).toMatch(/^0400 /);
});

test('what GRUB loads can be read by everybody, also by the user of another server', async () => {
  const initrd = { content: tinyInitrd(['dmsquash-live', 'livenet']), mode: 0o600 };
  const { contents } = await built({ 'boot/initrd.img': initrd, 'artifacts/private': { content: 'x', mode: 0o600 } });
  expect(contents['boot/initrd.img']).toMatch(/^0644 /);
  expect(contents['artifacts/private']).toMatch(/^0600 /);
});

test('an absolute link means the root of the image, and leads to the same file in the release', async () => {
  const { contents, folder } = await built({ 'artifacts/deep/kernel': { link: '/boot/vmlinuz' } });
  expect(contents['artifacts/deep/kernel']).toBe('-> ../../boot/vmlinuz');
  expect(readFileSync(join(folder, 'artifacts/deep/kernel'), 'utf8')).toContain('a kernel');
});

test('an image without long names has them in small letters, as its configuration has them', async () => {
  const here = temporaryFolder();
  const image = join(here, 'image.iso');
  const file = (identifier: string, content: string | Uint8Array) => ({ identifier, content: Buffer.from(content) });
  const config = 'menuentry "a" {\n linux /boot/vmlinuz rd.live.image\n initrd /boot/initrd.img\n}\n';
  const boot = [
    { identifier: 'GRUB2', children: [file('GRUB.CFG;1', config)] },
    file('INITRD.IMG;1', tinyInitrd(['livenet', 'dmsquash-live'])),
    file('VMLINUZ.;1', 'kernel'),
  ];
  const loaders = [
    file('BOOTX64.EFI;1', tinyLoader('x64')),
    file('GRUBX64.EFI;1', tinyLoader('x64', ['normal', 'http'])),
  ];
  const children = [
    { identifier: 'BOOT', children: boot },
    { identifier: 'EFI', children: [{ identifier: 'BOOT', children: loaders }] },
    { identifier: 'LIVEOS', children: [file('ROOTFS.IMG;1', 'squashfs')] },
  ];
  writeFileSync(image, tinyIso({ children }));
  await deliver({ image, kernelArguments: [] }, join(here, 'out'), 'pxe-dir');
  expect(requireWhole(join(here, 'out')).entries.map(({ path }) => path)).toEqual([
    'boot/grub2/grub.cfg',
    'boot/initrd.img',
    'boot/vmlinuz',
    'bootwright/image.yaml',
    'bootx64.efi',
    'fetch-artifacts.sh',
    'grub.cfg',
    'grubx64.efi',
    'image.iso',
  ]);
});

describeWith({ programs: ['mkfs.vfat', 'mcopy', 'mmd'] }, 'an image that boots from a FAT', () => {
  test('its loaders come to the root, and the FAT stays where it is', async () => {
    const here = temporaryFolder();
    const fat = join(here, 'efiboot.img');
    writeFileSync(join(here, 'shim'), tinyLoader('x64'));
    writeFileSync(join(here, 'grub'), tinyLoader('x64', ['normal', 'http']));
    execFileSync('mkfs.vfat', ['-C', fat, '1440'], { stdio: 'ignore' });
    execFileSync('mmd', ['-i', fat, '::EFI', '::EFI/BOOT']);
    execFileSync('mcopy', ['-i', fat, join(here, 'shim'), '::EFI/BOOT/BOOTX64.EFI']);
    execFileSync('mcopy', ['-i', fat, join(here, 'grub'), '::EFI/BOOT/GRUBX64.EFI']);
    const image = join(here, 'image.iso');
    writeFileSync(image, tinyLiveOsWithBootImage(readFileSync(fat)));
    await deliver({ image, kernelArguments: [] }, join(here, 'out'), 'pxe-dir');
    expect(requireWhole(join(here, 'out')).loader).toEqual({
      boot: 'bootx64.efi',
      grub: 'grubx64.efi',
      http: 'built-in',
    });
    const contents = contentsOf(join(here, 'out'));
    expect(contents['bootx64.efi']).toBe(`0644 ${sha256(tinyLoader('x64'))}`);
    expect(contents['boot/grub2/efiboot.img']).toBe(`0644 ${sha256(readFileSync(fat))}`);
    expect(requireWhole(join(here, 'out')).architecture).toBe('x64');
  });
});
