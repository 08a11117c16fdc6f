import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bootMenu } from '../../src/grub/entries.ts';
import { describeWith } from '../support/programs.ts';
import type { Parts } from '../support/tiny-tree.ts';
import { requireWhole } from './folder.ts';
import { asked, formats, kernelLine, Workshop, workshopPrograms } from './workshop.ts';

const savedPath = 'bootwright/image.yaml';
const referencePath = 'azl-image-customizer/saved-configs.yaml';

const config = asked(`
liveRoot: iso
iso: { volumeLabel: RACK_7, kernelCommandLine: { extraCommandLine: [rd.info] } }
pxe:
  bootstrapFileUrl: http://saved.example/v1/live.iso
  kernelCommandLine: { extraCommandLine: [console=ttyS0, fips=1] }
`);

/** The first kernel of the menu for the network. */
function lineOf(release: string): string {
  return kernelLine(readFileSync(join(release, 'boot/grub2/grub.cfg'), 'utf8'));
}

describeWith({ programs: workshopPrograms }, 'the settings that a build saves', () => {
  for (const format of formats) {
    test(`are taken up when it is built from ${format}`, async () => {
      const shop = new Workshop();
      const first = await shop.build(await shop.image(), format, { config });
      const release = await shop.build(first, 'pxe-dir');
      expect(lineOf(release)).toMatch(/ root=live:http:\/\/saved\.example\/v1\/live\.iso .* console=ttyS0 fips=1$/);
      expect(requireWhole(release)).toMatchObject({ iso: 'live.iso' });
      const disc = await shop.build(first, 'iso');
      expect(kernelLine(shop.text(disc, 'iso', 'boot/grub2/grub.cfg'))).toMatch(/LABEL=RACK_7 .* rd\.info$/);
      for (const [output, kind] of [
        [release, 'pxe-dir'],
        [disc, 'iso'],
      ] as const) {
        expect(shop.text(output, kind, savedPath)).toBe(shop.text(first, format, savedPath));
      }
    });
  }

  test('are overridden by a file, and that by flags; arguments of the kernel add up', async () => {
    const shop = new Workshop();
    const first = await shop.build(await shop.image(), 'iso', { config });
    const file = asked(`pxe:
  bootstrapBaseUrl: http://file.example/
  kernelCommandLine: { extraCommandLine: [from.file] }
iso: { volumeLabel: RACK_8 }
`);
    const byFile = await shop.build(first, 'pxe-dir', { config: file });
    expect(lineOf(byFile)).toMatch(/ root=live:http:\/\/file\.example\/image\.iso .* console=ttyS0 fips=1 from\.file$/);
    const flags = { config: file, isoUrl: 'http://flag.example/x.iso', kernelArguments: ['from.flag'] };
    const byFlags = await shop.build(byFile, 'pxe-dir', flags);
    expect(lineOf(byFlags)).toMatch(/ root=live:http:\/\/flag\.example\/x\.iso .* from\.file from\.flag$/);
    const saved = readFileSync(join(byFlags, savedPath), 'utf8');
    expect(saved).toContain('RACK_8');
    expect(saved).not.toMatch(/saved\.example|file\.example|RACK_7/);
  });

  test('never hold a path of the machine that built, nor what its flags were', async () => {
    const shop = new Workshop();
    const here = asked(`input: { image: { path: /secret/in.iso } }
output: { image: { path: /secret/out, format: pxe-dir } }
pxe: { additionalFiles: [{ destination: x, content: hidden }] }
`);
    const release = await shop.build(await shop.image(), 'pxe-dir', { config: here });
    expect(readFileSync(join(release, savedPath), 'utf8')).not.toMatch(/secret|hidden|pxe-dir/);
  });

  test('count more than those of Azure Linux Image Customizer', async () => {
    const shop = new Workshop();
    const reference = 'pxe: { isoImageBaseUrl: "http://reference.example" }\n';
    const image = await shop.image({
      [referencePath]: reference,
      [savedPath]: 'pxe: { isoImageBaseUrl: "http://ours.example" }\n',
    });
    expect(lineOf(await shop.build(image, 'pxe-dir'))).toContain('root=live:http://ours.example/liveos.iso ');
  });
});

/** What Azure Linux Image Customizer left in ISOs, of its first version with PXE support and of later ones. */
const firstVersion = `iso:
  kernelCommandLine:
    extraCommandLine: rd.info console=tty0
pxe:
  isoImageBaseUrl: http://reference.example/images
  isoImageFileUrl: ""
os:
  dracutPackageInfo: { packageVersion: "102", packageRelease: "11", distroVersion: "3" }
`;
const laterVersion = `liveos:
  kernelCommandLine:
    extraCommandLine: [rd.info, console=tty0]
  kdumpBootFiles: none
os:
  selinuxPolicyPackageInfo: null
`;

describeWith({ programs: workshopPrograms }, 'what Azure Linux Image Customizer saved', () => {
  test.each([
    ['of its first version with PXE support', firstVersion, 'root=live:http://reference.example/images/liveos.iso '],
    ['of later versions', laterVersion, 'root=live:http://$net_default_server/liveos.iso'],
  ])('is taken up: %s', async (_, text, root) => {
    const shop = new Workshop();
    const image = await shop.image({ [referencePath]: text });
    const release = await shop.build(image, 'pxe-dir');
    expect(lineOf(release)).toContain(root);
    expect(lineOf(release)).toMatch(/ rd\.info console=tty0$/);
    const disc = await shop.build(image, 'iso');
    expect(kernelLine(shop.text(disc, 'iso', 'boot/grub2/grub.cfg'))).toMatch(/ rd\.info console=tty0$/);
    expect(lineOf(await shop.build(disc, 'pxe-dir'))).toBe(lineOf(release));
  });
});

describeWith({ programs: workshopPrograms }, 'saved settings that are', () => {
  test.each<[string, Parts]>([
    ['no YAML', { [savedPath]: 'pxe: [' }],
    ['of another program', { [savedPath]: 'services: { web: { image: nginx } }\n' }],
    ['of a URL that nobody could fetch by', { [savedPath]: 'pxe: { bootstrapBaseUrl: "gopher://h" }\n' }],
    [
      'a trap: a file of the machine that builds',
      {
        [savedPath]: 'pxe: { additionalFiles: [{ source: /etc/shadow, destination: x }] }\n',
      },
    ],
    ['a trap: the place of the output', { [savedPath]: 'output: { image: { path: /etc/passwd } }\n' }],
    [
      'a trap: anchors without end',
      {
        [savedPath]: `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'
          .split('')
          .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghij'[index]}`).join(',')}]`)
          .join('\n')}\n`,
      },
    ],
    ['not of one kind', { [savedPath]: 'pxe: { initramfsType: full-os, bootstrapBaseUrl: "http://h" }\n' }],
    ['too large', { [savedPath]: `# ${'x'.repeat(5_000_000)}` }],
    ['spoiled, of Azure Linux Image Customizer', { [referencePath]: 'iso: { kernelCommandLine: [1, 2] }\n' }],
  ])('%s are a fault of the image', async (_, parts) => {
    const shop = new Workshop();
    const image = await shop.image(parts);
    for (const format of formats) {
      const building = shop.build(image, format);
      await expect(building).rejects.toMatchObject({ name: 'BootwrightError', exitStatus: 3 });
      await expect(building).rejects.not.toMatchObject({ message: expect.stringContaining('shadow') });
    }
  });

  test('a link that leads nowhere are none, and it gives way to ours', async () => {
    const shop = new Workshop();
    const release = await shop.build(await shop.image({ [savedPath]: { link: '../nowhere' } }), 'pxe-dir');
    expect(readFileSync(join(release, savedPath), 'utf8')).toContain('The settings that this was built with');
  });

  test('hostile arguments of the kernel come into no menu as commands', async () => {
    const shop = new Workshop();
    const words = ['a;reboot', '$root', '`id`', '{', '}', '"', "'", '\\', '|', '&&', '#'];
    const saved = { pxe: { kernelCommandLine: { extraCommandLine: words.map((word) => JSON.stringify(word)) } } };
    const outcome = await shop
      .build(await shop.image({ [savedPath]: JSON.stringify(saved) }), 'pxe-dir')
      .catch((error: unknown) => error);
    if (typeof outcome !== 'string') {
      expect(outcome).toMatchObject({ exitStatus: 3 });
      return;
    }
    const [entry] = bootMenu(readFileSync(join(outcome, 'boot/grub2/grub.cfg'), 'utf8')).entries;
    expect(entry?.arguments).toEqual(expect.arrayContaining(words));
  });
});
