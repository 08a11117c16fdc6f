import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ImageConfig } from '../../src/image-config/config.ts';
import type { Manifest } from '../../src/release/manifest.ts';
import type { BuildRequest } from '../../src/release/request.ts';
import { describeWith } from '../support/programs.ts';
import { requireWhole } from './folder.ts';
import { asked, fullOsParts, kernelLine, Workshop, workshopPrograms } from './workshop.ts';

interface Told {
  /** What `root=live:` points at, as GRUB hands it on. */
  readonly live: string | undefined;
  readonly manifest: Manifest;
  readonly folder: string;
}

function told(folder: string): Told {
  const line = kernelLine(readFileSync(join(folder, 'boot/grub2/grub.cfg'), 'utf8'));
  const [, live] = /root=live:([^\s"']+)/.exec(line) ?? [];
  return { live, manifest: requireWhole(folder), folder };
}

function urlOf(manifest: Manifest, path: string): string | undefined {
  const entry = manifest.entries.find((each) => each.path === path);
  return entry?.kind === 'file' ? entry.url : undefined;
}

const squashfs = 'liveos/rootfs.img';

class UrlWorkshop extends Workshop {
  async told(config: ImageConfig, request: Partial<BuildRequest> = {}, name?: string): Promise<Told> {
    const image = await this.image({}, undefined, name);
    return told(await this.build(image, 'pxe-dir', { config, ...request }));
  }
}

describeWith({ programs: workshopPrograms }, 'the URL of the live system', () => {
  test.each<[key: string, url: string, file: string, live: string]>([
    ['bootstrapBaseUrl', 'http://h/v1', 'image.iso', 'http://h/v1/image.iso'],
    ['bootstrapBaseUrl', 'http://h/v1/', 'image.iso', 'http://h/v1/image.iso'],
    ['bootstrapFileUrl', 'http://h/v1/live.iso', 'live.iso', 'http://h/v1/live.iso'],
    ['isoImageBaseUrl', 'https://h/v1', 'liveos.iso', 'https://h/v1/liveos.iso'],
    ['isoImageFileUrl', 'tftp://h/a/b/c.iso', 'c.iso', 'tftp://h/a/b/c.iso'],
    ['bootstrapBaseUrl', 'http://10.0.0.1:8080', 'image.iso', 'http://10.0.0.1:8080/image.iso'],
    ['isoImageBaseUrl', 'http://[fd00::1]:8080/x', 'liveos.iso', 'http://[fd00::1]:8080/x/liveos.iso'],
    ['bootstrapFileUrl', 'nfs://h/export/live.iso', 'live.iso', 'nfs://h/export/live.iso'],
    ['bootstrapFileUrl', 'http://h/my%20image.iso', 'my image.iso', 'http://h/my%20image.iso'],
    ['bootstrapFileUrl', 'http://h/live.iso?token=a%2Fb', 'live.iso', 'http://h/live.iso?token=a%2Fb'],
    ['bootstrapBaseUrl', 'http://user:pass@h/v1', 'image.iso', 'http://user:pass@h/v1/image.iso'],
  ])('by pxe.%s %s is of %s', async (key, url, file, live) => {
    const { live: inMenu, manifest, folder } = await new UrlWorkshop().told(asked(`pxe: { ${key}: "${url}" }`));
    expect(inMenu).toBe(live);
    expect(manifest).toMatchObject({ iso: file, liveUrl: live });
    expect(existsSync(join(folder, file))).toBe(true);
    expect(urlOf(manifest, file)).toBe(live);
  });

  test.each([
    ['isoImageBaseUrl', 'http://h/base path'],
    ['bootstrapFileUrl', 'http://h/my image.iso'],
  ])('by pxe.%s %j is one word for the kernel, or refused', async (key, url) => {
    const outcome = await new UrlWorkshop().told(asked(`pxe: { ${key}: "${url}" }`)).catch((error: unknown) => error);
    if (outcome instanceof Error) {
      expect(outcome).toMatchObject({ exitStatus: 2, message: expect.stringContaining(url) });
    } else {
      const { live } = outcome as Told;
      expect(live).toMatch(/^http:\/\/h\/\S+\.iso$/);
    }
  });

  test.each([
    ['bootstrapFileUrl', 'http://h/live.img', 'LIVE_URL_NOT_ISO'],
    ['bootstrapFileUrl', 'http://h/live.iso.zst', 'LIVE_URL_NOT_ISO'],
    ['isoImageFileUrl', 'http://h/LIVE.ISO', 'LIVE_URL_NOT_ISO'],
    ['bootstrapFileUrl', 'http://h/manifest.json', 'LIVE_URL_NOT_ISO'],
  ])('by pxe.%s %s is refused, since dracut would not take it for an ISO', async (key, url, code) => {
    const building = new UrlWorkshop().told(asked(`pxe: { ${key}: "${url}" }`));
    await expect(building).rejects.toMatchObject({ code, exitStatus: 2 });
  });

  test('has the name of an ISO with spaces as URLs have it', async () => {
    const config = asked('pxe: { isoImageBaseUrl: "http://h/v1" }');
    const { live, manifest } = await new UrlWorkshop().told(config, {}, 'My Live OS.iso');
    expect(live).toBe('http://h/v1/My%20Live%20OS.iso');
    expect(manifest.iso).toBe('My Live OS.iso');
  });

  test('by a flag replaces those of the configuration, of any kind', async () => {
    const shop = new UrlWorkshop();
    for (const key of ['bootstrapBaseUrl', 'bootstrapFileUrl', 'isoImageBaseUrl', 'isoImageFileUrl']) {
      const config = asked(`pxe: { ${key}: "http://old/old.iso" }`);
      const byFile = await shop.told(config, { isoUrl: 'http://new/new.iso' });
      expect([byFile.live, byFile.manifest.iso]).toEqual(['http://new/new.iso', 'new.iso']);
      const byBase = await shop.told(config, { baseUrl: 'http://new' });
      expect([byBase.live, byBase.manifest.iso]).toEqual(['http://new/liveos.iso', 'liveos.iso']);
      expect(readFileSync(join(byBase.folder, 'bootwright/image.yaml'), 'utf8')).not.toContain('old');
    }
  });

  test('points at the squashfs below a base URL', async () => {
    const shop = new UrlWorkshop();
    for (const key of ['bootstrapBaseUrl', 'isoImageBaseUrl']) {
      const config = asked(`liveRoot: squashfs\npxe: { ${key}: "http://h:81/v1/" }`);
      const { live, manifest, folder } = await shop.told(config);
      expect(live).toBe(`http://h:81/v1/${squashfs}`);
      expect(manifest).toMatchObject({ iso: null, live: squashfs, liveUrl: live });
      expect(urlOf(manifest, squashfs)).toBe(live);
      expect(existsSync(join(folder, 'image.iso'))).toBe(false);
    }
  });

  test('points at the squashfs by its own URL', async () => {
    const config = asked('liveRoot: squashfs\npxe: { bootstrapFileUrl: "https://cdn/x/system.squashfs" }');
    const { live, manifest } = await new UrlWorkshop().told(config);
    expect(live).toBe('https://cdn/x/system.squashfs');
    expect(urlOf(manifest, squashfs)).toBe(live);
    expect(urlOf(manifest, 'boot/vmlinuz')).toBe('boot/vmlinuz');
  });

  test('points at the squashfs on the server of the machine where nobody gives one', async () => {
    const { live, manifest } = await new UrlWorkshop().told(asked('liveRoot: squashfs'));
    expect(live).toBe(`http://$net_default_server/${squashfs}`);
    expect(manifest.liveUrl).toBeNull();
  });

  test('of an ISO is refused where the squashfs shall be fetched', async () => {
    const shop = new UrlWorkshop();
    const config = asked('liveRoot: squashfs\npxe: { bootstrapFileUrl: "http://h/live.iso" }');
    await expect(shop.told(config)).rejects.toMatchObject({ code: 'LIVE_URL_NOT_SQUASHFS', exitStatus: 2 });
    const flags = shop.told(asked('liveRoot: squashfs'), { isoUrl: 'http://h/live.iso' });
    await expect(flags).rejects.toMatchObject({ code: 'LIVE_URL_NOT_SQUASHFS', exitStatus: 2 });
  });
});

describeWith({ programs: workshopPrograms }, 'the URLs of other files in the manifest', () => {
  test('are below a base URL', async () => {
    const { manifest } = await new UrlWorkshop().told(asked('pxe: { bootstrapBaseUrl: "http://h/v 1/" }'));
    expect(urlOf(manifest, 'artifacts/tool.sh')).toBe('http://h/v%201/artifacts/tool.sh');
    expect(urlOf(manifest, 'bootx64.efi')).toBe('http://h/v%201/bootx64.efi');
    expect(urlOf(manifest, 'boot/grub2/grub.cfg')).toBeUndefined();
  });

  test('are relative where only that of the ISO is known, or none', async () => {
    const shop = new UrlWorkshop();
    for (const text of ['pxe: { bootstrapFileUrl: "http://h/v1/live.iso" }', '{}']) {
      const { manifest } = await shop.told(asked(text));
      expect(urlOf(manifest, 'artifacts/tool.sh')).toBe('artifacts/tool.sh');
      expect(urlOf(manifest, manifest.iso ?? '')).toBe(manifest.liveUrl ?? 'liveos.iso');
    }
  });
});

describeWith({ programs: workshopPrograms }, 'a URL for an image with its whole system in the initrd', () => {
  const flags: readonly Partial<BuildRequest>[] = [{ isoUrl: 'http://h/live.iso' }, { baseUrl: 'http://h/' }];
  const config = asked('pxe: { bootstrapBaseUrl: "http://h/" }');

  test('is refused where this build asks for it', async () => {
    const shop = new Workshop();
    const image = await shop.image(fullOsParts);
    const refused = { code: 'LIVE_URL_UNUSED', exitStatus: 2 };
    for (const request of [...flags, { config }]) {
      await expect(shop.build(image, 'pxe-dir', request)).rejects.toMatchObject(refused);
    }
    for (const request of flags) await expect(shop.build(image, 'iso', request)).rejects.toMatchObject(refused);
  });

  test('may stand in a configuration that a disc is built by', async () => {
    const shop = new Workshop();
    const output = await shop.build(await shop.image(fullOsParts), 'iso', { config });
    expect(shop.text(output, 'iso', 'boot/grub2/grub-pxe.cfg')).not.toContain('http://');
  });

  test('is of no use where it was only saved', async () => {
    const shop = new Workshop();
    const saved = 'pxe: { bootstrapBaseUrl: "http://saved/v1" }\n';
    const image = await shop.image({ ...fullOsParts, 'bootwright/image.yaml': saved });
    const release = await shop.build(image, 'pxe-dir');
    expect(told(release)).toMatchObject({ live: undefined, manifest: { iso: null, liveUrl: null } });
    const again = await shop.build(release, 'iso');
    expect(shop.text(again, 'iso', 'boot/grub2/grub-pxe.cfg')).not.toContain('http://saved');
  });
});
