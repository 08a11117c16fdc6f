import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { type Header, pack } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { BootwrightError } from '../../src/errors.ts';
import { parseManifest } from '../../src/release/manifest.ts';
import { packTar } from '../../src/release/tar.ts';
import { readAll } from '../iso/memory-source.ts';
import { mutate, mutations } from '../iso/mutations.ts';
import { outcomeOf } from '../iso/tree-rules.ts';
import { describeWith } from '../support/programs.ts';
import { writeRelease } from '../support/small-release.ts';
import { tinyLiveOs } from '../support/tiny-liveos.ts';
import { codeOf, newFolder, withImage } from './opened.ts';

const iso = tinyLiveOs();

/** A release with a real ISO. */
async function release(): Promise<string> {
  const extras = { files: { 'live.iso': iso }, links: { 'boot/kernel': 'vmlinuz' } };
  return (await writeRelease(newFolder(), 'azl', extras)).folder;
}

function manifestOf(folder: string) {
  return parseManifest(readFileSync(join(folder, 'manifest.json'), 'utf8'), folder);
}

async function expectRelease(input: string): Promise<void> {
  await withImage(input, async (image) => {
    expect(image).toMatchObject({ kind: 'release', name: 'azl', manifest: { name: 'azl', iso: 'live.iso' } });
    const files = image.tree.entries.filter(({ kind }) => kind !== 'directory').map(({ path }) => path);
    expect(files.toSorted()).toEqual(image.manifest?.entries.map(({ path }) => path).toSorted());
    expect(image.tree.find('boot/vmlinuz')?.mode).toBe(0o644);
    expect(image.iso?.find('boot/vmlinuz')?.kind).toBe('file');
    if (image.isoFile === undefined) throw new Error('no ISO');
    expect(Buffer.compare(await readAll(image.isoFile.source), iso)).toBe(0);
  });
}

describe('a release in a folder', () => {
  test('is known by its manifest, and gives its files and its ISO', async () => {
    await expectRelease(await release());
  });

  test('may have been copied without its permissions', async () => {
    const folder = await release();
    chmodSync(join(folder, 'boot/vmlinuz'), 0o600);
    await expectRelease(folder);
  });

  test.each<[string, (folder: string) => void, string, string]>([
    ['other bytes', (folder) => writeFileSync(join(folder, 'boot/vmlinuz'), 'kernel of awl'), 'boot/vmlinuz', 'bytes'],
    ['another size', (folder) => writeFileSync(join(folder, 'boot/initrd.img'), 'x'), 'boot/initrd.img', 'has 1 bytes'],
    ['a file missing', (folder) => rmSync(join(folder, 'grubx64.efi')), 'grubx64.efi', 'is missing'],
    ['a file too many', (folder) => writeFileSync(join(folder, 'boot/new'), ''), 'boot/new', 'is not of it'],
    [
      'a link that leads elsewhere',
      (folder) => {
        rmSync(join(folder, 'boot/kernel'));
        symlinkSync('/etc/passwd', join(folder, 'boot/kernel'));
      },
      'boot/kernel',
      'points to /etc/passwd',
    ],
    [
      'a folder that is a link',
      (folder) => {
        const elsewhere = newFolder();
        renameSync(join(folder, 'boot'), join(elsewhere, 'boot'));
        symlinkSync(join(elsewhere, 'boot'), join(folder, 'boot'));
      },
      'boot/',
      'is missing',
    ],
    [
      'another manifest',
      (folder) => {
        const path = join(folder, 'manifest.json');
        writeFileSync(path, readFileSync(path, 'utf8').replace('"path": "boot/vmlinuz"', '"path": "boot/vmlinux"'));
      },
      'manifest.json',
      'id',
    ],
  ])('with %s is refused by name', async (_, change, file, what) => {
    const folder = await release();
    change(folder);
    const opening = withImage(folder, () => {});
    await expect(opening).rejects.toMatchObject({ code: 'RELEASE_ALTERED' });
    await expect(opening).rejects.toThrow(new RegExp(`${file}.*${what}`));
  });

  test('with a broken manifest is no plain folder', async () => {
    const folder = await release();
    const path = join(folder, 'manifest.json');
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, -100));
    expect(await codeOf(folder)).toBe('MANIFEST_INVALID');
  });

  test('is not seen in the manifest of a web application', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'manifest.json'), '{ "name": "My site", "icons": [] }');
    expect(await withImage(folder, ({ kind }) => kind)).toBe('tree');
  });

  test('tells how much of it was read', async () => {
    const folder = await release();
    let seen = 0;
    const totals = new Set<number | undefined>();
    const onBytes = (count: number, total?: number) => {
      seen += count;
      totals.add(total);
    };
    await withImage(folder, () => {}, { onBytes });
    const expected = manifestOf(folder).entries.reduce((sum, e) => sum + (e.kind === 'file' ? e.sizeBytes : 0), 0);
    expect([seen, [...totals]]).toEqual([expected, [expected]]);
  });
});

describe('a release in an archive', () => {
  test.each(['none', 'gzip', 'zstd'] as const)('packed by %s comes out as it was', async (compression) => {
    const folder = await release();
    const archive = join(newFolder(), 'image');
    await packTar(folder, manifestOf(folder), archive, { compression });
    await expectRelease(archive);
  });

  describeWith({ programs: ['tar', 'xz'] }, 'by tar itself', () => {
    test('comes out as it was, too', async () => {
      const folder = await release();
      const archive = join(newFolder(), 'azl.tar.xz');
      execFileSync('tar', ['-cJf', archive, '-C', folder, '.']);
      await expectRelease(archive);
    });
  });

  test('that was altered is refused by name', async () => {
    const folder = await release();
    const manifest = manifestOf(folder);
    writeFileSync(join(folder, 'boot/vmlinuz'), 'kernel of awl');
    const archive = join(newFolder(), 'azl.tar');
    await packTar(folder, manifest, archive, { compression: 'none' });
    const opening = withImage(archive, () => {});
    await expect(opening).rejects.toMatchObject({ code: 'RELEASE_ALTERED', data: { file: 'boot/vmlinuz' } });
  });

  test('is bounded', async () => {
    const folder = await release();
    const archive = join(newFolder(), 'azl.tar');
    await packTar(folder, manifestOf(folder), archive, { compression: 'gzip' });
    expect(await codeOf(archive, { limits: { unpackedBytes: 50_000 } })).toBe('INPUT_TOO_LARGE');
  });

  test('with anything spoiled is read right or refused', async () => {
    const { folder } = await writeRelease(newFolder(), 'azl', {
      files: { 'live.iso': tinyLiveOs({ 'liveos/rootfs.img': 'x' }) },
    });
    const archive = join(newFolder(), 'azl.tar');
    await packTar(folder, manifestOf(folder), archive, { compression: 'none' });
    const bytes = readFileSync(archive);
    const headers = Array.from(bytes, (_, at) => at).filter((at) => bytes[at] !== 0 && at < 20_000);
    const whole = JSON.stringify(manifestOf(folder).entries);
    await fc.assert(
      fc.asyncProperty(mutations, async (list) => {
        writeFileSync(archive, mutate(bytes, list, headers));
        const outcome = await outcomeOf(withImage(archive, ({ manifest }) => JSON.stringify(manifest?.entries)));
        if (!(outcome instanceof BootwrightError)) expect(outcome).toBe(whole);
      }),
      { seed: 78, numRuns: 150 },
    );
  });
});

type Member = Partial<Header> & { readonly name: string; readonly text?: string };

/** A tar archive of these members, however hostile they are. */
async function tarOf(...members: readonly Member[]): Promise<string> {
  const archive = pack();
  for (const { text = '', ...header } of members) archive.entry(header, text);
  archive.finalize();
  const path = join(newFolder(), 'hostile.tar');
  writeFileSync(path, Buffer.concat(await Array.fromAsync(archive as unknown as AsyncIterable<Buffer>)));
  return path;
}

describe('an archive that means harm', () => {
  test.each<[string, readonly Member[], string]>([
    ['an absolute path', [{ name: '/tmp/x', text: 'x' }], 'ARCHIVE_UNSAFE'],
    ['a path that climbs', [{ name: 'a/../../x', text: 'x' }], 'ARCHIVE_UNSAFE'],
    ['a device', [{ name: 'sda', type: 'block-device', devmajor: 8, devminor: 0 }], 'ARCHIVE_UNSAFE'],
    ['a pipe', [{ name: 'p', type: 'fifo' }], 'ARCHIVE_UNSAFE'],
    ['a hard link', [{ name: 'p', type: 'link', linkname: '/etc/passwd' }], 'ARCHIVE_UNSAFE'],
    [
      'a file twice',
      [
        { name: 'a', text: 'x' },
        { name: './a', text: 'y' },
      ],
      'ARCHIVE_UNSAFE',
    ],
    [
      'a file in a file',
      [
        { name: 'a', text: 'x' },
        { name: 'a/b', text: 'y' },
      ],
      'ARCHIVE_UNSAFE',
    ],
    [
      'a file that was a folder',
      [
        { name: 'a/b', text: 'x' },
        { name: 'a', text: 'y' },
      ],
      'ARCHIVE_UNSAFE',
    ],
    [
      'a file below a link',
      [
        { name: 'a', type: 'symlink', linkname: '/tmp' },
        { name: 'a/x', text: 'x' },
      ],
      'ARCHIVE_UNSAFE',
    ],
    ['a link that leads out', [{ name: 'a', type: 'symlink', linkname: '../../etc/passwd' }], 'IMAGE_LINK_OUTSIDE'],
    ['no manifest', [{ name: 'a', text: 'x' }], 'RELEASE_NO_MANIFEST'],
    ['a manifest that is a link', [{ name: 'manifest.json', type: 'symlink', linkname: 'a' }], 'RELEASE_NO_MANIFEST'],
    ['a tree too deep', [{ name: 'a/'.repeat(200), type: 'directory' }], 'ISO_TREE_TOO_LARGE'],
  ])('with %s is refused, and nothing is written elsewhere', async (_, members, code) => {
    const archive = await tarOf(...members);
    const scratch = newFolder();
    expect(await codeOf(archive, { scratch })).toBe(code);
    expect(readdirSync(scratch)).toEqual([]);
  });

  test('by being cut off, or of a size that it has not', async () => {
    const archive = await tarOf({ name: 'a', text: 'x'.repeat(5000) });
    const bytes = readFileSync(archive);
    writeFileSync(archive, bytes.subarray(0, 3000));
    expect(await codeOf(archive)).toBe('PACKED_DAMAGED');
    writeFileSync(archive, gzipSync(bytes).subarray(0, -30));
    expect(await codeOf(archive)).toBe('PACKED_DAMAGED');
  });
});

test('a release that changes while it is open is told by its state', async () => {
  const folder = await release();
  const copy = join(newFolder(), 'copy');
  mkdirSync(copy);
  cpSync(folder, copy, { recursive: true, verbatimSymlinks: true });
  await withImage(copy, async ({ stateOf }) => {
    const before = await stateOf();
    writeFileSync(join(copy, 'live.iso'), 'x');
    expect(await stateOf()).not.toBe(before);
  });
});
