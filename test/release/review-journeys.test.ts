import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeWith } from '../support/programs.ts';
import { asked, fullOsParts, Workshop, workshopPrograms } from './workshop.ts';

/** As one configuration for both outputs has it: the disc holds everything, and machines on the network fetch. */
const bothOutputs = asked(`
iso: { initramfsType: full-os }
pxe: { initramfsType: bootstrap, isoImageBaseUrl: "http://boot.example/images" }
`);

describeWith({ programs: workshopPrograms }, 'a whole system in its initrd', () => {
  test('comes onto a disc by a configuration that has a URL for the other output', async () => {
    const shop = new Workshop();
    const iso = await shop.build(await shop.image(fullOsParts), 'iso', { config: bothOutputs });
    expect(shop.text(iso, 'iso', 'bootwright/image.yaml')).toContain('http://boot.example/images');
  });

  test('is built for the network from such a disc, which fetches nothing and so needs no URL', async () => {
    const shop = new Workshop();
    const config = asked('{ iso: { initramfsType: full-os }, pxe: { isoImageBaseUrl: "http://boot.example/images" } }');
    const iso = await shop.build(await shop.image(fullOsParts), 'iso', { config });
    const folder = await shop.build(iso, 'pxe-dir');
    expect(readFileSync(join(folder, 'boot/grub2/grub.cfg'), 'utf8')).not.toContain('root=');
  });

  test('is refused with a URL that the build itself was given, by flag or by file', async () => {
    const shop = new Workshop();
    const image = await shop.image(fullOsParts);
    const refused = { code: 'LIVE_URL_UNUSED' };
    const config = asked('pxe: { isoImageBaseUrl: "http://boot.example/images" }');
    await expect(shop.build(image, 'pxe-dir', { config })).rejects.toMatchObject(refused);
    await expect(shop.build(image, 'iso', { isoUrl: 'http://boot.example/a.iso' })).rejects.toMatchObject(refused);
  });
});
