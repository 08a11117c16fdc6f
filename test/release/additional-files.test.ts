import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ImageConfig, OutputFormat } from '../../src/image-config/config.ts';
import { deliver } from '../../src/release/deliver.ts';
import { describeWith } from '../support/programs.ts';
import { contentsOf, requireWhole, sha256 } from './folder.ts';
import { asked, formats, fullOsParts, Workshop, workshopPrograms } from './workshop.ts';

const wanted = `
  additionalFiles:
    - destination: /cloud-init-data/user-data
      content: "#cloud-config\\nhostname: größe\\n"
    - destination: artifacts/daemon
      source: files/daemon.sh
      permissions: "711"
    - destination: artifacts/as-it-is
      source: files/plain
    - destination: empty
      content: ""
`;
const config = asked(`iso:${wanted}pxe:${wanted}`);

/** Both menus' outputs with these files, one a line such as `destination: a, content: x`. */
function files(...lines: readonly string[]): ImageConfig {
  const list = `{ additionalFiles: [${lines.map((line) => `{ ${line} }`).join(', ')}] }`;
  return asked(`iso: ${list}\npxe: ${list}`);
}

class FilesWorkshop extends Workshop {
  /** The folder of the configuration. */
  readonly configFolder = join(this.folder, 'config');

  constructor() {
    super();
    mkdirSync(join(this.configFolder, 'files'), { recursive: true });
    writeFileSync(join(this.configFolder, 'files/daemon.sh'), '#!/bin/sh\necho fetched\n');
    writeFileSync(join(this.configFolder, 'files/plain'), 'plain');
    chmodSync(join(this.configFolder, 'files/plain'), 0o640);
  }

  /** The code and exit status that a build ends with; it must leave nothing. */
  async refusal(image: string, format: OutputFormat, asks: ImageConfig) {
    const output = this.output(format);
    const building = this.buildTo(output, image, format, asks);
    const error = await building.then(
      () => undefined,
      (caught: unknown) => caught,
    );
    expect(readdirSync(join(output, '..'))).toEqual([]);
    return error;
  }

  buildTo(output: string, image: string, format: OutputFormat, asks: ImageConfig) {
    return deliver({ image, kernelArguments: [], config: asks, configFolder: this.configFolder }, output, format);
  }
}

/** What the files must be, wherever they are. */
function expectFiles(folder: string): void {
  const text = (path: string) => readFileSync(join(folder, path), 'utf8');
  const mode = (path: string) => (statSync(join(folder, path)).mode & 0o7777).toString(8);
  expect(text('cloud-init-data/user-data')).toBe('#cloud-config\nhostname: größe\n');
  expect(text('artifacts/daemon')).toBe('#!/bin/sh\necho fetched\n');
  expect(text('artifacts/as-it-is')).toBe('plain');
  expect(text('empty')).toBe('');
  const modes = ['cloud-init-data/user-data', 'artifacts/daemon', 'artifacts/as-it-is', 'empty'].map(mode);
  expect(modes).toEqual(['644', '711', '640', '644']);
}

describeWith({ programs: workshopPrograms }, 'additional files', () => {
  for (const format of formats) {
    for (const [kind, parts] of [
      ['bootstrap', {}],
      ['full-os', fullOsParts],
    ] as const) {
      test(`are in ${format} of a ${kind} image, with their content and permissions`, async () => {
        const shop = new FilesWorkshop();
        const { configFolder } = shop;
        const before = process.umask(0o077);
        try {
          const output = await shop.build(await shop.image(parts), format, { config, configFolder });
          const folder = shop.unpacked(output, format);
          expectFiles(folder);
          if (format !== 'iso') requireWhole(folder);
        } finally {
          process.umask(before);
        }
      });
    }
  }

  test('are in the ISO that machines fetch, and so at /run/initramfs/live of the system that they boot', async () => {
    const shop = new FilesWorkshop();
    const { configFolder } = shop;
    const output = await shop.build(await shop.image(), 'pxe-dir', { config, configFolder });
    expectFiles(shop.unpacked(join(output, 'liveos.iso'), 'iso'));
  });

  test('are the only reason why machines fetch another ISO than the one that came in', async () => {
    const shop = new FilesWorkshop();
    const { configFolder } = shop;
    const image = await shop.image();
    const others = asked(`iso:${wanted}  kernelCommandLine: { extraCommandLine: [rd.info] }
pxe: { bootstrapBaseUrl: "http://boot.example/v1", kernelCommandLine: { extraCommandLine: [quiet] } }`);
    const output = await shop.build(image, 'pxe-dir', { config: others, configFolder });
    expect(sha256(readFileSync(join(output, 'image.iso')))).toBe(sha256(readFileSync(image)));
    expect(existsSync(join(output, 'artifacts/daemon'))).toBe(false);
  });

  test('take the place of files and links that the image has there', async () => {
    const shop = new FilesWorkshop();
    const asks = files('destination: artifacts/tool.sh, content: new', 'destination: artifacts/link, content: file');
    const image = await shop.image({ 'artifacts/link': { link: 'tool.sh' } });
    for (const format of formats) {
      const output = shop.output(format);
      await shop.buildTo(output, image, format, asks);
      const { 'artifacts/tool.sh': tool, 'artifacts/link': link } = contentsOf(shop.unpacked(output, format));
      expect([tool, link]).toEqual([`0644 ${sha256(Buffer.from('new'))}`, `0644 ${sha256(Buffer.from('file'))}`]);
    }
  });

  test('stay in what is built from the output, though their sources are not there', async () => {
    const shop = new FilesWorkshop();
    const { configFolder } = shop;
    const first = await shop.build(await shop.image(), 'pxe-tar', { config, configFolder });
    for (const format of formats) expectFiles(shop.unpacked(await shop.build(first, format), format));
  });

  test.each([
    ['source: files/none', 'FILE_NOT_FOUND', 2, 'config/files/none'],
    ['source: files/plain/none', 'FILE_NOT_FOUND', 2, 'config/files/plain/none'],
    ['source: files', 'FILE_UNREADABLE', 5, 'config/files'],
    ['source: /dev/zero', 'FILE_UNREADABLE', 5, '/dev/zero'],
  ])('%s is refused by its path', async (from, code, exitStatus, path) => {
    const shop = new FilesWorkshop();
    const image = await shop.image();
    for (const format of formats) {
      const error = await shop.refusal(image, format, files(`destination: x, ${from}`));
      expect(error).toMatchObject({ code, exitStatus, message: expect.stringContaining(path) });
    }
  });

  test.each([
    'manifest.json',
    'boot/grub2/grub.cfg',
    'boot/grub2/grub-pxe.cfg',
    'bootwright/image.yaml',
    'fetch-artifacts.sh',
  ])('%s is ours, and no place for one', async (destination) => {
    const shop = new FilesWorkshop();
    const image = await shop.image();
    for (const format of formats) {
      const error = await shop.refusal(image, format, files(`destination: ${destination}, content: x`));
      expect(error).toMatchObject({ code: 'ADDITIONAL_FILE_RESERVED', exitStatus: 2 });
    }
  });

  test.each([
    ['a folder', 'artifacts', 'artifacts'],
    ['a file of the image', 'boot/vmlinuz/x', 'boot/vmlinuz'],
    ['a link of the image', 'artifacts/latest/x', 'artifacts/latest'],
    ['a folder of ours', 'bootwright', 'bootwright'],
    ['our manifest', 'manifest.json/x', 'manifest.json'],
    ['our settings', 'bootwright/image.yaml/x', 'bootwright/image.yaml'],
    ['the ISO itself', 'liveos.iso', 'liveos.iso'],
    ['a loader', 'bootx64.efi', 'bootx64.efi'],
  ])('cannot be where there is %s, and that is a mistake of who asked for it', async (_, destination, path) => {
    const shop = new FilesWorkshop();
    const image = await shop.image();
    for (const format of formats) {
      const error = await shop.refusal(image, format, files(`destination: ${destination}, content: x`));
      const message = `the additional file ${destination} cannot be placed: ${path} is something else`;
      expect(error).toMatchObject({ code: 'ADDITIONAL_FILE_TAKEN', exitStatus: 2, message });
    }
  });
});
