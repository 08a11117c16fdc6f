import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { BootwrightError } from '../errors.ts';
import { type GrubImage, neededModules, usefulModules } from './grub-images.ts';
import { memdisk } from './memdisk.ts';

/** Where GRUB is installed here. */
export interface GrubTools {
  /** The program: `grub-mkimage`, and `grub2-mkimage` on Fedora. */
  readonly mkimage: string;
  /** The folder with a folder of modules for each platform. */
  readonly modules: string;
}

/** Far more than it takes. */
const timeoutMs = 60_000;

function modulesFor(names: ReadonlySet<string>): readonly string[] {
  return [...neededModules, ...usefulModules.filter((name) => names.has(`${name}.mod`))];
}

/** The file names in the platform's folder, or the reason why no image can be made of them. */
export async function lookForModules(image: GrubImage, { modules }: GrubTools): Promise<ReadonlySet<string> | string> {
  const folder = join(modules, image.platform);
  const names = new Set(await readdir(folder).catch((): string[] => []));
  const missing = ['kernel.img', ...neededModules.map((name) => `${name}.mod`)].filter((name) => !names.has(name));
  if (missing.length === 0) return names;
  const { debian, fedora } = image.packages;
  const what = names.size === 0 ? `there are no modules of GRUB for ${image.text}` : `${folder} has no ${missing[0]}`;
  return `${what}; apt install ${debian}, or dnf install ${fedora}`;
}

/**
 * Makes a GRUB that runs `config` (a whole script) when it starts. Takes a tenth of a second.
 *
 * @param names of the files in the platform's folder
 * @throws LOADER_NOT_MADE
 */
export async function makeImage(
  image: GrubImage,
  names: ReadonlySet<string>,
  config: string,
  tools: GrubTools,
): Promise<Uint8Array> {
  const { file } = image;
  try {
    const folder = await mkdtemp(join(tmpdir(), 'bootwright-loader-'));
    try {
      return await makeIn(folder, image, names, config, tools);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  } catch (cause) {
    throw new BootwrightError('LOADER_NOT_MADE', { file, reason: (cause as Error).message }, { cause });
  }
}

/** Throws an error with the program's own words. */
async function makeIn(
  folder: string,
  image: GrubImage,
  names: ReadonlySet<string>,
  config: string,
  { mkimage, modules }: GrubTools,
): Promise<Uint8Array> {
  const disk = join(folder, 'memdisk.tar');
  const output = join(folder, image.file);
  await writeFile(disk, memdisk('boot/grub/grub.cfg', config));
  const from = ['--directory', join(modules, image.platform), '--memdisk', disk, '--prefix', '(memdisk)/boot/grub'];
  const to = ['--format', image.format, '--output', output];
  const { failed, stderr, shortMessage } = await execa(mkimage, [...from, ...to, ...modulesFor(names)], {
    stdin: 'ignore',
    env: { LC_ALL: 'C' },
    timeout: timeoutMs,
    maxBuffer: 64 * 1024,
    reject: false,
  });
  if (failed) throw new Error(stderr.trim() || shortMessage);
  return readFile(output);
}
