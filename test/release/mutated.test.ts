import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { BootwrightError } from '../../src/errors.ts';
import type { OutputFormat } from '../../src/image-config/config.ts';
import { openIso } from '../../src/iso/volume.ts';
import { bytesSource } from '../../src/platform/files.ts';
import { manifestOfArchive } from '../../src/release/archive-manifest.ts';
import { deliver } from '../../src/release/deliver.ts';
import { folderOf, isoOf, partsOf, treeImages } from '../image-trees/trees.ts';
import { masteredLiveOs, masteringPrograms } from '../support/mastered-liveos.ts';
import { describeWith } from '../support/programs.ts';
import { pxeConfig } from '../support/tiny-liveos.ts';
import type { Parts } from '../support/tiny-tree.ts';
import { contentsOf, requireWhole, temporaryFolder } from './folder.ts';
import { type Dice, dice, oneOf, spoil, spoilText } from './mutations.ts';
import { fullOsParts } from './workshop.ts';

const limitMs = 5000;
const blockBytes = 2048;
const endings = { 'pxe-dir': '', 'pxe-tar': '.tar', iso: '.iso' } as const;
/** Builds wait for the disk, which a thousand of them need not. */
const fastFolder = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** What an image was made into: its name, which says how it is packed, its bytes, and what was done to it. */
interface Mutant {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly what: string;
}

/** Whatever was built must be whole: by its manifest, or as an image that can be built from. */
async function requireSound(output: string, format: OutputFormat): Promise<void> {
  if (format === 'pxe-dir') {
    requireWhole(output);
  } else if (format === 'pxe-tar') {
    expect((await manifestOfArchive(output)).entries.length).toBeGreaterThan(0);
  } else {
    const image = await openIso(bytesSource(readFileSync(output)));
    expect(image.find('bootwright/image.yaml')?.kind).toBe('file');
  }
}

/**
 * Builds of so many spoiled images. Each must end soon, in a release that is whole or in an error that has a code and
 * blames the image; and leave everything else as it was.
 */
async function requireSafeEnds(
  count: number,
  mutantOf: (roll: Dice) => Mutant,
  formats: readonly OutputFormat[] = ['pxe-dir', 'pxe-dir', 'pxe-tar'],
): Promise<Record<string, number>> {
  const here = temporaryFolder(fastFolder);
  mkdirSync(join(here, 'work'));
  writeFileSync(join(here, 'neighbour'), 'untouched');
  const untouched = contentsOf(here);
  const ends: Record<string, number> = { built: 0, refused: 0 };
  for (let seed = 1; seed <= count; seed += 1) {
    const roll = dice(seed);
    const { name, bytes, what } = mutantOf(roll);
    const label = `seed ${seed}: ${what}`;
    const image = join(here, 'work', name);
    writeFileSync(image, bytes);
    const startedMs = performance.now();
    let error: unknown;
    const format = oneOf(formats, roll);
    const output = join(here, 'work', `out${endings[format]}`);
    const kernelArguments = oneOf([[], ['console=ttyS0']], roll);
    await deliver({ image, kernelArguments }, output, format).catch((caught: unknown) => {
      error = caught;
    });
    expect(performance.now() - startedMs, label).toBeLessThan(limitMs);
    if (error === undefined) {
      await requireSound(output, format);
      rmSync(output, { recursive: true });
    } else {
      expect(error, label).toBeInstanceOf(BootwrightError);
      expect((error as BootwrightError).exitStatus, `${label}: ${String(error)}`).toBe(3);
    }
    const end = error === undefined ? 'built' : 'refused';
    ends[end] = (ends[end] ?? 0) + 1;
    expect(readdirSync(join(here, 'work')), label).toEqual([name]);
    rmSync(image);
    expect(contentsOf(here), label).toEqual(untouched);
  }
  return ends;
}

interface Region {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

function contentOf(part: Parts[string]): Uint8Array {
  if (part === null || part === undefined) return Buffer.alloc(0);
  if (typeof part === 'string') return Buffer.from(part);
  if (part instanceof Uint8Array) return part;
  return 'content' in part ? Buffer.from(part.content) : Buffer.alloc(0);
}

/** The parts of an image that Bootwright looks into; a directory starts with the record of itself. */
function regionsOf(image: Buffer, parts: Parts): Region[] {
  const regions: Region[] = [{ name: 'descriptors', start: 16 * blockBytes, end: 20 * blockBytes }];
  for (const [name, part] of Object.entries(parts)) {
    const content = contentOf(part);
    const start = content.length === 0 || /rootfs|squashfs|vmlinuz/.test(name) ? -1 : image.indexOf(content);
    if (start >= 0) regions.push({ name, start, end: start + content.length });
  }
  for (let start = 18 * blockBytes; start < image.length; start += blockBytes) {
    const isDirectory = (image[start] ?? 0) >= 34 && image[start + 25] === 2 && image[start + 32] === 1;
    if (!isDirectory) continue;
    const used = image.subarray(start, start + blockBytes).findLastIndex((byte) => byte !== 0) + 1;
    // Thrice as likely: everything about names, links and places is in here.
    for (let count = 0; count < 3; count += 1) regions.push({ name: 'directory', start, end: start + used });
  }
  return regions;
}

/** Settings as builds leave them in images, ours and those of Azure Linux Image Customizer. */
const savedTexts = [
  [
    'bootwright/image.yaml',
    `liveRoot: "iso"
iso:
  kernelCommandLine:
    extraCommandLine:
      - "rd.info"
  volumeLabel: "RACK_7"
pxe:
  initramfsType: "bootstrap"
  bootstrapBaseUrl: "http://boot.example/v1"
  kernelCommandLine:
    extraCommandLine:
      - "console=ttyS0"
`,
  ],
  [
    'azl-image-customizer/saved-configs.yaml',
    `liveos:
  kernelCommandLine:
    extraCommandLine: [rd.info, console=tty0]
  kdumpBootFiles: none
pxe:
  isoImageBaseUrl: http://reference.example/images
`,
  ],
] as const;

const subjects = treeImages.map((image) => {
  const bytes = Buffer.from(isoOf(image));
  return { image, bytes, regions: regionsOf(bytes, partsOf(image)) };
});

test('440 images with spoiled bytes are built whole or refused with a reason', async () => {
  const ends = await requireSafeEnds(440, (roll) => {
    const { image, bytes, regions } = oneOf(subjects, roll);
    const { name, start, end } = oneOf(regions, roll);
    const [how, spoiled] = spoil(bytes, roll, start, end);
    return { name: 'image.iso', bytes: spoiled, what: `${image.name}, ${name}, ${how}` };
  });
  expect(ends['built']).toBeGreaterThan(50);
  expect(ends['refused']).toBeGreaterThan(100);
}, 120_000);

test('150 images with a spoiled initrd are built whole or refused with a reason', async () => {
  const packings: readonly ((archive: Uint8Array) => Uint8Array)[] = [gzipSync, zstdCompressSync, (archive) => archive];
  const ends = await requireSafeEnds(150, (roll) => {
    const { image } = oneOf(subjects, roll);
    const changes = Object.entries(partsOf(image)).flatMap(([path, part]) => {
      if (!/init(rd|ramfs)/.test(path)) return [];
      const archive = gunzipSync(contentOf(part));
      const [, inside] = spoil(archive, roll);
      const pack = oneOf(packings, roll);
      const bytes = roll(3) === 0 ? spoil(pack(archive), roll)[1] : pack(inside);
      return [[path, bytes] as const];
    });
    return { name: 'image.iso', bytes: isoOf(image, Object.fromEntries(changes)), what: `${image.name}, initrd` };
  });
  expect(ends['refused']).toBeGreaterThan(20);
}, 120_000);

test('250 images with spoiled menus, entries and settings are built whole or refused with a reason', async () => {
  const ends = await requireSafeEnds(250, (roll) => {
    const { image } = oneOf(subjects, roll);
    const folder = join(folderOf(image), 'image');
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
    const texts = paths.map((path) => [path.slice(folder.length + 1), readFileSync(path, 'latin1')] as const);
    const [name, original] = oneOf([...texts, ...savedTexts], roll);
    const [how, text] = spoilText(original, roll);
    const bytes = isoOf(image, { [name]: Buffer.from(text, 'latin1') });
    return { name: 'image.iso', bytes, what: `${image.name}, ${name}, ${how}` };
  });
  expect(ends['built']).toBeGreaterThan(50);
}, 120_000);

describeWith({ programs: ['xz', '7z', 'zip'] }, 'images that come packed', () => {
  test('100 that are spoiled are built whole or refused with a reason', async () => {
    const here = temporaryFolder();
    const iso = join(here, 'image.iso');
    const run = (program: string, args: readonly string[]) => execFileSync(program, args, { cwd: here, stdio: 'pipe' });
    const packed = ['azl2', 'azl3', 'fedora-live'].flatMap((name) => {
      const image = treeImages.find((each) => each.name === name);
      if (image === undefined) throw new Error(`there is no ${name}`);
      const bytes = isoOf(image);
      writeFileSync(iso, bytes);
      run('xz', ['--keep', '--force', iso]);
      run('7z', ['a', '-bd', 'image.7z', iso]);
      run('zip', ['-q', 'image.zip', 'image.iso']);
      const made = ['image.iso.xz', 'image.7z', 'image.zip'].map(
        (file) => [file, readFileSync(join(here, file))] as const,
      );
      for (const [file] of made) rmSync(join(here, file));
      return [...made, ['image.iso.gz', gzipSync(bytes)] as const, ['image.iso.zst', zstdCompressSync(bytes)] as const];
    });
    await requireSafeEnds(100, (roll) => {
      const [name, bytes] = oneOf(packed, roll);
      const [how, spoiled] = spoil(bytes, roll);
      return { name, bytes: spoiled, what: `${name}, ${how}` };
    });
  }, 120_000);
});

describeWith({ programs: masteringPrograms }, 'images that are written anew', () => {
  test('60 that are spoiled become ISOs or are refused with a reason', async () => {
    const here = temporaryFolder();
    const saved: Parts = Object.fromEntries(savedTexts);
    const bases: [Buffer, Region[]][] = [];
    for (const parts of [saved, { ...saved, ...fullOsParts }]) {
      const path = join(here, 'image.iso');
      await masteredLiveOs(path, parts);
      const bytes = readFileSync(path);
      bases.push([bytes, regionsOf(bytes, { ...parts, 'boot/grub2/grub-pxe.cfg': pxeConfig })]);
    }
    const ends = await requireSafeEnds(
      60,
      (roll) => {
        const [bytes, regions] = oneOf(bases, roll);
        const { name, start, end } = oneOf(regions, roll);
        const [how, spoiled] = spoil(bytes, roll, start, end);
        return { name: 'image.iso', bytes: spoiled, what: `${name}, ${how}` };
      },
      ['iso'],
    );
    expect(ends['built']).toBeGreaterThan(5);
    expect(ends['refused']).toBeGreaterThan(5);
  }, 120_000);
});
