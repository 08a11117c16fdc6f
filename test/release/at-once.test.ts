import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { OutputFormat } from '../../src/image-config/config.ts';
import { deliver } from '../../src/release/deliver.ts';
import { publish } from '../../src/release/publish.ts';
import { holdRoot } from '../../src/release/root.ts';
import { describeWith } from '../support/programs.ts';
import { contentsOf, requireWhole, sha256, temporaryFolder } from './folder.ts';
import { run } from './killing.ts';
import { formats, Workshop, workshopPrograms } from './workshop.ts';

const main = join(import.meta.dirname, '../../src/cli/main.ts');
const rounds = 4;

function identityOf(output: string): string {
  return statSync(output).isDirectory() ? JSON.stringify(contentsOf(output)) : sha256(readFileSync(output));
}

/** Two images, and what each becomes when nobody else builds. */
async function twoImages(shop: Workshop, format: OutputFormat) {
  const images = [
    await shop.image({ name: 'one', 'artifacts/of-one': 'x' }, undefined, 'one.iso'),
    await shop.image({ name: 'two', 'artifacts/of-two': 'x' }, undefined, 'two.iso'),
  ] as const;
  const alone: string[] = [];
  for (const image of images) alone.push(identityOf(await shop.build(image, format)));
  return { images, alone };
}

describeWith({ programs: workshopPrograms }, 'builds into one output at once', () => {
  for (const format of formats) {
    test(`end in the output of one of them, whole: ${format}`, async () => {
      const shop = new Workshop();
      const { images, alone } = await twoImages(shop, format);
      const output = shop.output(format);
      for (let round = 0; round < rounds; round += 1) {
        const builds = images.map((image) => deliver({ image, kernelArguments: [] }, output, format));
        await Promise.all(builds);
        expect(alone).toContain(identityOf(output));
        expect(readdirSync(join(output, '..'))).toHaveLength(1);
      }
    });
  }

  test('are as safe in processes of their own', async () => {
    const shop = new Workshop();
    const { images, alone } = await twoImages(shop, 'pxe-dir');
    const output = shop.output('pxe-dir');
    const build = (image: string) => run([main, 'build', image, '--output', output]);
    await Promise.all([...images, ...images].map(build));
    expect(alone).toContain(identityOf(output));
    expect(readdirSync(join(output, '..'))).toHaveLength(1);
  });

  test('where one fails, leave that of the other', async () => {
    const shop = new Workshop();
    const { images, alone } = await twoImages(shop, 'pxe-dir');
    const spoiled = await shop.image({ 'boot/vmlinuz': null }, undefined, 'three.iso');
    const output = shop.output('pxe-dir');
    const ends = await Promise.allSettled(
      [images[0], spoiled].map((image) => deliver({ image, kernelArguments: [] }, output, 'pxe-dir')),
    );
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(identityOf(output)).toBe(alone[0]);
    expect(readdirSync(join(output, '..'))).toHaveLength(1);
  });

  test('of the same image publish one release', async () => {
    const shop = new Workshop();
    const image = await shop.image();
    const held = await holdRoot(temporaryFolder());
    try {
      const published = await Promise.all([1, 2, 3].map(() => publish(held.layout, { image, kernelArguments: [] })));
      const ids = new Set(published.map(({ manifest }) => manifest.id));
      expect(readdirSync(held.layout.releases)).toEqual([...ids]);
      for (const id of ids) expect(requireWhole(join(held.layout.releases, id)).id).toBe(id);
      expect(readdirSync(held.layout.staging)).toEqual([]);
    } finally {
      await held.release();
    }
  });
});
