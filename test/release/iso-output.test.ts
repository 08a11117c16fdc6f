import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openIso } from '../../src/iso/volume.ts';
import { bytesSource } from '../../src/platform/files.ts';
import { deliver } from '../../src/release/deliver.ts';
import { describeWith } from '../support/programs.ts';
import type { Parts } from '../support/tiny-tree.ts';
import { requireWhole } from './folder.ts';
import { asked, fullOsParts, kernelLine, Workshop, workshopPrograms } from './workshop.ts';

/** The volume's label as a kernel, and blkid, read it. */
async function labelOf(iso: string): Promise<string> {
  return (await openIso(bytesSource(readFileSync(iso)))).label;
}

/** isomd5sum takes every image below 700 KB for broken. */
const enough: Parts = { 'artifacts/bulk': Buffer.alloc(1024 * 1024, 'some of many bytes') };

class DiscWorkshop extends Workshop {
  override image(parts: Parts = {}, label?: string, name?: string): Promise<string> {
    return super.image({ ...enough, ...parts }, label, name);
  }

  menus(iso: string): { disc: string; network: string } {
    const folder = this.unpacked(iso, 'iso');
    const read = (name: string) => readFileSync(join(folder, 'boot/grub2', name), 'utf8');
    return { disc: read('grub.cfg'), network: read('grub-pxe.cfg') };
  }
}

/** isomd5sum says by its status whether there is a checksum, and whether it is right. */
function expectRightChecksum(iso: string): void {
  expect(() => execFileSync('checkisomd5', [iso], { stdio: 'pipe' })).not.toThrow();
}

const both = asked(`
iso: { kernelCommandLine: { extraCommandLine: [console=tty1, rd.info] } }
pxe:
  bootstrapFileUrl: http://boot.example/v1/live.iso
  kernelCommandLine: { extraCommandLine: [console=ttyS0] }
`);

describeWith({ programs: [...workshopPrograms, 'checkisomd5'] }, 'an ISO as the output', () => {
  test('has the label of the image, and its checksum holds', async () => {
    const shop = new DiscWorkshop();
    const output = await shop.build(await shop.image({}, 'AZL3-PROD'), 'iso');
    expect(await labelOf(output)).toBe('AZL3-PROD');
    expectRightChecksum(output);
  });

  test('has the label that iso.volumeLabel says, and its menu finds the live system by that', async () => {
    const shop = new DiscWorkshop();
    const config = asked('iso: { volumeLabel: RACK_7 }');
    const output = await shop.build(await shop.image({}, 'CDROM'), 'iso', { config });
    expect(await labelOf(output)).toBe('RACK_7');
    expectRightChecksum(output);
    const { disc, network } = shop.menus(output);
    expect(disc).toContain('search --label RACK_7 --set root');
    expect(kernelLine(disc)).toContain(' root=live:LABEL=RACK_7 ');
    expect(`${disc}${network}`).not.toContain('CDROM');
  });

  test('keeps a label that was given once', async () => {
    const shop = new DiscWorkshop();
    const config = asked('iso: { volumeLabel: RACK_7 }');
    const first = await shop.build(await shop.image(), 'iso', { config });
    expect(await labelOf(await shop.build(await shop.build(first, 'pxe-tar'), 'iso'))).toBe('RACK_7');
  });

  test.each(['', 'x'.repeat(33), 'größe', '../x', '"; reboot', '$root'])(
    'is refused with the label %j, or has it and a menu that GRUB reads so',
    async (label) => {
      const shop = new DiscWorkshop();
      const building = shop.build(await shop.image(), 'iso', { config: { volumeLabel: label } });
      const outcome = await building.catch((error: unknown) => error);
      if (typeof outcome === 'string') expect(await labelOf(outcome)).toBe(label || 'CDROM');
      else expect(outcome).toMatchObject({ exitStatus: 2 });
    },
  );

  test('is ready for the network: it has its menu for that, with the URL, and the settings', async () => {
    const shop = new DiscWorkshop();
    const output = await shop.build(await shop.image(), 'iso', { config: both });
    const { network } = shop.menus(output);
    expect(kernelLine(network)).toContain(' root=live:http://boot.example/v1/live.iso ');
    expect(shop.text(output, 'iso', 'bootwright/image.yaml')).toContain('http://boot.example/v1/live.iso');
    const release = await shop.build(output, 'pxe-dir');
    expect(readFileSync(join(release, 'boot/grub2/grub.cfg'), 'utf8')).toBe(network);
    expect(requireWhole(release)).toMatchObject({ iso: 'live.iso', liveUrl: 'http://boot.example/v1/live.iso' });
  });

  test('is fetched under the name of its file, also by what is built from it', async () => {
    const shop = new DiscWorkshop();
    const image = await shop.image({}, undefined, 'other.iso');
    const output = await shop.build(image, 'iso', { baseUrl: 'http://boot.example/v1' });
    const { network } = shop.menus(output);
    expect(kernelLine(network)).toContain(' root=live:http://boot.example/v1/liveos.iso ');
    const release = await shop.build(output, 'pxe-dir');
    expect(readFileSync(join(release, 'boot/grub2/grub.cfg'), 'utf8')).toBe(network);
  });

  test('gives each menu its own arguments of the kernel', async () => {
    const shop = new DiscWorkshop();
    const { disc, network } = shop.menus(await shop.build(await shop.image(), 'iso', { config: both }));
    expect(kernelLine(disc)).toMatch(/ console=tty1 rd\.info$/);
    expect(kernelLine(disc)).not.toContain('ttyS0');
    expect(kernelLine(network)).toMatch(/ console=ttyS0$/);
    expect(kernelLine(network)).not.toMatch(/tty1|rd\.info/);
    expect(kernelLine(disc)).not.toContain('http');
  });

  test('and arguments of flags are for both menus', async () => {
    const shop = new DiscWorkshop();
    const output = await shop.build(await shop.image(), 'iso', { kernelArguments: ['fips=1'] });
    const { disc, network } = shop.menus(output);
    expect(kernelLine(disc)).toMatch(/ fips=1$/);
    expect(kernelLine(network)).toMatch(/ fips=1$/);
  });

  test.each<[string, Parts, number]>([
    ['a live system that is fetched', {}, 1],
    ['a whole system in its initrd', fullOsParts, 0],
  ])('comes of the folder of an extracted ISO, too: %s', async (_, parts, isos) => {
    const shop = new DiscWorkshop();
    const config = asked('iso: { kernelCommandLine: { extraCommandLine: [rd.info] } }');
    const folder = shop.unpacked(await shop.image(parts), 'iso');
    const output = await shop.build(folder, 'iso', { config });
    expect(await labelOf(output)).toBe('CDROM');
    expectRightChecksum(output);
    const { disc, network } = shop.menus(output);
    expect(disc).toContain('search --label CDROM --set root');
    expect(kernelLine(disc)).toContain(' rd.info');
    expect(kernelLine(network).match(/root=live:/g) ?? []).toHaveLength(isos);
    expect(network).not.toContain('search');
  });

  test('comes of a release that has no ISO: of one that fetches the live system alone', async () => {
    const shop = new DiscWorkshop();
    const config = { ...both, liveRoot: 'squashfs' as const, pxe: { kernelArguments: [], additionalFiles: [] } };
    const release = await shop.build(await shop.image(), 'pxe-tar', { config });
    const output = await shop.build(release, 'iso', { config: { liveRoot: 'iso', volumeLabel: 'BACK' } });
    const { disc, network } = shop.menus(output);
    expect(kernelLine(disc)).toContain(' root=live:LABEL=BACK ');
    expect(kernelLine(disc)).toMatch(/ console=tty1 rd\.info$/);
    expect(kernelLine(network)).toContain(`"root=live:http://$net_default_server/liveos.iso"`);
    expectRightChecksum(output);
  });

  test('comes of a release that has no ISO: of one with the whole system in its initrd', async () => {
    const shop = new DiscWorkshop();
    const release = await shop.build(await shop.image(fullOsParts), 'pxe-dir', { config: { volumeLabel: 'WHOLE' } });
    expect(requireWhole(release).iso).toBeNull();
    const output = await shop.build(release, 'iso');
    expect(await labelOf(output)).toBe('WHOLE');
    const { disc, network } = shop.menus(output);
    expect(disc).toContain('WHOLE');
    expect(`${kernelLine(disc)}\n${kernelLine(network)}`).not.toContain('root=');
    expectRightChecksum(output);
  });

  test('of a whole system in its initrd is ready for the network, and fetches nothing there', async () => {
    const shop = new DiscWorkshop();
    const output = await shop.build(await shop.image(fullOsParts), 'iso', { kernelArguments: ['fips=1'] });
    const { network } = shop.menus(output);
    expect(kernelLine(network)).toMatch(/^linux \/boot\/vmlinuz quiet.* fips=1$/);
    const release = await shop.build(output, 'pxe-dir');
    expect(existsSync(join(release, 'liveos.iso'))).toBe(false);
    expect(requireWhole(release)).toMatchObject({ initramfs: 'full-os', iso: null, liveUrl: null });
  });

  test('is refused where what machines would boot over the network is not in it', async () => {
    const shop = new DiscWorkshop();
    const image = await shop.image({ 'boot/initrd.img': null });
    await expect(shop.build(image, 'iso')).rejects.toMatchObject({ code: 'IMAGE_NO_INITRD', exitStatus: 3 });
  });

  test('replaces an ISO of ours, and no other', async () => {
    const shop = new DiscWorkshop();
    const image = await shop.image();
    const output = await shop.build(image, 'iso');
    await deliver({ image, kernelArguments: ['fips=1'] }, output, 'iso');
    expect(kernelLine(shop.menus(output).disc)).toMatch(/ fips=1$/);
    const before = readFileSync(image);
    const over = deliver({ image: output, kernelArguments: [] }, image, 'iso');
    await expect(over).rejects.toMatchObject({ code: 'OUTPUT_NOT_OURS', exitStatus: 4 });
    expect(readFileSync(image).equals(before)).toBe(true);
    writeFileSync(image, before.subarray(0, 40_000));
    await expect(deliver({ image: output, kernelArguments: [] }, image, 'iso')).rejects.toMatchObject({
      code: 'OUTPUT_NOT_OURS',
    });
  });
});
