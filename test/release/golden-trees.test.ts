import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deliver } from '../../src/release/deliver.ts';
import { folderOf, isoOf, treeImages } from '../image-trees/trees.ts';
import { describeWith } from '../support/programs.ts';
import { contentsOf, requireWhole, temporaryFolder } from './folder.ts';

const update = process.env['UPDATE'] !== undefined;

/** Every path below a folder: kind, mode, path, and where a link leads to. */
function listingOf(folder: string): string {
  const lines = readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => {
    const path = join(entry.parentPath, entry.name);
    const name = relative(folder, path);
    if (entry.isSymbolicLink()) return [name, `link   ----  ${name} -> ${readlinkSync(path)}`] as const;
    const mode = (lstatSync(path).mode & 0o7777).toString(8).padStart(4, '0');
    return [name, `${entry.isDirectory() ? 'folder' : 'file  '} ${mode}  ${name}`] as const;
  });
  const sorted = lines.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `${sorted.map(([, line]) => line).join('\n')}\n`;
}

/** What is expected, which `UPDATE=1` writes. */
function expectGolden(text: string, path: string): void {
  if (update) {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
  }
  expect(text).toBe(readFileSync(path, 'utf8'));
}

async function build(iso: Uint8Array): Promise<string> {
  const here = temporaryFolder();
  const image = join(here, 'image.iso');
  writeFileSync(image, iso);
  const folder = join(here, 'out');
  await deliver({ image, kernelArguments: [] }, folder, 'pxe-dir');
  requireWhole(folder);
  return folder;
}

describe.each(treeImages)('$name', (image) => {
  const expected = join(folderOf(image), 'expected');

  it('becomes the files that machines boot from, and a menu for the network', async () => {
    const folder = await build(isoOf(image));
    expectGolden(listingOf(folder), join(expected, 'tree.txt'));
    expectGolden(readFileSync(join(folder, 'boot/grub2/grub.cfg'), 'utf8'), join(expected, 'grub.cfg'));
  });

  it('becomes the same bytes every time', async () => {
    const iso = isoOf(image);
    expect(contentsOf(await build(iso))).toEqual(contentsOf(await build(iso)));
  });
});

describeWith({ programs: ['grub-script-check'] }, 'GRUB accepts', () => {
  it.each(treeImages)('the menu of $name', (image) => {
    const path = join(folderOf(image), 'expected/grub.cfg');
    expect(() => execFileSync('grub-script-check', [path], { stdio: 'pipe' })).not.toThrow();
  });
});
