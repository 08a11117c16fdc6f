/**
 * Makes a small LiveOS image that boots:
 *
 *     node test/liveos/make.ts [--flavour signed|http|…] [--output FILE] [--mirror URL]
 */
import { constants, copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cached, cacheFor, forgetAllBut } from './cache.ts';
import { type Flavour, flavours } from './flavours.ts';
import { makeIso } from './iso.ts';
import { missingPackages } from './missing.ts';
import { imagePackages } from './packages.ts';
import { makeTree } from './tree.ts';

/**
 * The path of a LiveOS image, from the cache or made now, which takes about a minute. Needs root (a tree of packages
 * has files of many users) and `imagePackages`.
 *
 * @param say hears what is done, where it takes long
 * @param mirror of Debian; without it mmdebstrap takes Debian's own
 */
export async function liveosImage(flavour: Flavour, say: (doing: string) => void, mirror?: string): Promise<string> {
  const parts = await cacheFor(['tree.ts', 'finish-tree', 'packages.ts', 'rootfs'], mirror ?? '');
  const images = await cacheFor(['iso.ts', 'flavours.ts', 'iso', 'efi-image'], parts);
  await cached(parts, async (aside) => {
    say(`making a small Debian from ${mirror ?? "Debian's mirror"}`);
    await mkdir(aside);
    await makeTree(aside, mirror);
  });
  return cached(join(images, `liveos-${flavour}.iso`), async (aside) => {
    await makeIso(parts, flavour, aside);
    await forgetAllBut(parts, images);
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      flavour: { type: 'string', default: 'signed' },
      output: { type: 'string' },
      mirror: { type: 'string' },
    },
  });
  const flavour = flavours.find((known) => known === values.flavour);
  if (flavour === undefined) return fail(`there is no flavour "${values.flavour}", but ${flavours.join(', ')}`);
  if (process.getuid?.() !== 0) return fail('making an image needs root: a system has files of many users');
  const missing = await missingPackages(imagePackages);
  if (missing.length > 0) return fail(`missing here: apt install --no-install-recommends ${missing.join(' ')}`);

  const image = await liveosImage(flavour, (doing) => console.error(doing), values.mirror);
  if (values.output !== undefined) await copyFile(image, values.output, constants.COPYFILE_FICLONE);
  console.log(values.output ?? image);
}

function fail(reason: string): void {
  console.error(reason);
  process.exitCode = 1;
}

if (import.meta.main) await main();
