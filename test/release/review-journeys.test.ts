import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import type { Finding } from '../../src/inspect/finding.ts';
import { openIso } from '../../src/iso/volume.ts';
import { bytesSource } from '../../src/platform/files.ts';
import { deliver } from '../../src/release/deliver.ts';
import { parseManifest, releaseIdOf } from '../../src/release/manifest.ts';
import { describeWith } from '../support/programs.ts';
import { asked, formats, fullOsParts, kernelLine, Workshop, workshopPrograms } from './workshop.ts';

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

describeWith({ programs: workshopPrograms }, 'an image with a label that nobody could give it now', () => {
  test('comes onto a disc with it, which its menu has already', async () => {
    const shop = new Workshop();
    const iso = await shop.build(await shop.image({}, 'AZL 3 PROD'), 'iso');
    expect((await openIso(bytesSource(readFileSync(iso)))).label).toBe('AZL 3 PROD');
    expect(shop.text(iso, 'iso', 'boot/grub2/grub-pxe.cfg')).toContain('root=live:http');
  });

  test('needs another one where its menu has to be written anew', async () => {
    const shop = new Workshop();
    const building = shop.build(await shop.image({}, 'AZL 3 PROD'), 'iso', { kernelArguments: ['rd.info'] });
    await expect(building).rejects.toMatchObject({
      code: 'GRUB_LABEL_UNUSABLE',
      remedy: expect.stringContaining('--volume-label'),
    });
  });
});

describeWith({ programs: workshopPrograms }, 'a folder as the image', () => {
  test.each(['out', 'new/out', '../liveos/out'])('is not built into its own part %s', async (place) => {
    const shop = new Workshop();
    const folder = await shop.unpacked(await shop.image(), 'iso');
    const image = join(folder, '../liveos');
    renameSync(folder, image);
    const before = readdirSync(image);
    const building = deliver({ image, kernelArguments: [] }, join(image, place), 'pxe-dir');
    await expect(building).rejects.toMatchObject({ code: 'OUTPUT_IN_IMAGE', exitStatus: 4 });
    expect(readdirSync(image)).toEqual(before);
  });

  test('is not built into itself through a link', async () => {
    const shop = new Workshop();
    const image = shop.unpacked(await shop.image(), 'iso');
    const link = join(shop.folder, 'link');
    symlinkSync(image, link);
    const building = deliver({ image, kernelArguments: [] }, join(link, 'out'), 'pxe-dir');
    await expect(building).rejects.toMatchObject({ code: 'OUTPUT_IN_IMAGE' });
  });
});

describeWith({ programs: workshopPrograms }, 'a release that somebody else made', () => {
  /** A release whose manifest was changed by somebody who knows how its id is made. */
  async function forged(
    shop: Workshop,
    change: (manifest: ReturnType<typeof parseManifest>, folder: string) => object,
  ) {
    const folder = await shop.build(await shop.image(), 'pxe-dir');
    const path = join(folder, 'manifest.json');
    const manifest = parseManifest(readFileSync(path, 'utf8'), path);
    const other = { ...manifest, ...change(manifest, folder) };
    writeFileSync(path, JSON.stringify({ ...other, id: releaseIdOf(other.name, other.entries) }));
    return folder;
  }

  test('has its ISO in it: a link to another one is not followed', async () => {
    const shop = new Workshop();
    const secret = await shop.image({}, 'SECRET', 'secret.iso');
    const folder = await forged(shop, (manifest, at) => {
      renameSync(join(at, 'liveos.iso'), join(shop.folder, 'aside.iso'));
      symlinkSync(secret, join(at, 'liveos.iso'));
      const link = { path: 'liveos.iso', kind: 'symlink', target: secret } as const;
      return { entries: manifest.entries.map((entry) => (entry.path === 'liveos.iso' ? link : entry)) };
    });
    await expect(shop.build(folder, 'pxe-dir')).rejects.toMatchObject({ code: 'RELEASE_ALTERED' });
  });

  test.each(['a\0b', '\ud800', '../../x', '/', '..', ''])('may say that it is called %j', async (name) => {
    const shop = new Workshop();
    const folder = await forged(shop, () => ({ name }));
    const output = await shop.build(folder, 'pxe-dir', { baseUrl: 'http://boot.example/live' });
    const { iso } = parseManifest(readFileSync(join(output, 'manifest.json'), 'utf8'), output);
    expect(iso).toMatch(/^[^/\0]+\.iso$/);
    expect(readdirSync(output)).toContain(iso);
  });
});

/** An image with UDF alone, as genisoimage makes it: its descriptors of ISO9660 are taken away. */
async function udfOnly(shop: Workshop): Promise<string> {
  const path = join(shop.folder, 'liveos.iso');
  const tree = shop.unpacked(await shop.image(), 'iso');
  execFileSync('genisoimage', ['-quiet', '-udf', '-o', path, tree], { stdio: 'ignore' });
  const bytes = readFileSync(path);
  const start = bytes.indexOf('BEA01') - 1;
  const sequence = Buffer.from(bytes.subarray(start, start + 3 * 2048));
  bytes.fill(0, 16 * 2048, start + 3 * 2048);
  bytes.set(sequence, 16 * 2048);
  writeFileSync(path, bytes);
  return path;
}

describeWith({ programs: [...workshopPrograms, 'genisoimage', '7zz'] }, 'an image with UDF alone', () => {
  test.each(['pxe-dir', 'iso'] as const)('becomes an ISO that initrds can mount, in %s', async (format) => {
    const shop = new Workshop();
    const output = await shop.build(await udfOnly(shop), format);
    const iso = format === 'iso' ? output : join(output, 'liveos.iso');
    expect((await openIso(bytesSource(readFileSync(iso)))).find('liveos/rootfs.img')?.kind).toBe('file');
    expect(shop.text(iso, 'iso', 'boot/grub2/grub.cfg')).toContain('search --label CDROM');
  });
});

/** The same image in every way in which it can come. */
const inputs: Readonly<Record<string, (shop: Workshop) => Promise<string>>> = {
  'an ISO': (shop) => shop.image(),
  'a packed ISO': async (shop) => {
    const image = await shop.image();
    writeFileSync(`${image}.gz`, gzipSync(readFileSync(image)));
    return `${image}.gz`;
  },
  'a folder': async (shop) => shop.unpacked(await shop.image(), 'iso'),
  'UDF alone': udfOnly,
  'a release with its ISO': async (shop) => shop.build(await shop.image(), 'pxe-dir'),
  'a release without its ISO': async (shop) => shop.build(await shop.image(), 'pxe-dir', { config: fetchesSquashfs }),
  'an archive of ours': async (shop) => shop.build(await shop.image(), 'pxe-tar'),
  'an ISO of ours': async (shop) => shop.build(await shop.image(), 'iso'),
};
const fetchesSquashfs = asked('liveRoot: squashfs');

describeWith({ programs: [...workshopPrograms, 'genisoimage', '7zz'] }, 'whatever comes in', () => {
  const openFiles = () => readdirSync('/proc/self/fd').length;
  const added = asked(
    'pxe: { additionalFiles: [{ destination: new, content: new }] }\niso: { additionalFiles: [{ destination: new, content: new }] }',
  );

  for (const [what, input] of Object.entries(inputs)) {
    test(`${what}: what comes out has the live system, and no file is left open or lying about`, async () => {
      const shop = new Workshop();
      const image = await input(shop);
      for (const format of formats) {
        for (const liveRoot of ['iso', 'squashfs'] as const) {
          const before = openFiles();
          const output = await shop.build(image, format, { name: 'made', config: { ...added, liveRoot } });
          expect(openFiles()).toBe(before);
          expect(readdirSync(join(output, '..'))).toHaveLength(1);
          const files = shop.unpacked(output, format);
          const isoInside = format !== 'iso' && liveRoot === 'iso';
          const medium = isoInside ? shop.unpacked(join(files, 'made.iso'), 'iso') : files;
          for (const path of ['liveos/rootfs.img', 'new']) expect(readFileSync(join(medium, path)).length).not.toBe(0);
          const menu = format === 'iso' ? 'boot/grub2/grub-pxe.cfg' : 'boot/grub2/grub.cfg';
          // An ISO is called what its file is.
          const iso = format === 'iso' ? basename(output) : 'made.iso';
          expect(kernelLine(readFileSync(join(files, menu), 'utf8'))).toContain(
            `http://$net_default_server/${liveRoot === 'iso' ? iso : 'liveos/rootfs.img'}"`,
          );
        }
      }
    }, 60_000);
  }
});

/** Answers every request as one for an ISO of that size. */
async function serverOfSize(sizeBytes: number): Promise<string> {
  const server = createServer((request, response) => {
    const isPart = request.headers.range !== undefined;
    response.writeHead(isPart ? 206 : 200, { 'Content-Length': isPart ? 1 : sizeBytes });
    response.end(request.method === 'HEAD' ? undefined : 'x');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/liveos.iso`;
}

describeWith({ programs: workshopPrograms }, 'the server of a given URL', () => {
  async function warnings(addition: string): Promise<string[]> {
    const shop = new Workshop();
    const image = await shop.image();
    const findings: Finding[] = [];
    const config = asked(`pxe: { additionalFiles: [${addition}] }`);
    const isoUrl = await serverOfSize(1_234_567);
    const onFinding = (finding: Finding) => void findings.push(finding);
    await shop.build(image, 'pxe-dir', { config, isoUrl, checkUrl: true, onFinding });
    return findings.map(({ code }) => code);
  }

  test('has another ISO than the one that came in', async () => {
    expect(await warnings('')).toContain('LIVE_URL_OTHER_SIZE');
  });

  test('is not blamed for the size of an ISO that is written anew and is yet to be put there', async () => {
    expect(await warnings('{ destination: new, content: new }')).not.toContain('LIVE_URL_OTHER_SIZE');
  });
});
