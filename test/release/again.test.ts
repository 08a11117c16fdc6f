import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { ImageConfig, OutputConfig, OutputFormat } from '../../src/image-config/config.ts';
import { describeWith } from '../support/programs.ts';
import type { Parts } from '../support/tiny-tree.ts';
import { contentsOf, sha256 } from './folder.ts';
import { asked, formats, fullOsParts, Workshop, workshopPrograms } from './workshop.ts';

const ways = [
  ['pxe-dir', 'iso'],
  ['iso', 'pxe-dir'],
  ['pxe-dir', 'pxe-tar'],
  ['iso', 'pxe-tar'],
] as const;
const settings = asked(`
pxe:
  bootstrapBaseUrl: http://boot.example/images
  kernelCommandLine:
    extraCommandLine: [console=ttyS0, "quiet"]
iso:
  kernelCommandLine:
    extraCommandLine: [rd.info]
`);

/** The same for outputs that are the same, byte for byte. */
function contents(path: string, format: OutputFormat): unknown {
  return format === 'pxe-dir' ? contentsOf(path) : sha256(readFileSync(path));
}

const kinds: readonly (readonly [what: string, parts: Parts, config: ImageConfig])[] = [
  ['a live system that is fetched', {}, settings],
  [
    'a live system with one more file in its ISO',
    {},
    asked('pxe: { additionalFiles: [{ destination: a, content: b }] }'),
  ],
  ['a live system that is fetched without its ISO', {}, { ...settings, liveRoot: 'squashfs' }],
  ['a whole system in its initrd', fullOsParts, { iso: settings.iso as OutputConfig }],
];

describeWith({ programs: workshopPrograms }, 'an output that is built from again', () => {
  for (const [what, parts, config] of kinds) {
    for (const format of formats) {
      test(`${what}: ${format} again is the same, without saying how it was built`, async () => {
        const workshop = new Workshop();
        const first = await workshop.build(await workshop.image(parts), format, { config });
        expect(contents(await workshop.build(first, format), format)).toEqual(contents(first, format));
      });

      test(`${what}: ${format} of the same image is the same`, async () => {
        const workshop = new Workshop();
        const image = await workshop.image(parts);
        const first = await workshop.build(image, format, { config });
        expect(contents(await workshop.build(image, format, { config }), format)).toEqual(contents(first, format));
      });
    }

    for (const [format, between] of ways) {
      test(`${what}: ${format} is the same after a way through ${between}`, async () => {
        const workshop = new Workshop();
        // From here on it carries an ISO with the settings, or is none that an ISO could be made of byte for byte.
        const iso = await workshop.build(await workshop.image(parts), 'iso', { config });
        const start = await workshop.build(await workshop.build(iso, 'pxe-dir'), format);
        const there = await workshop.build(start, between);
        expect(contents(await workshop.build(there, format), format)).toEqual(contents(start, format));
      });
    }
  }
});
