import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { redirectTarget } from '../../src/grub/redirect.ts';
import { deliver } from '../../src/release/deliver.ts';
import { modsSection, moduleObject, tinyPe } from '../iso/tiny-pe.ts';
import { describeWith } from '../support/programs.ts';
import { pxeConfig, tinyLiveOs } from '../support/tiny-liveos.ts';
import type { Parts } from '../support/tiny-tree.ts';
import { contentsOf, requireWhole, temporaryFolder } from './folder.ts';
import { asked, Workshop, workshopPrograms } from './workshop.ts';

/** A GRUB that looks for its configuration in the folder `prefix`; without one, in its own. */
function grubWith(prefix?: string): Uint8Array {
  const modules = ['normal', 'http', 'tftp', 'efinet'].map((name) => [0, moduleObject(name)] as const);
  const prefixes = prefix === undefined ? [] : [[3, Buffer.from(`${prefix}\0`)] as const];
  return tinyPe([{ name: 'mods', bytes: modsSection([...modules, ...prefixes]) }]);
}

async function build(prefix: string | undefined, parts: Parts = {}): Promise<string> {
  const here = temporaryFolder();
  const image = join(here, 'liveos.iso');
  writeFileSync(image, tinyLiveOs({ 'EFI/BOOT/grubx64.efi': grubWith(prefix), ...parts }));
  const output = join(here, 'out');
  await deliver({ image, kernelArguments: [] }, output, 'pxe-dir');
  requireWhole(output);
  return output;
}

/** Configurations of GRUB in a release, but for the one in boot/grub2. */
function otherConfigs(release: string): string[] {
  return Object.keys(contentsOf(release)).filter((path) => /grub[^/]*\.cfg$/.test(path) && !path.startsWith('boot/'));
}

const own = 'boot/grub2/grub.cfg';
const redirect = 'search --label CDROM --set root\nset prefix=($root)/boot/grub2\nconfigfile $prefix/grub.cfg\n';

test.each([
  ['/EFI/azurelinux', 'EFI/azurelinux/grub.cfg'],
  ['/EFI/fedora', 'EFI/fedora/grub.cfg'],
  ['/EFI/BOOT', 'EFI/BOOT/grub.cfg'],
  ['/grub', 'grub/grub.cfg'],
  ['/boot/grub', 'boot/grub/grub.cfg'],
  ['(,gpt2)/EFI/azurelinux', 'EFI/azurelinux/grub.cfg'],
  ['(hd0,msdos1)/grub', 'grub/grub.cfg'],
  ['EFI/azurelinux/', 'EFI/azurelinux/grub.cfg'],
  [undefined, 'grub.cfg'],
  ['', 'grub.cfg'],
  ['/', 'grub.cfg'],
])('a GRUB with the prefix %s finds its configuration on any server', async (prefix, path) => {
  const release = await build(prefix);
  const text = readFileSync(join(release, path), 'utf8');
  expect(redirectTarget(text)).toBe(`/${own}`);
  expect(text).toContain('set prefix=/boot/grub2\n');
});

test.each(['/boot/grub2', 'boot/grub2', '(hd0)/boot/grub2/'])(
  'a GRUB with the prefix %s finds it where it is',
  async (prefix) => {
    expect(otherConfigs(await build(prefix))).toEqual([]);
  },
);

test.each([
  '../../x',
  '/EFI/../../../tmp',
  '/a b',
  '/EFI/$root',
  '/x\n/y',
  '/EFI/./BOOT',
  '(hd0',
  '/größe',
  '\\EFI\\BOOT',
  '//server/share/../..',
  'x'.repeat(300),
  '(memdisk)/../..',
])('nothing is written where the strange prefix %j leads', async (prefix) => {
  const before = otherConfigs(await build('/boot/grub2'));
  expect(otherConfigs(await build(prefix))).toEqual(before);
});

test('a redirect of the image gives way to ours, since it searches for a disc', async () => {
  const release = await build('/EFI/azurelinux', { 'EFI/azurelinux/grub.cfg': redirect });
  expect(readFileSync(join(release, 'EFI/azurelinux/grub.cfg'), 'utf8')).not.toContain('search');
});

test('the configuration of the image may be in the folder of the prefix alone, and is found there and in its place', async () => {
  for (const [prefix, path] of [
    ['/EFI/BOOT', 'EFI/BOOT/grub.cfg'],
    ['/EFI/fedora', 'EFI/fedora/grub.cfg'],
    ['/boot/grub', 'boot/grub/grub.cfg'],
  ] as const) {
    const parts = { 'boot/grub2/grub-pxe.cfg': null, 'boot/grub2/grub.cfg': null, [path]: pxeConfig };
    const release = await build(prefix, parts);
    expect(readFileSync(join(release, own), 'utf8')).toContain('menuentry "Tiny LiveOS"');
    expect(redirectTarget(readFileSync(join(release, path), 'utf8'))).toBe(`/${own}`);
  }
});

test('a configuration of the image in the folder of the prefix gives way, and stays in the ISO that machines fetch', async () => {
  const disc = 'search --label CDROM --set root\nmenuentry "Disc" {\n  chainloader /x.efi\n}\n';
  const release = await build('/EFI/BOOT', { 'EFI/BOOT/grub.cfg': disc });
  expect(redirectTarget(readFileSync(join(release, 'EFI/BOOT/grub.cfg'), 'utf8'))).toBe(`/${own}`);
  expect(readFileSync(join(release, 'liveos.iso')).includes(disc)).toBe(true);
});

describeWith({ programs: workshopPrograms }, 'a configuration that the user adds', () => {
  test('where GRUB looks for one stays as it is', async () => {
    const shop = new Workshop();
    const config = asked('pxe: { additionalFiles: [{ destination: grub.cfg, content: "reboot\\n" }] }');
    const release = await shop.build(await shop.image(), 'pxe-dir', { config });
    expect(readFileSync(join(release, 'grub.cfg'), 'utf8')).toBe('reboot\n');
  });
});

test.each<[string, string, Parts]>([
  ['a folder', '/grub', { 'grub/grub.cfg/file': 'x' }],
  ['a file where its folder would be', '/artifacts/tool.sh', {}],
  ['a link where its folder would be', '/grub', { grub: { link: 'boot' } }],
  ['a link', '/grub', { 'grub/grub.cfg': { link: '../artifacts/tool.sh' } }],
])('%s in the way of it is no reason to fail, and nothing is written through it', async (_, prefix, parts) => {
  const release = await build(prefix, parts);
  expect(readFileSync(join(release, 'artifacts/tool.sh'), 'utf8')).toBe('#!/bin/sh\necho hello\n');
  expect(readFileSync(join(release, own), 'utf8')).toContain('menuentry');
});
